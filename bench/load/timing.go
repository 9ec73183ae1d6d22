package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/bench/internal/requests"
	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
	"github.com/seed-3a99a2fe/usher/bench/internal/stats"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

const (
	// timingName is the name of the timing comparison for the flag -rows.
	timingName = "equal times"
	// timingKinds is the number of kinds of request in the timing comparison.
	timingKinds = 6
	// wrongPassword differs from the password of every user.
	wrongPassword = "Wrong-horse-7"
)

// timingLimit returns the upper limit of |t| in Welch's test. Below the limit, the times of two kinds of request are
// indistinguishable.
func timingLimit() limit { return limit{value: 4.5, upper: true} }

// timingComparison is the comparison of the response times of two kinds of request. A difference would be a timing side
// channel.
type timingComparison struct {
	first, second, engine   string
	firstTimes, secondTimes []float64 // milliseconds
}

func (c timingComparison) t() float64 { return math.Abs(stats.Welch(c.firstTimes, c.secondTimes)) }

func (c timingComparison) tableRow() string {
	return tableRow(c.first, c.second, c.engine, timingLimit().String(), stats.Format(c.t()),
		yesNo(timingLimit().metBy(c.t())),
		formatMilliseconds(stats.Mean(c.firstTimes)), formatMilliseconds(stats.Mean(c.secondTimes)))
}

// timedRequest is a kind of request whose response time must not reveal whether an account exists, or the account's
// state.
type timedRequest struct {
	name string
	// bytes encodes a request for the account with the id accountID. n is the number of the request, which makes its
	// content unique. No two requests have the same account.
	bytes  func(accountID, n int64) []byte
	status int
}

// timedSignIns returns the kinds of failed sign-in. compareKinds compares each with the first.
func timedSignIns() []timedRequest {
	wrong := func(account, n int64) []byte { return requests.SignIn(seed.Email(account), wrongPassword, n) }
	unknown := func(_, n int64) []byte {
		return requests.SignIn(fmt.Sprintf("nobody%07d@example.org", n), wrongPassword, n)
	}
	return []timedRequest{
		{name: "sign-in, unknown address", bytes: unknown, status: http.StatusUnauthorized},
		{name: "sign-in, wrong password", bytes: wrong, status: http.StatusUnauthorized},
		{name: "sign-in, inactive", bytes: wrong, status: http.StatusUnauthorized},
		{name: "sign-in, locked", bytes: wrong, status: http.StatusUnauthorized},
	}
}

// timedForgottenPasswords returns the kinds of request for a recovery message: for an unknown and for a known address.
func timedForgottenPasswords() []timedRequest {
	unknown := func(_, n int64) []byte { return requests.ForgottenPassword(fmt.Sprintf("user%07dx@example.org", n), n) }
	known := func(account, n int64) []byte { return requests.ForgottenPassword(seed.Email(account), n) }
	return []timedRequest{
		{name: "forgotten password, unknown", bytes: unknown, status: http.StatusOK},
		{name: "forgotten password, known", bytes: known, status: http.StatusOK},
	}
}

// compareTimes compares the response times of requests that an unauthenticated client must not be able to distinguish.
// It sends the requests one at a time, and draws the kind of each at random.
func (b *bench) compareTimes(ctx context.Context) ([]timingComparison, error) {
	d, err := b.copyBase(ctx)
	if err != nil {
		return nil, err
	}
	defer b.drop(d)
	tries := int64(b.tries)
	err = d.With(ctx, func(store *sqlstore.Store, _ *service.Service) error {
		// Each kind of request uses b.tries accounts of its own, in the order of the ids, which begin at 2. The third kind
		// needs inactive accounts, and the fourth needs locked ones.
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
	signIns, forgotten := timedSignIns(), timedForgottenPasswords()
	all, err := b.compareKinds(ctx, usher, signIns, 0)
	if err != nil {
		return nil, err
	}
	more, err := b.compareKinds(ctx, usher, forgotten, int64(len(signIns)))
	return append(all, more...), err
}

// compareKinds measures the kinds of request and compares each with the first. preceding is the number of kinds that
// were measured before. The accounts of these kinds have lower ids and are not used again.
func (b *bench) compareKinds(
	ctx context.Context, p *process, kinds []timedRequest, preceding int64,
) ([]timingComparison, error) {
	times, err := b.measureTimes(ctx, p, kinds, preceding)
	if err != nil {
		return nil, err
	}
	var all []timingComparison
	for i := 1; i < len(kinds); i++ {
		all = append(all, timingComparison{
			first: kinds[0].name, second: kinds[i].name, engine: b.engine.Name(),
			firstTimes: times[0], secondTimes: times[i],
		})
	}
	return all, nil
}

// measureTimes sends b.tries requests of each kind, in random order. times[i] has the response times of kinds[i] in
// milliseconds.
func (b *bench) measureTimes(
	ctx context.Context, p *process, kinds []timedRequest, preceding int64,
) ([][]float64, error) {
	conn, err := requests.Dial(ctx, p.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	order := make([]int, 0, len(kinds)*b.tries)
	for range b.tries {
		for i := range kinds {
			order = append(order, i)
		}
	}
	rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	times := make([][]float64, len(kinds))
	for n, i := range order {
		account := 2 + (preceding+int64(i))*int64(b.tries) + int64(len(times[i]))
		request := kinds[i].bytes(account, preceding<<20+int64(n))
		start := time.Now()
		if err := conn.Send(request, kinds[i].status); err != nil {
			return nil, fmt.Errorf("%s: %w", kinds[i].name, err)
		}
		times[i] = append(times[i], float64(time.Since(start))/float64(time.Millisecond))
	}
	return times, nil
}

// deactivate makes the users with the ids from start to end-1 inactive.
func deactivate(ctx context.Context, store *sqlstore.Store, start, end int64) error {
	return store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		for id := start; id < end; id++ {
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

// lock locks the users with the ids from start to end-1, so that sign-ins from unknown client networks are refused.
func lock(ctx context.Context, store *sqlstore.Store, start, end int64) error {
	return store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		for id := start; id < end; id++ {
			counter, err := tx.LockThrottle(ctx, lockout.SignInKey(lockout.UserSubject(id), "", false))
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
