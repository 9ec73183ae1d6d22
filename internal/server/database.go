package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// Limits of openDatabase. It waits for PostgreSQL, which may be starting at the same time as the server.
const (
	maxDatabaseWait       = 20 * time.Second
	databaseRetryInterval = 500 * time.Millisecond
)

// openDatabase opens the database of a server, and creates or migrates its schema. While PostgreSQL is unavailable, it
// retries for at most maxDatabaseWait.
func openDatabase(ctx context.Context, settings *config.Server, log *slog.Logger) (*sqlstore.Store, error) {
	if settings.Database.URL.Empty() {
		return sqlstore.OpenSQLite(ctx, settings.Data)
	}
	deadline, logged := time.Now().Add(maxDatabaseWait), false
	for {
		store, err := sqlstore.OpenPostgres(ctx, postgresOptions(settings))
		mayRecover := account.ErrorCode(err) == account.CodeUnavailable && postgres.Hint(err) == ""
		if !mayRecover || time.Now().After(deadline) {
			return store, err
		}
		if !logged {
			log.Warn("waiting for PostgreSQL", "at_most", maxDatabaseWait, "error", err)
			logged = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(databaseRetryInterval):
		}
	}
}

// openExistingDatabase opens a database that a server of this release has already set up. If there is none, it fails
// with fs.ErrNotExist.
func openExistingDatabase(ctx context.Context, settings *config.Server) (*sqlstore.Store, error) {
	if settings.Database.URL.Empty() {
		return sqlstore.OpenExistingSQLite(ctx, settings.Data)
	}
	return sqlstore.OpenExistingPostgres(ctx, postgresOptions(settings))
}

func postgresOptions(settings *config.Server) postgres.Config {
	d := settings.Database
	return postgres.Config{URL: d.URL, Connections: d.Connections, StatementTimeout: d.Timeout}
}
