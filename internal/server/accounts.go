package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"runtime"

	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/datadir"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// errKeyMissing means that the database has data, but the server key that encrypts its secrets was not found.
var errKeyMissing = errors.New("the database has data, but the server key is missing")

// errKeyNeeded means that a server on PostgreSQL has no server key. The server must not generate a key, because all
// servers that share the database need the same one.
var errKeyNeeded = errors.New("a server on PostgreSQL needs the server key, the same as all others on that database")

// accountsOptions are the options of openAccounts.
type accountsOptions struct {
	settings    *config.Server
	store       *sqlstore.Store
	overrides   service.Options // options that flags fix, see settingOverrides, and DiskLow
	generateKey bool            // generate a missing server key; emergency commands must not
	name        string          // name of this server; "" in a command
	hashes      int             // passwords to hash at the same time; 0: as many as GOMAXPROCS
	log         *slog.Logger
}

// openAccounts returns the package service on an open store. The server and the emergency commands both use it.
func openAccounts(ctx context.Context, o accountsOptions) (*service.Service, error) {
	keys, err := serverKey(ctx, o.settings, o.store, o.generateKey)
	if err != nil {
		return nil, err
	}
	passwords, err := passhash.New(passhash.Default, cmp.Or(o.hashes, runtime.GOMAXPROCS(0)), rand.Reader)
	if err != nil {
		return nil, err
	}
	data := o.settings.Data
	var exempt []netip.Prefix
	for _, network := range o.settings.ExemptNetworks {
		exempt = append(exempt, network.Prefix)
	}
	return service.New(service.Options{
		Store:           o.store.Store,
		Passwords:       passwords,
		Keys:            keys,
		Renderer:        mail.NewTemplates(),
		Log:             o.log,
		Now:             o.store.Now,
		Random:          rand.Reader,
		PublicURL:       o.overrides.PublicURL,
		LocalURL:        o.overrides.LocalURL,
		MailOverrides:   o.overrides.MailOverrides,
		ExemptNetworks:  exempt,
		TestSender:      o.overrides.TestSender,
		PasswordChanged: func(userID int64) { datadir.RemoveInitialPassword(data, userID, o.log) },
		DiskLow:         o.overrides.DiskLow,
		Checkpoints:     datadir.CheckpointStore{Data: data},
		ReadKeys:        readServerKey(o.settings),
		ServerName:      o.name,
	}), nil
}

// openData opens the data for an emergency command, and calls f with a service on that data. A server may be using the
// same data at the time.
func openData(
	ctx context.Context, settings *config.Server, log *slog.Logger, f func(context.Context, *service.Service) error,
) (err error) {
	store, err := openExistingDatabase(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	accounts, err := openAccounts(ctx, accountsOptions{settings: settings, store: store, log: log})
	if err != nil {
		return err
	}
	if err := accounts.CheckKey(ctx); err != nil {
		return err
	}
	return f(ctx, accounts)
}

// serverKeyFile returns the path of the file of the server key, or "" if the key is in the variable USHER_SERVER_KEY.
func serverKeyFile(settings *config.Server) string {
	if !settings.ServerKey.Empty() {
		return ""
	}
	return cmp.Or(settings.ServerKeyFile, datadir.ServerKeyPath(settings.Data))
}

// readServerKey returns a function that reads the file of the server key again, or nil if there is no file.
func readServerKey(settings *config.Server) func() (*keyring.Ring, error) {
	path := serverKeyFile(settings)
	if path == "" {
		return nil
	}
	return func() (*keyring.Ring, error) { return datadir.ReadServerKey(path) }
}

// serverKey returns the server key from the variable USHER_SERVER_KEY or from its file.
//
// Without either, serverKey generates a key, but only for a SQLite database that was never set up, and only if generate
// is true. For a database with data it generates none: a new key could not decrypt the secrets that are encrypted with
// the old key. If generate is false, it fails with service.ErrNotSetUp for a database that was never set up.
func serverKey(
	ctx context.Context, settings *config.Server, store *sqlstore.Store, generate bool,
) (*keyring.Ring, error) {
	if !settings.ServerKey.Empty() {
		ring, err := keyring.Parse(settings.ServerKey.Reveal())
		if err != nil {
			return nil, command.WithHint(fmt.Errorf("USHER_SERVER_KEY: %w", err),
				"a key is 32 bytes in base64, as `openssl rand -base64 32` makes them")
		}
		return ring, nil
	}
	path := serverKeyFile(settings)
	ring, err := datadir.ReadServerKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return ring, err
	}
	known, err := store.ServerKeys(ctx)
	if err != nil {
		return nil, err
	}
	if len(known) > 0 {
		return nil, command.WithHint(errKeyMissing,
			"put the key back at %s, or give it by --server-key-file or USHER_SERVER_KEY", path)
	}
	if !generate {
		return nil, service.ErrNotSetUp
	}
	if !settings.Database.URL.Empty() {
		return nil, command.WithHint(fmt.Errorf("%w; there is no file %s", errKeyNeeded, path),
			"make one with `openssl rand -base64 32`, keep it, and give it by --server-key-file or USHER_SERVER_KEY")
	}
	return datadir.GenerateServerKey(path)
}
