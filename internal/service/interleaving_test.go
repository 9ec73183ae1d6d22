package service_test

import (
	"context"
	"database/sql"
	"sync"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// stop is a point in a transaction at which [replicas.interleave] can stop it.
type stop int

const (
	// afterCallersRoles is after the first read of a user's roles. A rule reads the roles of its
	// caller first, once it has taken its locks.
	afterCallersRoles stop = iota
	// beforeCommit is the end of the transaction, when it has sent all its statements.
	beforeCommit
)

// stoppingStore is a store whose transactions call reached at both stops.
type stoppingStore struct {
	account.Transactor
	reached func(at stop)
}

// stoppingRoleReader is the part of a stoppingStore that reads roles.
type stoppingRoleReader struct {
	account.RoleReader
	reached func(at stop)
}

func newStoppingStore(store *account.Store, reached func(at stop)) *account.Store {
	ports := *store
	ports.Transactor = stoppingStore{store.Transactor, reached}
	return &ports
}

func (s stoppingStore) Write(ctx context.Context, f func(context.Context, *account.Tx) error) error {
	return s.Transactor.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		ports := *tx
		ports.RoleReader = stoppingRoleReader{tx.RoleReader, s.reached}
		if err := f(ctx, &ports); err != nil {
			return err
		}
		_, err := tx.CountAdministrators(ctx) // a read sends the deferred statements first
		s.reached(beforeCommit)
		return err
	})
}

func (r stoppingRoleReader) RolesOf(ctx context.Context, userID int64) ([]access.Role, error) {
	defer r.reached(afterCallersRoles)
	return r.RoleReader.RolesOf(ctx, userID)
}

// operation is a call of one operation, on the server s.
type operation func(ctx context.Context, s *service.Service) error

// interleave runs first and stops its transaction. Then it runs the others on other servers, one
// after the other: the next one starts when the one before it has ended or waits for a lock. Then
// it lets first continue. It returns the errors in the order of the operations.
//
// SQLite runs one writing transaction at a time, so the others run there after first.
func (r *replicas) interleave(at stop, first operation, others ...operation) []error {
	r.T.Helper()
	stopped, resumed := make(chan struct{}), make(chan struct{})
	resume := sync.OnceFunc(func() { close(resumed) })
	defer resume() // when the test fails before
	wait := sync.OnceFunc(func() {
		close(stopped)
		<-resumed
	})
	stoppable := r.With(func(o *service.Options) {
		o.Store = newStoppingStore(o.Store, func(reached stop) {
			if reached == at {
				wait()
			}
		})
	})

	errs := make([]error, 1+len(others))
	var running sync.WaitGroup
	run := func(i int, s *service.Service, o operation) (ended <-chan struct{}) {
		end := make(chan struct{})
		running.Go(func() {
			defer close(end)
			errs[i] = o(r.T.Context(), s)
		})
		return end
	}
	select {
	case <-run(0, stoppable, first):
		r.T.Fatalf("the first operation did not stop: %v", errs[0])
	case <-stopped:
	}
	waiting := 0
	for i, o := range others {
		if ended := run(1+i, r.server(1+i), o); r.engine == "postgres" && !r.endsBeforeItWaits(ended, waiting+1) {
			waiting++
		}
	}
	resume()
	running.Wait()
	return errs
}

// endsBeforeItWaits waits until ended is closed, or until as many transactions as waiting wait for
// a lock. It reports whether ended is closed.
func (r *replicas) endsBeforeItWaits(ended <-chan struct{}, waiting int) bool {
	r.T.Helper()
	const waits = `
		SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
	for {
		select {
		case <-ended:
			return true
		default:
		}
		var n int
		if err := r.database().QueryRowContext(r.T.Context(), waits).Scan(&n); err != nil {
			r.T.Fatal(err)
		}
		if n >= waiting {
			return false
		}
	}
}

// database returns the database for plain SQL.
func (r *replicas) database() *sql.DB {
	if r.plain == nil {
		r.plain = r.Database.SQL()
	}
	return r.plain
}
