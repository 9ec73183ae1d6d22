// Package seed fills the databases of benchmarks with a server key, the first administrator, a role, and users.
//
// All users share one password and one hash of it, which is computed once. So the package inserts 100,000 users in
// seconds, and a sign-in still verifies a hash of the usual cost. The values of the n-th user, session or recovery
// token are computed from n, so the load generator needs no list of them.
package seed

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
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
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// Values that every seeded database has.
const (
	AdminID    = 1
	AdminEmail = "admin@example.org"
	Password   = "Correct-horse-7" // password of all users
	// RoleID is the id of the one role that is not built in.
	RoleID int64 = 3
)

// batch is the number of rows that one transaction inserts.
const batch = 1000

// Digits returns a user's id with leading zeros, as the texts of that user contain it, such as the email address. No
// text of another user contains these digits.
func Digits(id int64) string { return fmt.Sprintf("%07d", id) }

// Email returns the email address of the user with the id. The ids of seeded users begin at 2.
func Email(id int64) string { return "user" + Digits(id) + "@example.org" }

// NewKey generates a server key.
func NewKey() (string, error) { return keyring.Generate(rand.Reader) }

// Open creates package service's Service over an open store, as the server does.
func Open(store *sqlstore.Store, key string, log *slog.Logger) (*service.Service, error) {
	keys, err := keyring.Parse(key)
	if err != nil {
		return nil, err
	}
	pool, err := passhash.New(passhash.Default, runtime.GOMAXPROCS(0), rand.Reader)
	if err != nil {
		return nil, err
	}
	return service.New(service.Options{
		Store: store.Store, Passwords: pool, Keys: keys, Renderer: mail.NewTemplates(),
		Log: log, Now: store.Now, Random: rand.Reader,
	}), nil
}

// Fill inserts the administrator, the role and more users into an empty database. users is the number of all users,
// including the administrator.
func Fill(ctx context.Context, store *sqlstore.Store, accounts *service.Service, users int64) error {
	first := service.FirstRun{AdminEmail: AdminEmail, AdminPassword: secret.New(Password)}
	if _, err := accounts.SetUp(ctx, first); err != nil {
		return err
	}
	admin, err := store.Credential(ctx, AdminID)
	if err != nil {
		return err
	}
	err = store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		id, err := tx.InsertRole(ctx, access.Role{
			Name: "Front desk", Description: "Sees all users.", Permissions: []access.Permission{
				{Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeAll},
			},
		})
		return checkID(id, RoleID, err)
	})
	if err != nil {
		return err
	}
	return inBatches(2, users+1, func(start, end int64) error {
		return store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
			return insertUsers(ctx, tx, start, end, admin.PasswordHash)
		})
	})
}

// insertUsers inserts the users with the ids from start to end-1.
func insertUsers(ctx context.Context, tx *account.Tx, start, end int64, hash string) error {
	stored := make([]account.StoredUser, 0, end-start)
	for id := start; id < end; id++ {
		u := account.User{
			Email: Email(id), Identifier: Email(id),
			Profile:  account.Profile{Name: "User", Surname: new("Surname " + Digits(id)), Department: new("Engineering")},
			Provider: account.ProviderLocal, Active: true,
			EULAVersion: account.NoEULA, RoleIDs: access.DefaultRoles,
		}
		key, ok := account.ParseEmail(u.Email)
		if !ok {
			return fmt.Errorf("%q is no email address", u.Email)
		}
		stored = append(stored, account.StoredUser{User: u, Key: key, PasswordHash: hash})
	}
	ids, err := tx.InsertUsers(ctx, stored, time.Now())
	if err != nil {
		return err
	}
	return checkID(ids[len(ids)-1], end-1, nil)
}

// checkID returns err, or an error if the database assigned another id than want.
func checkID(got, want int64, err error) error {
	if err == nil && got != want {
		err = fmt.Errorf("the row for id %d got the id %d: the database was not empty", want, got)
	}
	return err
}

// inBatches divides the half-open range [start, end) into ranges of at most batch numbers, and calls f with each range.
func inBatches(start, end int64, f func(start, end int64) error) error {
	for ; start < end; start += batch {
		if err := f(start, min(start+batch, end)); err != nil {
			return err
		}
	}
	return nil
}

// newToken computes the n-th token of a token kind, such as a session token, and the token's hash.
func newToken(kind token.Kind, n int64) (string, token.Hash) {
	bits := sha256.Sum256(fmt.Appendf(nil, "%s %d", kind, n))
	text, hash, err := token.New(kind, bytes.NewReader(bits[:]))
	if err != nil {
		panic(err) // impossible: the reader has the 32 bytes that a token takes
	}
	return text.Reveal(), hash
}

// Session returns the token of the n-th session and its hash.
func Session(n int64) (string, token.Hash) { return newToken(token.Session, n) }

// RecoveryToken returns the n-th recovery token.
func RecoveryToken(n int64) string {
	text, _ := newToken(token.Recovery, n)
	return text
}

// Owner returns the id of the user who owns the n-th session or recovery token. users is the number of users in the
// database. Consecutive values of n have different owners.
func Owner(n, users int64) int64 { return 2 + n%(users-1) }

// AddSessions inserts the sessions with the numbers from start to end-1. The id of a session is its number plus offset.
func AddSessions(ctx context.Context, store *sqlstore.Store, users, start, end int64) (offset int64, err error) {
	offset = -1
	err = inBatches(start, end, func(start, end int64) error {
		return store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
			now := store.Now()
			for n := start; n < end; n++ {
				_, hash := Session(n)
				id, err := tx.InsertSession(ctx, account.Session{
					UserID: Owner(n, users), Created: now, LastSeen: now, ClientNetwork: "127.0.0.1", Device: "bench",
				}, hash)
				if err != nil {
					return err
				}
				if offset < 0 {
					offset = id - n
				}
				if id-n != offset {
					return errors.New("the ids of sessions are not consecutive")
				}
			}
			return nil
		})
	})
	return offset, err
}

// AddRecoveries inserts the recovery tokens with the numbers from start to end-1.
func AddRecoveries(ctx context.Context, store *sqlstore.Store, users, start, end int64) error {
	return inBatches(start, end, func(start, end int64) error {
		return store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
			now := store.Now()
			for n := start; n < end; n++ {
				_, hash := newToken(token.Recovery, n)
				r := account.Recovery{
					UserID: Owner(n, users), Kind: account.MailRecovery, Created: now, Expires: now.Add(24 * time.Hour),
				}
				if err := tx.InsertRecovery(ctx, r, hash); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
