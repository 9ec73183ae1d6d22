package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
)

// bareDurable opens the SQLite database in a directory without a store. Commits are durable, as
// with the store's settings.
func bareDurable(b *testing.B, dir string) *sql.DB {
	b.Helper()
	pragmas := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, sqlite.DatabaseFile)+"?"+pragmas.Encode())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return db
}

// BenchmarkWrite runs durable transactions that each update one sign-in counter, with different
// numbers of concurrent callers. "bare" is the baseline: one caller commits each transaction
// without the store.
func BenchmarkWrite(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		dir := b.TempDir()
		openDir(b, dir)
		db := bareDurable(b, dir)
		db.SetMaxOpenConns(1)
		stmt, err := db.Prepare(`
			INSERT INTO sign_in_throttle (key, failures) VALUES ($1, 1) ON CONFLICT (key) DO UPDATE SET failures = failures + 1`)
		if err != nil {
			b.Fatal(err)
		}
		defer stmt.Close()
		n := 0
		for b.Loop() {
			n++
			tx, err := db.Begin()
			if err != nil {
				b.Fatal(err)
			}
			if _, err := tx.Stmt(stmt).Exec(fmt.Sprintf("u:%d|new", n%1000)); err != nil {
				b.Fatal(err)
			}
			if err := tx.Commit(); err != nil {
				b.Fatal(err)
			}
		}
		writesPerSecond(b)
	})
	for _, callers := range []int{1, 32} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := openDir(b, b.TempDir())
			numbers := make(chan int)
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					for n := range numbers {
						if err := countFailure(b.Context(), s, fmt.Sprintf("u:%d|new", n%1000)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ResetTimer()
			for n := range b.N {
				numbers <- n
			}
			close(numbers)
			wg.Wait()
			writesPerSecond(b)
		})
	}
}

func writesPerSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

func countFailure(ctx context.Context, s account.Transactor, key string) error {
	return s.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		t, err := tx.LockThrottle(ctx, key)
		if err != nil {
			return err
		}
		t.Failures++
		return tx.SaveThrottle(ctx, t)
	})
}

// BenchmarkUser reads one user among many. "bare" is the baseline: a prepared statement reads only
// the row of the user.
func BenchmarkUser(b *testing.B) {
	const users = account.MaxNewUsers
	dir := b.TempDir()
	s := openDir(b, dir)
	insertRole(b, s, access.Role{ID: access.UserRole, Name: "User"})
	change(b, s, func(ctx context.Context, tx *account.Tx) error {
		for i := range users {
			u := localUser(fmt.Sprintf("%d@example.org", i))
			u.RoleIDs = access.DefaultRoles
			if _, err := tx.InsertUser(ctx, u, key(u.Email), "h", now); err != nil {
				return err
			}
		}
		return nil
	})
	b.Run("bare", func(b *testing.B) {
		stmt, err := bareDurable(b, dir).Prepare(`
			SELECT id, email, name, surname, department, biography, picture, provider, identifier, active,
			       need_password_reset, eula_version
			FROM users WHERE id = $1`)
		if err != nil {
			b.Fatal(err)
		}
		defer stmt.Close()
		for b.Loop() {
			var u account.User
			err := stmt.QueryRowContext(b.Context(), 1+rand.Int64N(users)).
				Scan(&u.ID, &u.Email, &u.Name, &u.Surname, &u.Department,
					&u.Biography, &u.Picture, &u.Provider, &u.Identifier, &u.Active, &u.NeedPasswordReset, &u.EULAVersion)
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("store", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.User(b.Context(), 1+rand.Int64N(users), now); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("store, parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := s.User(b.Context(), 1+rand.Int64N(users), now); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
