package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

func TestConcurrency(t *testing.T) {
	const callers = 24

	conform(t, "one of equal addresses wins", func(t *testing.T, db database) {
		stores := []*account.Store{db.Store, db.another()}
		winners := 0
		for i, err := range gather(callers, func(i int) error {
			return stores[i%2].Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
				return add(ctx, tx, "same@example.org")
			})
		}) {
			switch {
			case err == nil:
				winners++
			case !errors.Is(err, account.ErrEmailTaken):
				t.Errorf("caller %d: %v", i, err)
			}
		}
		want(t, "winners", winners, 1)
		wantUsers(t, db, "same@example.org")
	})

	conform(t, "counters add up", func(t *testing.T, db database) {
		stores := []*account.Store{db.Store, db.another()}
		session := insertSession(t, db, insertUser(t, db, localUser("a@example.org")).ID, "one")
		for i, err := range gather(callers, func(i int) error {
			return stores[i%2].Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
				c, err := tx.LockThrottle(ctx, "u:1|new")
				if err != nil {
					return err
				}
				c.Failures++
				if err := tx.SaveThrottle(ctx, c); err != nil {
					return err
				}
				_, err = tx.AddSessionFailure(ctx, session.ID)
				return err
			})
		}) {
			wantErr(t, fmt.Sprint("caller ", i), err, nil)
		}
		want(t, "counter", counter(t, db, "u:1|new").Failures, callers)
		failures := do(t, db, func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.AddSessionFailure(ctx, session.ID)
		})
		want(t, "failures of a session", failures, callers+1)
	})

	conform(t, "one administrator is left", func(t *testing.T, db database) {
		insertRole(t, db, access.Role{ID: access.AdministratorRole, Name: "Global Administrator"})
		stores := []*account.Store{db.Store, db.another()}
		var ids []int64
		for i := range callers {
			u := localUser(fmt.Sprintf("%d@example.org", i))
			u.RoleIDs = []int64{access.AdministratorRole}
			ids = append(ids, insertUser(t, db, u).ID)
		}
		last := errors.New("the last administrator")
		deleted := 0
		for i, err := range gather(callers, func(i int) error {
			return stores[i%2].Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
				if err := tx.LockAdministrators(ctx); err != nil {
					return err
				}
				if err := tx.DeleteUser(ctx, ids[i]); err != nil {
					return err
				}
				n, err := tx.CountAdministrators(ctx)
				if err == nil && n == 0 {
					err = last
				}
				return err
			})
		}) {
			switch {
			case err == nil:
				deleted++
			case !errors.Is(err, last):
				t.Errorf("caller %d: %v", i, err)
			}
		}
		want(t, "deleted", deleted, callers-1)
	})

	conform(t, "ids are unique, and readers see whole transactions", func(t *testing.T, db database) {
		stores := []*account.Store{db.Store, db.another()}
		ids := make([][2]int64, callers)
		errs := gather(2*callers, func(i int) error {
			if i >= callers { // this caller reads; the others insert two users in a transaction
				users, err := stores[i%2].UsersAfter(t.Context(), 0, 1000, now)
				if err == nil && len(users)%2 != 0 {
					err = fmt.Errorf("half a transaction: %d users", len(users))
				}
				return err
			}
			return stores[i%2].Write(t.Context(), func(ctx context.Context, tx *account.Tx) (err error) {
				for half := range ids[i] {
					u := localUser(fmt.Sprintf("%d.%d@example.org", i, half))
					if ids[i][half], err = tx.InsertUser(ctx, u, key(u.Email), "h", now); err != nil {
						return err
					}
				}
				return nil
			})
		})
		for i, err := range errs {
			wantErr(t, fmt.Sprint("caller ", i), err, nil)
		}
		seen := map[int64]bool{}
		for _, pair := range ids {
			seen[pair[0]], seen[pair[1]] = true, true
		}
		want(t, "ids", len(seen), 2*callers)
	})
}
