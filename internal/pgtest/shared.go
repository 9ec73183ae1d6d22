package pgtest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// Shared returns the cluster that all tests of this process share. The cluster ends with the process. Its server does
// not sync to disk, so a crash may lose data.
var Shared = sync.OnceValues(func() (*Cluster, error) {
	return start([]string{"fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=500"})
})

var databases atomic.Int64

// Create creates an empty database and returns its name.
func (c *Cluster) Create(ctx context.Context) (name string, err error) {
	name = fmt.Sprintf("usher_%d", databases.Add(1))
	return name, c.Exec(ctx, "postgres", "CREATE DATABASE "+name)
}

// TB is the part of [testing.TB] that [NewDatabase] uses.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// NewDatabase creates an empty database on the [Shared] cluster, and removes it when the test ends. It returns the
// cluster and the name of the database.
func NewDatabase(t TB) (c *Cluster, name string) {
	t.Helper()
	c, err := Shared()
	if err != nil {
		t.Fatalf("%v", err)
	}
	if name, err = c.Create(t.Context()); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Drop(context.Background(), name); err != nil {
			t.Errorf("remove the database: %v", err)
		}
	})
	return c, name
}

// Drop removes a database and terminates its connections.
func (c *Cluster) Drop(ctx context.Context, name string) error {
	return c.Exec(ctx, "postgres", "DROP DATABASE "+name+" WITH (FORCE)")
}

// Exec runs statements in a database.
func (c *Cluster) Exec(ctx context.Context, database, statements string) error {
	conn, err := pgx.Connect(ctx, c.SocketURL(database))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.PgConn().Exec(ctx, statements).ReadAll(); err != nil {
		return fmt.Errorf("%s: %w", statements, err)
	}
	return nil
}
