package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// A change that took more than 7 s to become visible may be older than the rows that other nodes
// still read. It is acknowledged only after a newer row announces it again.
func TestSlowChangeIsAnnouncedAgain(t *testing.T) {
	for took, want := range map[time.Duration]int{7 * time.Second: 0, 7*time.Second + 1: 1} {
		f := servicetest.New(t)
		f.NewSession(servicetest.AdminEmail)
		node, store := newRemoteNode(f)
		store.afterCommit = func() error { // the row is too old to be read
			store.afterCommit = nil
			f.Clock.Advance(took)
			f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
				_, err := tx.DeleteAuthChanges(ctx, 0, 100)
				return err
			})
			return nil
		}
		if err := node.EmergencyEndSessions(t.Context(), servicetest.AdminEmail); err != nil {
			t.Fatal(err)
		}
		batch, err := f.Store.AuthChanges(t.Context(), 0, time.Hour, 100)
		if err != nil || len(batch.Changes) != want {
			t.Errorf("after %v other nodes can poll %v, %v; want %d changes", took, batch.Changes, err, want)
		}
	}
}

// A slow change that cannot be announced at once is announced when the database works again.
func TestSlowChangeIsAnnouncedLater(t *testing.T) {
	f := servicetest.New(t)
	in := f.NewSession(servicetest.AdminEmail).Token
	other := newNode(f)
	authenticate(f, other, in)
	node, store := newRemoteNode(f)
	store.afterCommit = func() error {
		store.afterCommit = nil
		f.Clock.Advance(8 * time.Second)
		f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
			_, err := tx.DeleteAuthChanges(ctx, 0, 100)
			return err
		})
		f.Store.Down.Store(true)
		return nil
	}
	err := node.EmergencyEndSessions(t.Context(), servicetest.AdminEmail)
	if !errors.Is(err, servicetest.ErrDown) || !strings.Contains(err.Error(), "The change was made") {
		t.Fatal(err)
	}
	f.Clock.Advance(auth.RetryInterval)
	if err := node.RetryInvalidations(t.Context()); !errors.Is(err, servicetest.ErrDown) {
		t.Fatal(err)
	}
	f.Store.Down.Store(false)
	f.Clock.Advance(2 * auth.RetryInterval)
	if err := node.RetryInvalidations(t.Context()); err != nil {
		t.Fatal(err)
	}
	pollInvalidations(f, other)
	if authenticate(f, other, in).code != account.CodeUnauthorized {
		t.Error("the revoked token authenticates")
	}
}

// lateCommit is a transactor whose first Write reports an unknown outcome. It takes effect when the
// test calls commit.
type lateCommit struct {
	account.Transactor
	commit func() error // nil before the first Write
}

func (l *lateCommit) Write(ctx context.Context, f func(context.Context, *account.Tx) error) error {
	if l.commit != nil {
		return l.Transactor.Write(ctx, f)
	}
	l.commit = func() error {
		return l.Transactor.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx *account.Tx) error {
			if err := f(ctx, tx); err != nil {
				return err
			}
			_, err := tx.DeleteAuthChanges(ctx, 0, 100) // the rows are older than any poll reads
			return err
		})
	}
	err := l.Transactor.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		return errors.Join(f(ctx, tx), servicetest.ErrRerun)
	})
	if !errors.Is(err, servicetest.ErrRerun) {
		return err
	}
	return &account.Error{Code: account.CodeUnavailable, Err: account.ErrOutcomeUnknown}
}

// A node does not know the outcome of its change. On other nodes the change applies after twice the
// time that it took to become visible, plus two seconds. After a minute it would apply anyway,
// because cache entries expire.
func TestChangeThatBecomesVisibleLate(t *testing.T) {
	for _, took := range []time.Duration{0, 5 * time.Second, 20 * time.Second} {
		t.Run(took.String(), func(t *testing.T) {
			f := servicetest.New(t)
			in := f.NewSession(servicetest.AdminEmail).Token
			other := newNode(f)
			late := &lateCommit{Transactor: f.Store.Inner}
			store := *f.Store.Inner
			store.Transactor = late
			node := f.With(func(o *service.Options) { o.Store = &store })
			err := node.EmergencyEndSessions(t.Context(), servicetest.AdminEmail)
			if !errors.Is(err, account.ErrOutcomeUnknown) {
				t.Fatal(err)
			}
			for waited := time.Duration(0); waited <= 2*took+2*time.Second; waited += auth.RetryInterval {
				if waited == took {
					pollInvalidations(f, other)
					authenticate(f, other, in)
					if err := late.commit(); err != nil || authenticate(f, other, in).code != "" {
						t.Fatal("the change is visible too early", err)
					}
				}
				f.Clock.Advance(auth.RetryInterval)
				if err := node.RetryInvalidations(t.Context()); err != nil {
					t.Fatal(err)
				}
				pollInvalidations(f, other)
				if got := authenticate(f, other, in).code; waited < took && got != "" {
					t.Fatalf("%v: %s", waited, got)
				}
			}
			if authenticate(f, other, in).code != account.CodeUnauthorized {
				t.Error("the revoked token authenticates")
			}
		})
	}
}
