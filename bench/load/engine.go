package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/seed-3a99a2fe/usher/bench/internal/seed"
	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// engine makes databases below a directory.
type engine interface {
	name() string
	// create makes an empty database, or a copy of one that nobody has open; "" is none.
	create(ctx context.Context, of *database) (*database, error)
	drop(ctx context.Context, d *database) error
	// open opens it as the server does, and connect by so many bare connections that are
	// as durable; 0 is as many as needed.
	open(ctx context.Context, d *database) (*sqlstore.Store, error)
	connect(d *database, most int) (*sql.DB, error)
	// cpu is the CPU time that the engine's own processes have taken so far.
	cpu() float64
	close() error
}

// engines makes each engine in a directory, by name. A quiet one leaves for later what it
// does now and then by itself, so that this does not fall into the round of one side.
var engines = map[string]func(dir string, quiet bool) (engine, error){
	"sqlite":   func(dir string, _ bool) (engine, error) { return &sqliteEngine{dir: dir}, nil },
	"postgres": newPostgres,
}

// database is a seeded database.
type database struct {
	engine engine
	dir    string // Usher's data directory
	url    string // of PostgreSQL
	key    string // of the server
	users  int64
}

// createSeeded makes a database with so many users.
func createSeeded(ctx context.Context, e engine, users int64) (*database, error) {
	d, err := e.create(ctx, nil)
	if err != nil {
		return nil, err
	}
	if d.key, err = seed.NewKey(); err != nil {
		return nil, err
	}
	d.users = users
	err = d.with(ctx, func(store *sqlstore.Store, accounts *service.Service) error {
		return seed.Fill(ctx, store, accounts, users)
	})
	if err != nil {
		return nil, fmt.Errorf("fill a database: %w", err)
	}
	return d, d.tidy(ctx)
}

// with opens the database, and closes it behind f.
func (d *database) with(ctx context.Context, f func(*sqlstore.Store, *service.Service) error) error {
	store, err := d.engine.open(ctx, d)
	if err != nil {
		return err
	}
	accounts, err := seed.Open(store, d.key, slog.New(slog.DiscardHandler))
	if err == nil {
		err = f(store, accounts)
	}
	return errors.Join(err, store.Close())
}

// tidy brings PostgreSQL's statistics up to date, as it would do itself after a while.
func (d *database) tidy(ctx context.Context) error {
	if d.url == "" {
		return nil
	}
	db, err := d.engine.connect(d, 1)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM (ANALYZE)`)
	return errors.Join(err, db.Close())
}

// copy makes another database like it.
func (d *database) copy(ctx context.Context) (*database, error) {
	other, err := d.engine.create(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("copy the database: %w", err)
	}
	other.key, other.users = d.key, d.users
	return other, nil
}

type sqliteEngine struct{ dir string }

func (*sqliteEngine) name() string { return "SQLite" }

func (e *sqliteEngine) create(_ context.Context, of *database) (*database, error) {
	dir, err := os.MkdirTemp(e.dir, "sqlite-")
	if err != nil || of == nil {
		return &database{engine: e, dir: dir}, err
	}
	return &database{engine: e, dir: dir}, copyFile(filepath.Join(of.dir, sqlite.DatabaseFile), filepath.Join(dir, sqlite.DatabaseFile))
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close()) // or the first rows would wait for it
}

func (*sqliteEngine) drop(_ context.Context, d *database) error { return os.RemoveAll(d.dir) }

func (*sqliteEngine) open(ctx context.Context, d *database) (*sqlstore.Store, error) {
	return sqlstore.OpenSQLite(ctx, d.dir)
}

func (*sqliteEngine) connect(d *database, most int) (*sql.DB, error) {
	pragmas := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(d.dir, sqlite.DatabaseFile)+"?"+pragmas.Encode())
	if err == nil {
		db.SetMaxOpenConns(most)
		db.SetMaxIdleConns(most)
	}
	return db, err
}

func (*sqliteEngine) cpu() float64 { return 0 } // it is in the process that uses it

func (*sqliteEngine) close() error { return nil }

// postgresEngine is a server of PostgreSQL with many databases.
type postgresEngine struct {
	cluster *pgtest.Cluster
	dir     string
	admin   *sql.DB
	made    int
}

func newPostgres(dir string, quiet bool) (engine, error) {
	settings := []string{"shared_buffers=1GB"}
	if quiet {
		settings = append(settings, "max_wal_size=8GB", "checkpoint_timeout=1h", "autovacuum_naptime=1h")
	}
	cluster, err := pgtest.Durable(settings...)
	if err != nil {
		return nil, err
	}
	e := &postgresEngine{cluster: cluster, dir: dir}
	if e.admin, err = sql.Open("pgx", cluster.SocketURL("postgres")); err != nil {
		return nil, errors.Join(err, cluster.Remove())
	}
	return e, nil
}

func (*postgresEngine) name() string { return "PostgreSQL" }

func (e *postgresEngine) create(ctx context.Context, of *database) (*database, error) {
	e.made++
	name := fmt.Sprintf("usher%d", e.made)
	dir, err := os.MkdirTemp(e.dir, "postgres-")
	if err != nil {
		return nil, err
	}
	statement := `CREATE DATABASE ` + name
	if of != nil {
		u, err := url.Parse(of.url)
		if err != nil {
			return nil, err
		}
		statement += ` TEMPLATE ` + u.Path[1:] + ` STRATEGY FILE_COPY`
	}
	_, err = e.admin.ExecContext(ctx, statement)
	return &database{engine: e, dir: dir, url: e.cluster.SocketURL(name)}, err
}

func (e *postgresEngine) drop(ctx context.Context, d *database) error {
	u, err := url.Parse(d.url)
	if err == nil {
		_, err = e.admin.ExecContext(ctx, `DROP DATABASE `+u.Path[1:]+` WITH (FORCE)`)
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

func (*postgresEngine) open(ctx context.Context, d *database) (*sqlstore.Store, error) {
	return sqlstore.OpenPostgres(ctx, postgres.Config{URL: secret.New(d.url)})
}

func (*postgresEngine) connect(d *database, most int) (*sql.DB, error) {
	db, err := sql.Open("pgx", d.url)
	if err == nil {
		db.SetMaxOpenConns(most)
		db.SetMaxIdleConns(most)
	}
	return db, err
}

func (e *postgresEngine) cpu() float64 { return cpuSeconds(e.cluster.Processes()...) }

func (e *postgresEngine) close() error { return errors.Join(e.admin.Close(), e.cluster.Remove()) }
