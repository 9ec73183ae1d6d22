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
	// maxConnLifetime makes connections spread over the servers again after one was away.
	maxConnLifetime = time.Hour
)

// Open opens a database and migrates it. If several servers do so at the same time, one migrates
// and the others wait.
//
// Open fails with [ErrPlainConnection], and with [sqldb.ErrNewerSchema] for a database that a later
// release has migrated. While the database does not answer it fails with a [sqldb.Error] of the class
// Unavailable.
func Open(ctx context.Context, c Config) (*sqldb.DB, error) { return open(ctx, c, false) }

// OpenExisting opens a database that a server of this release has created. It fails as [Open] does,
// and with [sqldb.ErrOlderSchema], and changes nothing.
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
