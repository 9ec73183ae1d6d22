// Package seed makes the database that is measured: a server key, the first
// administrator, and users who all have one password, hashed once, so that a
// thousand of them are there in an instant. Nothing about them is cheaper when
// they sign in.
//
// The package imports account and what its service is made of.
package seed

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// What a seeded database holds.
const (
	Users      = 1000 // the administrator, whose id is 1, among them
	AdminEmail = "admin@example.org"
	Password   = "Correct-horse-7" // everybody's
)

// Email returns the address of the user with an id of 2 to [Users].
func Email(id int) string { return fmt.Sprintf("user%04d@example.org", id) }

// Data is a seeded database with the rules over it, as the server has them: the
// same hashing, the same log.
type Data struct {
	Accounts *account.Service
	Key      string // the server key, for a server that opens the same data

	store *sqlstore.Store
}

// New makes a database in dir, an empty directory, and opens it.
func New(ctx context.Context, dir string, log *slog.Logger) (d *Data, err error) {
	d = &Data{}
	if d.Key, err = keyring.Generate(rand.Reader); err != nil {
		return nil, err
	}
	keys, err := keyring.Parse(d.Key)
	if err != nil {
		return nil, err
	}
	pool, err := passhash.New(passhash.Default, runtime.GOMAXPROCS(0), rand.Reader)
	if err != nil {
		return nil, err
	}
	if d.store, err = sqlstore.OpenSQLite(ctx, dir); err != nil {
		return nil, err
	}
	d.Accounts = account.New(account.Options{
		Store: d.store, Passwords: pool, Keys: keys, Renderer: mail.NewTemplates(),
		Log: log, Now: time.Now, Random: rand.Reader,
	})
	if err := d.fill(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// fill makes the users.
func (d *Data) fill(ctx context.Context) error {
	first := account.FirstRun{AdminEmail: AdminEmail, AdminPassword: secret.New(Password)}
	if _, err := d.Accounts.SetUp(ctx, first); err != nil {
		return err
	}
	admin, err := d.store.Credential(ctx, 1)
	if err != nil {
		return err
	}
	return d.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		for id := 2; id <= Users; id++ {
			if err := insert(ctx, tx, id, admin.PasswordHash); err != nil {
				return err
			}
		}
		return nil
	})
}

func insert(ctx context.Context, tx account.Tx, id int, hash string) error {
	surname, department := fmt.Sprintf("Surname %04d", id), "Engineering"
	u := account.User{
		Email: Email(id), Identifier: Email(id), Name: "User", Surname: &surname, Department: &department,
		Provider: account.ProviderLocal, Active: true, EULAVersion: account.NoEULA, RoleIDs: access.DefaultRoles,
	}
	key, ok := account.ParseEmail(u.Email)
	if !ok {
		return fmt.Errorf("%q is no address", u.Email)
	}
	got, err := tx.InsertUser(ctx, u, key, hash, time.Now())
	if err == nil && got != int64(id) {
		err = fmt.Errorf("user %d got the id %d: the database was not empty", id, got)
	}
	return err
}

// Close closes the database.
func (d *Data) Close() error { return d.store.Close() }
