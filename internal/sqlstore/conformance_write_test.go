package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// add inserts an active user.
func add(ctx context.Context, tx *account.Tx, email string) error {
	_, err := tx.InsertUser(ctx, localUser(email), key(email), "h", now)
	return err
}

// wantUsers fails the test unless the stored users have exactly these addresses.
func wantUsers(t *testing.T, r account.UserReader, emails ...string) {
	t.Helper()
	stored := map[string]bool{}
	for last, page := int64(0), []account.User{{}}; len(page) > 0; {
		page = get[[]account.User](t)(r.UsersAfter(t.Context(), last, 1000, now))
		for _, u := range page {
			stored[u.Email], last = true, u.ID
		}
	}
	for _, email := range emails {
		if !stored[email] {
			t.Errorf("%s is missing", email)
		}
		delete(stored, email)
	}
	if len(stored) > 0 {
		t.Errorf("unexpected users: %v", stored)
	}
}

func TestPortsAreSet(t *testing.T) {
	wantSet := func(t *testing.T, ports reflect.Value) {
		for i := range ports.NumField() {
			if ports.Field(i).IsNil() {
				t.Errorf("%s has no %s", ports.Type(), ports.Type().Field(i).Name)
			}
		}
	}
	conform(t, "of a store and a transaction", func(t *testing.T, db database) {
		wantSet(t, reflect.ValueOf(*db.Store))
		change(t, db, func(_ context.Context, tx *account.Tx) error {
			wantSet(t, reflect.ValueOf(*tx))
			return nil
		})
	})
}

// queue starts the jobs while another job blocks the store, and returns their errors by number. So all jobs are queued
// at the same time, and SQLite's writer commits them in groups.
func queue(t *testing.T, s account.Transactor, jobs ...func(context.Context, *account.Tx) error) []error {
	t.Helper()
	busy, free := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- s.Write(t.Context(), func(context.Context, *account.Tx) error {
			close(busy)
			<-free
			return nil
		})
	}()
	<-busy
	started := make(chan struct{}, len(jobs))
	done := make(chan []error, 1)
	go func() {
		done <- gather(len(jobs), func(i int) error {
			started <- struct{}{}
			return s.Write(t.Context(), jobs[i])
		})
	}()
	for range jobs {
		<-started
	}
	close(free)
	errs := <-done
	if err := <-first; err != nil {
		t.Errorf("the job before: %v", err)
	}
	return errs
}

