package dbmove

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
)

// BenchmarkMove moves 100,000 users to PostgreSQL and verifies them. "bare" is the baseline: it copies the same rows
// from one SELECT to one COPY, without verification.
func BenchmarkMove(b *testing.B) {
	const users = 100_000
	from := Place{Directory: b.TempDir()}
	e, err := openTarget(b.Context(), from, testName)
	if err != nil {
		b.Fatal(err)
	}
	_, err = e.db.ExecContext(b.Context(), fmt.Sprintf(`
		INSERT INTO key_checks (id, value, created_at) VALUES ('k', x'00', 1);
		WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < %d)
		INSERT INTO users (email, email_key, name, surname, provider, identifier, password_hash, active,
		                   eula_version, created_at, updated_at, sort_name, search_text)
		SELECT 'user' || n || '@example.org', 'user' || n || '@example.org', 'User ' || n, 'Surname',
		       'tenable', 'user' || n || '@example.org',
		       '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NTY3OA$c29tZXNhbHQxMjM0NTY3OHNvbWVzYWx0MTIzNDU2Nzg', 1, -1, n,
			n,
		       'user ' || n, 'user ' || n || ' surname user' || n || '@example.org' FROM n`, users))
	if err != nil {
		b.Fatal(err)
	}
	if err := e.db.Close(); err != nil {
		b.Fatal(err)
	}
	cluster, err := pgtest.Shared()
	if err != nil {
		b.Fatal(err)
	}
	run := func(name string, f func(b *testing.B, to Place)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				database, err := cluster.Create(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				f(b, Place{Postgres: postgres.Config{URL: secret.New(cluster.SocketURL(database))}})
				b.StopTimer()
				if err := cluster.Drop(b.Context(), database); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(users*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
	run("bare", func(b *testing.B, to Place) { bareCopy(b, from, to) })
	run("move", func(b *testing.B, to Place) {
		if _, err := Move(b.Context(), from, to, acceptAll, noProgress); err != nil {
			b.Fatal(err)
		}
	})
}

func bareCopy(b *testing.B, from, to Place) {
	source, err := openSQLiteSource(b.Context(), from.Directory)
	if err != nil {
		b.Fatal(err)
	}
	defer source.db.Close()
	target, err := openTarget(b.Context(), to, testName)
	if err != nil {
		b.Fatal(err)
	}
	defer target.db.Close()
	conn, err := pgx.Connect(b.Context(), to.Postgres.URL.Reveal())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	const columns = "email, email_key, name, surname, provider, identifier, password_hash, active, eula_version, " +
		"created_at, updated_at, sort_name, search_text, id"
	rows, err := source.db.QueryContext(b.Context(), "SELECT "+columns+" FROM users")
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	_, err = conn.CopyFrom(
		b.Context(),
		pgx.Identifier{"users"},
		strings.Split(columns, ", "),
		pgx.CopyFromFunc(func() ([]any, error) {
			if !rows.Next() {
				return nil, rows.Err()
			}
			row, err := scanRow(rows, 14)
			if err == nil {
				row[7] = row[7] == int64(1)
			}
			return row, err
		}),
	)
	if err != nil {
		b.Fatal(err)
	}
}
