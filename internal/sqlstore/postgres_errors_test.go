package sqlstore_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

func TestTranslatePostgresError(t *testing.T) {
	answered := func(code string) error {
		return fmt.Errorf("run: %w",
			&pgconn.PgError{Severity: "ERROR", Code: code, Message: "/var/lib/postgresql: it failed"})
	}
	for name, c := range map[string]struct {
		cause   error
		message string
	}{
		"disk full":                         {answered("53100"), diskFull},
		"I/O error":                         {answered("58030"), diskError},
		"read-only, as a standby":           {answered("25006"), readOnly},
		"lock not available":                {answered("55P03"), unavailable},
		"statement took too long":           {answered("57014"), unavailable},
		"idle in a transaction":             {answered("25P03"), unavailable},
		"ended by an administrator":         {answered("57P01"), unavailable},
		"another process crashed":           {answered("57P02"), unavailable},
		"starting up":                       {answered("57P03"), unavailable},
		"too many connections":              {answered("53300"), unavailable},
		"out of memory":                     {answered("53200"), unavailable},
		"connection failure":                {answered("08006"), unavailable},
		"a file is missing":                 {answered("58P01"), unavailable},
		"connection refused":                {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, unavailable},
		"connection reset":                  {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, unavailable},
		"connection ended":                  {fmt.Errorf("receive: %w", io.ErrUnexpectedEOF), unavailable},
		"connection closed":                 {driver.ErrBadConn, unavailable},
		"connection closed by this process": {net.ErrClosed, unavailable},
		"a faulty statement":                {answered("42601"), ""},
		"a missing table":                   {answered("42P01"), ""},
		"insufficient privilege":            {answered("42501"), ""},
		"a damaged index":                   {answered("XX002"), ""},
		"a missing value":                   {answered("23502"), ""},
		"another unique violation":          {answered("23505"), ""},
		"an unknown error":                  {errors.New("unexpected message"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			wantUnavailableError(t, c.cause, sqlstore.TranslatePostgresError(c.cause), c.message)
		})
	}
}

// If a connection fails, the error says that the database is unavailable, whatever the cause.
func TestRefusedConnectionsToPostgres(t *testing.T) {
	cluster, err := pgtest.Shared()
	if err != nil {
		t.Fatal(err)
	}
	for name, url := range map[string]string{
		"no listener":    "postgres://usher@127.0.0.1:1/usher?sslmode=disable",
		"wrong password": fmt.Sprintf("postgres://usher:wrong@127.0.0.1:%d/postgres?sslmode=disable", cluster.Port),
		"no database":    cluster.URL("missing"),
	} {
		t.Run(name, func(t *testing.T) {
			_, cause := pgx.Connect(context.Background(), url)
			wantUnavailableError(t, cause, sqlstore.TranslatePostgresError(cause), unavailable)
		})
	}
}

// After a failover, pooled connections may lead to a standby. The store closes them, and new connections find the new
// primary.
func TestPostgresLeavesStandby(t *testing.T) {
	cluster, name := pgtest.NewDatabase(t)
	open := func() *sqlstore.Store {
		s, err := sqlstore.OpenPostgres(t.Context(), postgres.Config{URL: secret.New(cluster.SocketURL(name))})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	wantErr(t, "Close", open().Close(), nil)
	set := func(setting string) { // the setting applies to new connections
		if err := cluster.Exec(t.Context(), "postgres", "ALTER DATABASE "+name+" "+setting); err != nil {
			t.Fatal(err)
		}
	}
	set("SET default_transaction_read_only = on")
	s := open()
	defer s.Close()
	insert := func(i int) error {
		return s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			return add(ctx, tx, fmt.Sprintf("%d@example.org", i))
		})
	}
	for i, err := range gather(4, insert) {
		if e, ok := errors.AsType[*account.Error](err); !ok || e.Message != readOnly {
			t.Errorf("write %d to a standby: %v", i, err)
		}
	}
	wantUsers(t, s)

	set("RESET default_transaction_read_only")
	for tries := 1; insert(0) != nil; tries++ { // each attempt closes one connection
		if tries == postgres.DefaultConnections {
			t.Fatal("no write finds the primary")
		}
	}
}
