package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Transactions that take the same lock run one after the other.
func TestLocks(t *testing.T) {
	const callers = 8
	conform(t, "one transaction holds the lock", func(t *testing.T, db database) {
		stores := []*account.Store{db.Store, db.another()}
		insertRole(t, db, access.Role{ID: access.AdministratorRole, Name: "Global Administrator"})
		insertUser(t, db, localUser("a@example.org"))
		i := account.Import{State: account.ImportOpen}
		i.ID = do(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) { return tx.InsertImport(ctx, i) })
		locks := map[string]func(ctx context.Context, tx *account.Tx) error{
			"LockUsers":          func(ctx context.Context, tx *account.Tx) error { return tx.LockUsers(ctx, 2, 1) },
			"LockRoles":          func(ctx context.Context, tx *account.Tx) error { return tx.LockRoles(ctx, 2, 1) },
			"LockAdministrators": func(ctx context.Context, tx *account.Tx) error { return tx.LockAdministrators(ctx) },
			"LockSettings":       func(ctx context.Context, tx *account.Tx) error { return tx.LockSettings(ctx, "b", "a") },
			"LockThrottle": func(ctx context.Context, tx *account.Tx) error {
				_, err := tx.LockThrottle(ctx, "source|192.0.2.1")
				return err
			},
			"LockImport": func(ctx context.Context, tx *account.Tx) error {
				_, err := tx.LockImport(ctx, i.ID)
				return err
			},
			"LockChain": func(ctx context.Context, tx *account.Tx) error {
				_, err := tx.LockChain(ctx)
				return err
			},
		}
		for name, lock := range locks {
			var holders atomic.Int64
			for i, err := range gather(callers, func(i int) error {
				return stores[i%2].Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
					if err := lock(ctx, tx); err != nil {
						return err
					}
					if _, err := tx.CountAdministrators(ctx); err != nil { // a read waits for the deferred lock
						return err
					}
					defer holders.Add(-1)
					if n := holders.Add(1); n > 1 {
						return fmt.Errorf("%d transactions have the lock", n)
					}
					_, err := tx.CountAdministrators(ctx) // keeps the lock for a while
					return err
				})
			}) {
				if err != nil {
					t.Errorf("%s, caller %d: %v", name, i, err)
				}
			}
		}
	})

	conform(t, "missing rows are skipped", func(t *testing.T, db database) {
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			for _, err := range []error{
				tx.LockUsers(ctx, 98, 99), tx.LockUsers(ctx), tx.ShareLockUser(ctx, 99), tx.LockRoles(ctx, 99),
				tx.ShareLockRoles(ctx),
			} {
				if err != nil {
					return err
				}
			}
			return nil
		})
	})

	conform(t, "many share the locks of a user and of roles", func(t *testing.T, db database) {
		insertRole(t, db, access.Role{ID: access.AdministratorRole, Name: "Global Administrator"})
		id := insertUser(t, db, localUser("a@example.org")).ID
		for i, err := range gather(callers, func(int) error {
			return db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
				if err := tx.ShareLockUser(ctx, id); err != nil {
					return err
				}
				return tx.ShareLockRoles(ctx, access.AdministratorRole)
			})
		}) {
			wantErr(t, fmt.Sprint("caller ", i), err, nil)
		}
	})
}

// A transaction that waits for an exclusive lock gets it before later requests for shared locks on the same user or
// role. Repeated requests for shared locks can't make it wait for ever.
func TestExclusiveLockIsNotStarved(t *testing.T) {
	const holders = 8
	conform(t, "shared locks are taken repeatedly", func(t *testing.T, db database) {
		insertRole(t, db, access.Role{ID: access.AdministratorRole, Name: "Global Administrator"})
		id := insertUser(t, db, localUser("a@example.org")).ID
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		defer running.Wait()
		defer stop()
		var held atomic.Int64
		for range holders {
			running.Go(func() {
				for ctx.Err() == nil {
					_ = db.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
						if err := errors.Join(tx.ShareLockUser(ctx, id), tx.ShareLockRoles(ctx, access.AdministratorRole)); err != nil {
							return err
						}
						held.Add(1)
						return tx.SavePreferences(ctx, id, account.Preferences{Language: "en", ProfileID: int(held.Load())})
					})
				}
			})
		}
		for range 3 {
			for seen := held.Load(); held.Load() < seen+holders; {
				runtime.Gosched()
			}
			before := held.Load()
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.LockUsers(ctx, id) })
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.LockRoles(ctx, access.AdministratorRole) })
			if passed := held.Load() - before; passed > 50*holders { // some were granted before the wait began
				t.Errorf("%d shared locks were granted first", passed)
			}
		}
	})
}

// Many workers lock due messages concurrently. Each message goes to exactly one of them.
func TestLockDueMail(t *testing.T) {
	const messages = 24
	conform(t, "a locked message is skipped", func(t *testing.T, db database) {
		stores := []*account.Store{db.Store, db.another()}
		for range messages {
			insertMail(t, db, requestedMail())
		}
		var taken [messages + 1]atomic.Int64
		for i, err := range gather(messages, func(i int) error {
			return stores[i%2].Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
				m, err := tx.LockDueMail(ctx, now)
				if err != nil {
					return err
				}
				taken[m.ID].Add(1)
				later := m
				later.NextAttempt = now.Add(time.Minute)
				later.Attempts++
				return tx.UpdateMail(ctx, later, m)
			})
		}) {
			wantErr(t, fmt.Sprint("caller ", i), err, nil)
		}
		for id := 1; id <= messages; id++ {
			if n := taken[id].Load(); n != 1 {
				t.Errorf("message %d was taken %d times", id, n)
			}
		}
	})
}
