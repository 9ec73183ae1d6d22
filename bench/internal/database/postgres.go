package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx" for Connect

	"github.com/seed-3a99a2fe/usher/bench/internal/procfs"
	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// Postgres is one PostgreSQL cluster with many databases.
type Postgres struct {
	cluster *pgtest.Cluster
	dir     string
	admin   *sql.DB
	created int
}

func newPostgres(dir string, deferMaintenance bool) (*Postgres, error) {
	settings := []string{"shared_buffers=1GB"}
	if deferMaintenance {
		settings = append(settings, "max_wal_size=8GB", "checkpoint_timeout=1h", "autovacuum_naptime=1h")
	}
	cluster, err := pgtest.Durable(settings...)
	if err != nil {
		return nil, err
	}
	e := &Postgres{cluster: cluster, dir: dir}
	if e.admin, err = sql.Open("pgx", cluster.SocketURL("postgres")); err != nil {
		return nil, errors.Join(err, cluster.Remove())
	}
	return e, nil
}

// Name implements Engine.
func (*Postgres) Name() string { return "PostgreSQL" }

// Create implements Engine.
func (e *Postgres) Create(ctx context.Context, source *Database) (*Database, error) {
	e.created++
	name := fmt.Sprintf("usher%d", e.created)
	dir, err := os.MkdirTemp(e.dir, "postgres-")
	if err != nil {
		return nil, err
	}
	statement := `CREATE DATABASE ` + name
	if source != nil {
		u, err := url.Parse(source.URL)
		if err != nil {
			return nil, err
		}
		statement += ` TEMPLATE ` + u.Path[1:] + ` STRATEGY FILE_COPY`
	}
	_, err = e.admin.ExecContext(ctx, statement)
	return &Database{Engine: e, Dir: dir, URL: e.cluster.SocketURL(name)}, err
}

// Drop implements Engine.
func (e *Postgres) Drop(ctx context.Context, d *Database) error {
	u, err := url.Parse(d.URL)
	if err == nil {
		_, err = e.admin.ExecContext(ctx, `DROP DATABASE `+u.Path[1:]+` WITH (FORCE)`)
	}
	return errors.Join(err, os.RemoveAll(d.Dir))
}

// Open implements Engine.
func (*Postgres) Open(ctx context.Context, d *Database) (*sqlstore.Store, error) {
	return sqlstore.OpenPostgres(ctx, postgres.Config{URL: secret.New(d.URL)})
}

// Connect implements Engine.
func (*Postgres) Connect(d *Database, maxConns int) (*sql.DB, error) {
	db, err := sql.Open("pgx", d.URL)
	if err == nil {
		limitConns(db, maxConns)
	}
	return db, err
}

// CPUSeconds implements Engine.
func (e *Postgres) CPUSeconds() float64 { return procfs.CPUSeconds(e.cluster.Processes()...) }

// Close implements Engine.
func (e *Postgres) Close() error { return errors.Join(e.admin.Close(), e.cluster.Remove()) }
