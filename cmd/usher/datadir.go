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

	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
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

// serverKey returns the server key from its variable or its file. It makes a new
// one only for a database that was never set up: with another key nothing that is
// sealed could be opened any more.
func serverKey(ctx context.Context, settings *config.Server, store *sqlstore.Store) (*keyring.Ring, error) {
	if !settings.ServerKey.Empty() {
		return keyring.Parse(settings.ServerKey.Reveal())
	}
	path := settings.ServerKeyFile
	if path == "" {
		path = filepath.Join(settings.Data, serverKeyFile)
	}
	text, err := os.ReadFile(path)
	if err == nil {
		return keyring.Parse(string(text))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the server key: %w", err)
	}
	checks, err := store.KeyChecks(ctx)
	if err != nil {
		return nil, err
	}
	if len(checks) > 0 {
		return nil, withHint(errKeyMissing,
			"put the key back at %s, or give it by --server-key-file or USHER_SERVER_KEY", path)
	}
	key, err := keyring.Generate(rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := writePrivate(path, key, os.O_EXCL); err != nil {
		return nil, fmt.Errorf("keep the server key: %w", err)
	}
	return keyring.Parse(key)
}

// saveInitialPassword keeps a password that was made up until its owner has
// changed it.
func saveInitialPassword(data string, password secret.Text) error {
	err := writePrivate(filepath.Join(data, initialPasswordFile), password.Reveal()+"\n", os.O_TRUNC)
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

// writePrivate writes a file that its owner alone may read, and is on disk when
// it returns.
func writePrivate(path, text string, flag int) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|flag, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}