func TestWrite(t *testing.T) {
	conform(t, "a commit is visible at once", func(t *testing.T, db database) {
		other := db.another()
		for i := range 20 {
			email := fmt.Sprintf("%d@example.org", i)
			u := insertUser(t, db, localUser(email))
			want(t, "here", get[account.User](t)(db.User(t.Context(), u.ID, now)).Email, email)
			want(t, "elsewhere", get[account.User](t)(other.User(t.Context(), u.ID, now)).Email, email)
		}
	})

	conform(t, "a transaction sees its own writes, others do not", func(t *testing.T, db database) {
		insertUser(t, db, localUser("old@example.org"))
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			if err := add(ctx, tx, "new@example.org"); err != nil {
				return err
			}
			inside, err := tx.UsersAfter(ctx, 0, 10, now)
			if err != nil || len(inside) != 2 {
				return fmt.Errorf("inside: %d users, %w", len(inside), err)
			}
			if _, err := tx.CredentialByEmail(ctx, "new@example.org"); err != nil {
				return fmt.Errorf("inside: %w", err)
			}
			if _, err = db.CredentialByEmail(ctx, "new@example.org"); !errors.Is(err, account.ErrNotFound) {
				return fmt.Errorf("outside: got error %v", err)
			}
			outside, err := db.UsersAfter(ctx, 0, 10, now)
			if err != nil || len(outside) != 1 {
				return fmt.Errorf("outside: %d users, %w", len(outside), err)
			}
			return nil
		})
		wantUsers(t, db, "old@example.org", "new@example.org")
	})

	conform(t, "a nested transaction is refused", func(t *testing.T, db database) {
		err := db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			return db.Write(ctx, func(ctx context.Context, tx *account.Tx) error { return add(ctx, tx, "a@example.org") })
		})
		if err == nil {
			t.Error("it was accepted")
		}
		wantUsers(t, db)
	})

	conform(t, "an error is returned unchanged, and nothing is stored", func(t *testing.T, db database) {
		sentinel := errors.New("no")
		typed := &account.Error{Code: account.CodeForbidden, Message: "No.", Err: sentinel}
		for _, fault := range []error{sentinel, typed, fmt.Errorf("wrapped: %w", account.ErrNotFound), context.Canceled} {
			err := db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
				return errors.Join(add(ctx, tx, "a@example.org"),
					tx.SaveServerKey(ctx, serverKey("a", keyring.Current)), fault)
			})
			wantErr(t, "Write", err, fault)
		}
		want(t, "code", account.ErrorCode(db.Write(t.Context(), func(context.Context, *account.Tx) error { return typed })),
			account.CodeForbidden)
		wantUsers(t, db)
		want(t, "keys", len(get[[]keyring.StoredKey](t)(db.ServerKeys(t.Context()))), 0)
	})

	conform(t, "a panic is returned as an error", func(t *testing.T, db database) {
		err := db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			if err := add(ctx, tx, "a@example.org"); err != nil {
				return err
			}
			panic("panicking")
		})
		if err == nil || !strings.Contains(err.Error(), "panicking") || account.ErrorCode(err) != account.CodeInternal {
			t.Errorf("got error %v", err)
		}
		wantUsers(t, db)
		insertUser(t, db, localUser("b@example.org"))
		wantUsers(t, db, "b@example.org")
	})

	conform(t, "a transaction continues after ErrNotFound", func(t *testing.T, db database) {
		insertUser(t, db, localUser("taken@example.org"))
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			if _, err := tx.User(ctx, 99, now); !errors.Is(err, account.ErrNotFound) {
				return fmt.Errorf("got error %w", err)
			}
			return add(ctx, tx, "free@example.org")
		})
		wantUsers(t, db, "taken@example.org", "free@example.org")
	})

	conform(t, "a failed job does not affect those queued with it", func(t *testing.T, db database) {
		insertUser(t, db, localUser("taken@example.org"))
		sentinel := errors.New("no")
		faults := []func(context.Context, *account.Tx) error{
			func(ctx context.Context, tx *account.Tx) error { return add(ctx, tx, "taken@example.org") },
			func(ctx context.Context, tx *account.Tx) error {
				return errors.Join(add(ctx, tx, "x@example.org"), sentinel)
			},
			func(ctx context.Context, tx *account.Tx) error {
				defer panic("no")
				return add(ctx, tx, "y@example.org")
			},
			func(ctx context.Context, tx *account.Tx) error {
				return errors.Join(add(ctx, tx, "z@example.org"), tx.SetUserRoles(ctx, 1, []int64{99}))
			},
		}
		var jobs []func(context.Context, *account.Tx) error
		emails := []string{"taken@example.org"}
		for i := range 40 {
			email := fmt.Sprintf("%d@example.org", i)
			emails = append(emails, email)
			jobs = append(jobs, func(ctx context.Context, tx *account.Tx) error { return add(ctx, tx, email) },
				faults[i%len(faults)])
		}
		errs := queue(t, db, jobs...)
		for i, err := range errs {
			if good := i%2 == 0; good != (err == nil) {
				t.Errorf("job %d: got error %v", i, err)
			}
		}
		wantErr(t, "taken", errs[1], account.ErrEmailTaken)
		wantErr(t, "own failure", errs[3], sentinel)
		wantUsers(t, db, emails...)
	})
}

func TestWriteCancelled(t *testing.T) {
	conform(t, "before", func(t *testing.T, db database) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := db.Write(ctx, func(ctx context.Context, tx *account.Tx) error { return add(ctx, tx, "a@example.org") })
		wantErr(t, "Write", err, context.Canceled)
		_, err = db.User(ctx, 1, now)
		wantErr(t, "User", err, context.Canceled)
		wantUsers(t, db)
	})

	conform(t, "while it is queued", func(t *testing.T, db database) {
		ctx, cancel := context.WithCancel(t.Context())
		busy, free := make(chan struct{}), make(chan struct{})
		first, second := make(chan error, 1), make(chan error, 1)
		go func() {
			first <- db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
				close(busy)
				<-free
				return add(ctx, tx, "first@example.org")
			})
		}()
		<-busy
		go func() {
			second <- db.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
				return add(ctx, tx, "second@example.org")
			})
		}()
		cancel()
		close(free)
		wantErr(t, "first", <-first, nil)
		wantErr(t, "second", <-second, context.Canceled)
		wantUsers(t, db, "first@example.org")
	})

	conform(t, "while it runs, just before the end", func(t *testing.T, db database) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
			if err := add(ctx, tx, "a@example.org"); err != nil {
				return err
			}
			cancel()
			return nil
		})
		wantErr(t, "Write", err, context.Canceled)
		wantUsers(t, db)
		insertUser(t, db, localUser("b@example.org"))
		wantUsers(t, db, "b@example.org")
	})

	conform(t, "together with others", func(t *testing.T, db database) {
		ctx, cancel := context.WithCancel(t.Context())
		var jobs []func(context.Context, *account.Tx) error
		var emails []string
		for i := range 20 {
			email := fmt.Sprintf("%d@example.org", i)
			emails = append(emails, email)
			jobs = append(jobs, func(ctx context.Context, tx *account.Tx) error { return add(ctx, tx, email) })
		}
		gone := make(chan error, 1)
		go func() {
			gone <- db.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
				defer cancel()
				return add(ctx, tx, "gone@example.org")
			})
		}()
		for i, err := range queue(t, db, jobs...) {
			wantErr(t, fmt.Sprint("job ", i), err, nil)
		}
		wantErr(t, "the cancelled", <-gone, context.Canceled)
		wantUsers(t, db, emails...)
	})
}
