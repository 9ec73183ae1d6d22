package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/ratio"
	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
	"github.com/seed-3a99a2fe/usher/bench/internal/work"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// equalName is the name of what follows, as the flag -rows has it.
const equalName = "equal times"

// mostT is what Welch's t stays below where nobody can tell one kind from the other.
var mostT = limit{value: 4.5, most: true}

// equality is a comparison of the times of two kinds of request.
type equality struct {
	one, other, engine string
	oneTook, otherTook []float64 // milliseconds
}

func (q equality) t() float64 { return math.Abs(ratio.Welch(q.oneTook, q.otherTook)) }

func (q equality) cells() string {
	mark := "no"
	if mostT.reached(q.t()) {
		mark = "yes"
	}
	return cells(q.one, q.other, q.engine, mostT.String(), ratio.Digits(q.t()), mark, span(ratio.Mean(q.oneTook)), span(ratio.Mean(q.otherTook)))
}

// attempt is a kind of request whose time must not tell what it met.
type attempt struct {
	name    string
	request func(account, n int64) []byte // of an account that nothing else asks about; n is unlike any other
	status  int
}

const wrongPassword = "Wrong-horse-7"

var (
	unknownAttempt = attempt{"sign-in, unknown address", func(_, n int64) []byte {
		return work.SignIn(fmt.Sprintf("nobody%07d@example.org", n), wrongPassword, n)
	}, http.StatusUnauthorized}
	wrongAttempt    = attempt{"sign-in, wrong password", signInWrong, http.StatusUnauthorized}
	inactiveAttempt = attempt{"sign-in, inactive", signInWrong, http.StatusUnauthorized}
	lockedAttempt   = attempt{"sign-in, locked", signInWrong, http.StatusUnauthorized}

	forgottenKnown = attempt{"forgotten password, known", func(account, n int64) []byte {
		return work.ForgottenBy(seed.Email(account), n)
	}, http.StatusOK}
	forgottenUnknown = attempt{"forgotten password, unknown", func(_, n int64) []byte {
		return work.ForgottenBy(fmt.Sprintf("user%07dx@example.org", n), n)
	}, http.StatusOK}
)

func signInWrong(account, n int64) []byte {
	return work.SignIn(seed.Email(account), wrongPassword, n)
}

// equalities compares the times of what must look alike to a stranger. Requests come one
// after the other, their kinds at random.
func (b *bench) equalities(ctx context.Context) ([]equality, error) {
	d, err := b.copy(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = b.engine.drop(context.Background(), d) }()
	signIns := []attempt{unknownAttempt, wrongAttempt, inactiveAttempt, lockedAttempt}
	forgotten := []attempt{forgottenUnknown, forgottenKnown}
	tries := int64(b.tries)
	err = d.with(ctx, func(store *sqlstore.Store, _ *service.Service) error {
		// Each kind has as many accounts, from the id 2 on.
		if err := deactivate(ctx, store, 2+2*tries, 2+3*tries); err != nil {
			return err
		}
		return lock(ctx, store, 2+3*tries, 2+4*tries)
	})
	if err != nil {
		return nil, err
	}
	usher, err := startUsher(ctx, b.usher, d)
	if err != nil {
		return nil, err
	}
	defer usher.stop()
	times, err := b.times(ctx, usher, signIns, 0)
	if err != nil {
		return nil, err
	}
	forgottenTimes, err := b.times(ctx, usher, forgotten, int64(len(signIns)))
	if err != nil {
		return nil, err
	}
	var all []equality
	for i := 1; i < len(signIns); i++ {
		all = append(all, equality{signIns[0].name, signIns[i].name, b.engine.name(), times[0], times[i]})
	}
	return append(all, equality{forgotten[0].name, forgotten[1].name, b.engine.name(), forgottenTimes[0], forgottenTimes[1]}), nil
}

// times makes each attempt as often, at random in turn, and returns how long each took.
// Their accounts are those behind the ones of so many kinds before.
func (b *bench) times(ctx context.Context, p *process, attempts []attempt, before int64) ([][]float64, error) {
	conn, err := work.Dial(ctx, p.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	order := make([]int, 0, len(attempts)*b.tries)
	for range b.tries {
		for i := range attempts {
			order = append(order, i)
		}
	}
	rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	times := make([][]float64, len(attempts))
	for n, i := range order {
		account := 2 + (before+int64(i))*int64(b.tries) + int64(len(times[i]))
		request := attempts[i].request(account, before<<20+int64(n))
		begun := time.Now()
		if err := conn.Send(request, attempts[i].status); err != nil {
			return nil, fmt.Errorf("%s: %w", attempts[i].name, err)
		}
		times[i] = append(times[i], float64(time.Since(begun))/float64(time.Millisecond))
	}
	return times, nil
}

// deactivate makes the users before an id inactive.
func deactivate(ctx context.Context, store *sqlstore.Store, from, to int64) error {
	return store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		for id := from; id < to; id++ {
			u, err := tx.User(ctx, id, store.Now())
			if err != nil {
				return err
			}
			u.Active = false
			key, _ := account.ParseEmail(u.Email)
			if err := tx.UpdateUser(ctx, u, u, key, store.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// lock locks the users before an id for whoever does not usually sign in to them.
func lock(ctx context.Context, store *sqlstore.Store, from, to int64) error {
	return store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		for id := from; id < to; id++ {
			counter, err := tx.LockThrottle(ctx, throttle.SignInKey(throttle.UserSubject(id), "", false))
			if err != nil {
				return err
			}
			counter.LockedUntil = store.Now().Add(24 * time.Hour)
			if err := tx.SaveThrottle(ctx, counter); err != nil {
				return err
			}
		}
		return nil
	})
}
