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
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

func TestFailuresOfPostgres(t *testing.T) {
	answered := func(code string) error {
		return fmt.Errorf("run: %w", &pgconn.PgError{Severity: "ERROR", Code: code, Message: "/var/lib/postgresql: it failed"})
	}
	for name, c := range map[string]struct {
		cause   error
		message string
	}{
		"disk full":                     {answered("53100"), full},
		"I/O error":                     {answered("58030"), badDisk},
		"read-only, as a standby":       {answered("25006"), readOnly},
		"lock not to be had":            {answered("55P03"), busy},
		"statement took too long":       {answered("57014"), busy},
		"idle in a transaction":         {answered("25P03"), busy},
		"ended by an administrator":     {answered("57P01"), busy},
		"another process crashed":       {answered("57P02"), busy},
		"starting up":                   {answered("57P03"), busy},
		"too many connections":          {answered("53300"), busy},
		"out of memory":                 {answered("53200"), busy},
		"connection failure":            {answered("08006"), busy},
		"a file is missing":             {answered("58P01"), busy},
		"connection refused":            {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, busy},
		"connection reset":              {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, busy},
		"connection ended":              {fmt.Errorf("receive: %w", io.ErrUnexpectedEOF), busy},
		"connection closed":             {driver.ErrBadConn, busy},
		"connection closed by us":       {net.ErrClosed, busy},
		"a faulty statement":            {answered("42601"), ""},
		"a table that is not there":     {answered("42P01"), ""},
		"not allowed to":                {answered("42501"), ""},
		"a damaged index":               {answered("XX002"), ""},
		"a value that is missing":       {answered("23502"), ""},
		"a row that is there already":   {answered("23505"), ""},
		"a failure that PostgreSQL had": {errors.New("unexpected message"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			wantTrouble(t, c.cause, sqlstore.MeaningOnPostgres(c.cause), c.message)
		})
	}
}

// A server that takes no connection, whatever it says, is unavailable.
func TestRefusedConnectionsToPostgres(t *testing.T) {
	cluster, err := pgtest.Shared()
	if err != nil {
		t.Fatal(err)
	}
	for name, url := range map[string]string{
		"nobody listens": "postgres://usher@127.0.0.1:1/usher?sslmode=disable",
		"wrong password": fmt.Sprintf("postgres://usher:wrong@127.0.0.1:%d/postgres?sslmode=disable", cluster.Port),
		"no database":    cluster.URL("missing"),
	} {
		t.Run(name, func(t *testing.T) {
			_, cause := pgx.Connect(context.Background(), url)
			wantTrouble(t, cause, sqlstore.MeaningOnPostgres(cause), busy)
		})
	}
}

// A server whose connections lead to a standby, as after a fail-over, gives them up,
// and finds the server that can be written.
func TestPostgresLeavesStandby(t *testing.T) {
	cluster, name := pgtest.NewDatabase(t)
	open := func() *sqlstore.Store {
		s, err := sqlstore.OpenPostgres(t.Context(), sqlstore.Postgres{URL: secret.New(cluster.SocketURL(name))})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	wantErr(t, "Close", open().Close(), nil)
	set := func(what string) { // for connections to come
		if err := cluster.Exec(t.Context(), "postgres", "ALTER DATABASE "+name+" "+what); err != nil {
			t.Fatal(err)
		}
	}
	set("SET default_transaction_read_only = on")
	s := open()
	defer s.Close()
	insert := func(i int) error {
		return s.Write(t.Context(), func(ctx context.Context, tx account.Tx) error {
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
	for tries := 1; insert(0) != nil; tries++ { // each has dropped the connection that it got
		if tries == sqlstore.DefaultConnections {
			t.Fatal("no write finds the server that can be written")
		}
	}
}
