package sqlstore_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
)

// A request for a shared lock waits while an earlier one for an exclusive lock waits, although
// PostgreSQL itself would grant it at once. So nobody can delay an exclusive lock by requests for
// shared ones.
func TestPostgresLocksAreFair(t *testing.T) {
	url := newPostgres(t)
	s := openPostgres(t, postgres.Config{URL: secret.New(url)})
	plain, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	insertRole(t, database{Store: s.Store}, access.Role{ID: access.AdministratorRole, Name: "Global Administrator"})
	id := insertUser(t, s, localUser("a@example.org")).ID

	for name, lock := range map[string]struct {
		share, exclusive func(context.Context, *account.Tx) error
	}{
		"user": {
			func(ctx context.Context, tx *account.Tx) error { return tx.ShareLockUser(ctx, id) },
			func(ctx context.Context, tx *account.Tx) error { return tx.LockUsers(ctx, id) },
		},
		"role": {
			func(ctx context.Context, tx *account.Tx) error {
				return tx.ShareLockRoles(ctx, access.AdministratorRole)
			},
			func(ctx context.Context, tx *account.Tx) error { return tx.LockRoles(ctx, access.AdministratorRole) },
		},
	} {
		hold := func(lock func(context.Context, *account.Tx) error, held func()) <-chan error {
			ended := make(chan error, 1)
			go func() {
				ended <- s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
					if err := lock(ctx, tx); err != nil {
						return err
					}
					_, err := tx.CountAdministrators(ctx) // the read has waited for the deferred lock
					held()
					return err
				})
			}()
			return ended
		}
		// waitFor waits until n transactions wait for a lock, or one has ended.
		waitFor := func(n int, ended <-chan error) {
			t.Helper()
			for waiting := 0; waiting < n && len(ended) == 0; {
				row := plain.QueryRowContext(t.Context(), `
					SELECT count(*) FROM pg_stat_activity
					WHERE datname = current_database() AND wait_event_type = 'Lock'`)
				if err := row.Scan(&waiting); err != nil {
					t.Fatal(err)
				}
			}
		}
		locked, release := make(chan struct{}), make(chan struct{})
		first := hold(lock.share, func() {
			close(locked)
			<-release
		})
		<-locked
		exclusive := hold(lock.exclusive, func() {})
		waitFor(1, exclusive)
		second := hold(lock.share, func() {})
		waitFor(2, second)
		overtaken := len(second) > 0
		close(release)
		for _, ended := range []<-chan error{first, exclusive, second} {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		if overtaken {
			t.Errorf("%s: a later shared lock was granted first", name)
		}
	}
}
