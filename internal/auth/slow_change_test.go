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

// A commit that took more than 7 s may be older than the changes that other nodes still read.
// The operation returns only after it has inserted the change again.
func TestSlowChangeIsAnnouncedAgain(t *testing.T) {
	for took, want := range map[time.Duration]int{7 * time.Second: 0, 7*time.Second + 1: 1} {
		f := servicetest.New(t)
		f.NewSession(servicetest.AdminEmail)
		node, store := newRemoteNode(f)
		store.afterCommit = func() error { // the change is now too old to be polled
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

// After a slow commit the database goes away, so the change can't be inserted again for other
// nodes at once. It is inserted when the database works again.
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

// lateCommit is a transactor whose first Write reports an unknown outcome. Its transaction runs
// only when the test calls commit.
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
			_, err := tx.DeleteAuthChanges(ctx, 0, 100) // the changes are now too old to be polled
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

// A node does not know the outcome of its change, and the change becomes visible late. Other
// nodes apply it after at most twice that delay plus two seconds, and after a minute in any
// case, because cache entries expire.
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
