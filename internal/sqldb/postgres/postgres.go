package postgres

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-3a99a2fe/usher/internal/monotime"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

const (
	maxIdleTime = 5 * time.Minute
	// maxConnLifetime is the maximum age of a connection. After a PostgreSQL server has failed and returned, only new
	// connections use it.
	maxConnLifetime = time.Hour
)

// Open opens a database and migrates it. If several servers call Open at the same time, one migrates and the others
// wait.
//
// Open fails with [ErrPlainConnection] if the connection would not be encrypted, and with [sqldb.ErrNewerSchema] if a
// later release has migrated the database. If the database can't be reached, Open fails with a [sqldb.Error] of the
// class Unavailable.
func Open(ctx context.Context, c Config) (*sqldb.DB, error) { return open(ctx, c, false) }

// OpenExisting opens a database that a server of this release has created, without migrating it. It fails as [Open]
// does, and with [sqldb.ErrOlderSchema] for the schema of an earlier release.
func OpenExisting(ctx context.Context, c Config) (*sqldb.DB, error) { return open(ctx, c, true) }

func open(ctx context.Context, c Config, checkOnly bool) (*sqldb.DB, error) {
	config, err := c.Parse()
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*config)
	fail := func(err error) (*sqldb.DB, error) {
		return nil, errors.Join(&sqldb.OpenError{Op: "open the database " + Location(config), Err: err}, db.Close())
	}
	connections := cmp.Or(c.Connections, DefaultConnections)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(maxIdleTime)
	db.SetConnMaxLifetime(maxConnLifetime)
	err = Migrate(ctx, config, checkOnly)
	if err == nil {
		err = sqldb.RefuseUnfinishedMove(ctx, db, dialect)
	}
	if err != nil {
		return fail(dialect.TranslateError(err))
	}
	conn := sqldb.Immediate{DB: db}
	q := sqldb.Querier{Conn: conn, Unprepared: conn, Dialect: dialect, Timeout: c.statementTimeout()}
	clock, closeClock, err := newClock(ctx, q, monotime.New())
	if err != nil {
		return fail(err)
	}
	return &sqldb.DB{
		Querier:  q,
		Writer:   &writer{db: db},
		Location: "PostgreSQL, " + Location(config),
		Clock:    clock.Now,
		Closers:  []func() error{closeClock, db.Close},
	}, nil
}
