package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// Files of the data directory beside the database.
const (
	serverKeyFile       = "server.key"
	initialPasswordFile = "initial-admin-password"
)

// firstUser is the administrator whom the first start makes.
const firstUser = 1

// errKeyMissing means that there is data and no key that it was written with.
var errKeyMissing = errors.New("the database has data, but the server key is missing")

// errPasswordNeeded means that nobody would learn a password that is made up: of
// several servers on one database, the one that sets it up may be any.
var errPasswordNeeded = errors.New("a new PostgreSQL database needs the password of its first administrator")

// errKeyNeeded means that a server on PostgreSQL has no key. It must not make one,
// since all servers need the same.
var errKeyNeeded = errors.New("a server on PostgreSQL needs the server key, the same as all others on that database")

// Times of waiting for PostgreSQL, which may start at the same time as the server.
const (
	databaseTime  = 20 * time.Second
	databaseRetry = 500 * time.Millisecond
)

// openStore opens the database of a server, and makes or migrates it. It waits a
// while for a PostgreSQL that does not answer.
func openStore(ctx context.Context, settings *config.Server, log *slog.Logger) (*sqlstore.Store, error) {
	if settings.Database.URL.Empty() {
		return sqlstore.OpenSQLite(ctx, settings.Data)
	}
	end, told := time.Now().Add(databaseTime), false
	for {
		store, err := sqlstore.OpenPostgres(ctx, postgres(settings))
		if account.ErrorCode(err) != account.CodeUnavailable || sqlstore.Remedy(err) != "" || time.Now().After(end) {
			return store, err
		}
		if !told {
			log.Warn("waiting for PostgreSQL", "at_most", databaseTime, "error", err)
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(databaseRetry):
		}
	}
}

// openExisting opens a database that a server of this release has made. It fails
// with fs.ErrNotExist where there is none.
func openExisting(ctx context.Context, settings *config.Server) (*sqlstore.Store, error) {
	if settings.Database.URL.Empty() {
		return sqlstore.OpenExisting(ctx, settings.Data)
	}
	return sqlstore.OpenExistingPostgres(ctx, postgres(settings))
}

func postgres(settings *config.Server) sqlstore.Postgres {
	d := settings.Database
	return sqlstore.Postgres{URL: d.URL, Connections: d.Connections, StatementTimeout: d.Timeout}
}

// serverKey returns the server key from its variable or its file. It makes a new
// one only for a database that was never set up: with another key nothing that is
// sealed could be opened any more. It fails with account.ErrNotSetUp if it must
// not make one.
func serverKey(ctx context.Context, settings *config.Server, store *sqlstore.Store, create bool) (*keyring.Ring, error) {
	if !settings.ServerKey.Empty() {
		ring, err := keyring.Parse(settings.ServerKey.Reveal())
		if err != nil {
			return nil, withHint(fmt.Errorf("USHER_SERVER_KEY: %w", err), "a key is 32 bytes in base64, as `openssl rand -base64 32` makes them")
		}
		return ring, nil
	}
	path := settings.ServerKeyFile
	if path == "" {
		path = filepath.Join(settings.Data, serverKeyFile)
	}
	ring, err := readServerKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return ring, err
	}
	checks, err := store.KeyChecks(ctx)
	if err != nil {
		return nil, err
	}
	if len(checks) > 0 {
		return nil, withHint(errKeyMissing,
			"put the key back at %s, or give it by --server-key-file or USHER_SERVER_KEY", path)
	}
	if !create {
		return nil, service.ErrNotSetUp
	}
	if !settings.Database.URL.Empty() {
		return nil, withHint(fmt.Errorf("%w; there is no file %s", errKeyNeeded, path), "make one with `openssl rand -base64 32`, keep it, and give it by --server-key-file or USHER_SERVER_KEY")
	}
	key, err := keyring.Generate(rand.Reader)
	if err != nil {
		return nil, err
	}
	// A link does not replace: of two first starts at once, both use the same key.
	if err := writePrivate(path, key, os.Link); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("keep the server key: %w", err)
	}
	return readServerKey(path)
}

// readServerKey reads the file of a server key.
func readServerKey(path string) (*keyring.Ring, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the server key: %w", err)
	}
	ring, err := keyring.Parse(string(text))
	if err != nil {
		return nil, withHint(fmt.Errorf("%s: %w", path, err), "put the key back that the database was made with, one line of 44 characters")
	}
	return ring, nil
}

// saveInitialPassword keeps a password that was made up until its owner has
// changed it.
func saveInitialPassword(data string, password secret.Text) error {
	err := writePrivate(filepath.Join(data, initialPasswordFile), password.Reveal()+"\n", os.Rename)
	if err != nil {
		return fmt.Errorf("keep the administrator's password: %w", err)
	}
	return nil
}

// forgetInitialPassword removes the file when the password in it is no longer one.
func forgetInitialPassword(data string, userID int64, log *slog.Logger) {
	if userID != firstUser {
		return
	}
	err := os.Remove(filepath.Join(data, initialPasswordFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("the file of the first password is still there; remove it", "file", initialPasswordFile, "error", err)
	}
}
