// Package database creates databases with seeded users for the benchmarks, on SQLite and on PostgreSQL.
//
// The package builds on seed, and on Usher's packages service, sqlstore and pgtest.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// Engine creates and opens databases of one database engine.
type Engine interface {
	Name() string
	// Create creates a copy of the source database, which no process may have open. If source is nil, Create creates an
	// empty database.
	Create(ctx context.Context, source *Database) (*Database, error)
	Drop(ctx context.Context, d *Database) error
	// Open opens the database through Usher's storage layer, as the server does.
	Open(ctx context.Context, d *Database) (*sqlstore.Store, error)
	// Connect opens the database without Usher's storage layer. The durability settings are the same as with Open.
	Connect(d *Database, maxConns int) (*sql.DB, error)
	// CPUSeconds returns the CPU time that the database's own processes have taken so far.
	CPUSeconds() float64
	Close() error
}

// Names returns the names that NewEngine accepts.
func Names() []string { return []string{"sqlite", "postgres"} }

// NewEngine creates the engine with the name, which is one of Names. Its databases are in dir. If deferMaintenance is
// true, PostgreSQL postpones checkpoints and vacuums. They could otherwise run while only Usher or only the baseline is
// measured.
func NewEngine(name, dir string, deferMaintenance bool) (Engine, error) {
	switch name {
	case "sqlite":
		return &sqliteEngine{dir: dir}, nil
	case "postgres":
		e, err := newPostgres(dir, deferMaintenance)
		if err != nil {
			return nil, err
		}
		return e, nil
	}
	return nil, fmt.Errorf("there is no engine %q", name)
}

// Database is a seeded database.
type Database struct {
	Engine    Engine
	Dir       string // Usher's data directory
	URL       string // connection URL of PostgreSQL; "" on SQLite
	ServerKey string
	Users     int64
}

// CreateSeeded creates a database with the given number of users.
func CreateSeeded(ctx context.Context, e Engine, users int64) (*Database, error) {
	d, err := e.Create(ctx, nil)
	if err != nil {
		return nil, err
	}
	if d.ServerKey, err = seed.NewKey(); err != nil {
		return nil, err
	}
	d.Users = users
	err = d.With(ctx, func(store *sqlstore.Store, accounts *service.Service) error {
		return seed.Fill(ctx, store, accounts, users)
	})
	if err != nil {
		return nil, fmt.Errorf("fill a database: %w", err)
	}
	return d, d.analyze(ctx)
}

// With opens the database, calls f with its store and a service over the store, and closes the database.
func (d *Database) With(ctx context.Context, f func(*sqlstore.Store, *service.Service) error) error {
	store, err := d.Engine.Open(ctx, d)
	if err != nil {
		return err
	}
	accounts, err := seed.Open(store, d.ServerKey, slog.New(slog.DiscardHandler))
	if err == nil {
		err = f(store, accounts)
	}
	return errors.Join(err, store.Close())
}

// Copy creates a copy of d. No process may have d open.
func (d *Database) Copy(ctx context.Context) (*Database, error) {
	c, err := d.Engine.Create(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("copy the database: %w", err)
	}
	c.ServerKey, c.Users = d.ServerKey, d.Users
	return c, nil
}

// analyze updates PostgreSQL's planner statistics, which autovacuum would otherwise update some time later.
func (d *Database) analyze(ctx context.Context) error {
	if d.URL == "" {
		return nil
	}
	db, err := d.Engine.Connect(d, 1)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM (ANALYZE)`)
	return errors.Join(err, db.Close())
}

// limitConns limits a connection pool to maxConns connections and keeps idle connections open.
func limitConns(db *sql.DB, maxConns int) {
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
}
