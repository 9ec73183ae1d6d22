// Package seed fills the databases that are measured: a server key, the first
// administrator, a role, and users who all have one password, hashed once, so that a
// hundred thousand of them are there in seconds. Nothing about them is cheaper when they
// sign in. All that is known of the n-th user, session or mailed token follows from n, so
// that whoever asks for it needs no list.
//
// The package imports account and what its service is made of.
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

// What every seeded database holds.
const (
	AdminID    = 1
	AdminEmail = "admin@example.org"
	Password   = "Correct-horse-7" // everybody's
	// Role is the id of a role beside the built-in ones.
	Role int64 = 3
)

// batch is how many rows one transaction inserts.
const batch = 1000

// Digits are what the texts of a user have of its id, and no other user's do.
func Digits(id int64) string { return fmt.Sprintf("%07d", id) }

// Email returns the address of a user, from the id 2 on.
func Email(id int64) string { return "user" + Digits(id) + "@example.org" }

// NewKey makes a server key.
func NewKey() (string, error) { return keyring.Generate(rand.Reader) }

// Open makes the rules over an open store, as the server has them.
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
		Store: store, Passwords: pool, Keys: keys, Renderer: mail.NewTemplates(),
		Log: log, Now: store.Now, Random: rand.Reader,
	}), nil
}

// Fill makes the administrator, the role and the users, so that there are so many, in an
// empty database.
func Fill(ctx context.Context, store *sqlstore.Store, accounts *service.Service, users int64) error {
	first := service.FirstRun{AdminEmail: AdminEmail, AdminPassword: secret.New(Password)}
	if _, err := accounts.SetUp(ctx, first); err != nil {
		return err
	}
	admin, err := store.Credential(ctx, AdminID)
	if err != nil {
		return err
	}
	err = store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		id, err := tx.InsertRole(ctx, access.Role{Name: "Front desk", Description: "Sees who there is.", Permissions: []access.Permission{
			{Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeAll},
		}})
		return wantID(id, Role, err)
	})
	if err != nil {
		return err
	}
	return inBatches(2, users+1, func(from, to int64) error {
		return store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
			return insertUsers(ctx, tx, from, to, admin.PasswordHash)
		})
	})
}

// insertUsers makes the users of the ids before to. They come in the order of their ids.
func insertUsers(ctx context.Context, tx account.Tx, from, to int64, hash string) error {
	stored := make([]account.StoredUser, 0, to-from)
	for id := from; id < to; id++ {
		u := account.User{
			Email: Email(id), Identifier: Email(id), Name: "User", Surname: new("Surname " + Digits(id)), Department: new("Engineering"),
			Provider: account.ProviderLocal, Active: true, EULAVersion: account.NoEULA, RoleIDs: access.DefaultRoles,
		}
		key, ok := account.ParseEmail(u.Email)
		if !ok {
			return fmt.Errorf("%q is no address", u.Email)
		}
		stored = append(stored, account.StoredUser{User: u, Key: key, PasswordHash: hash})
	}
	ids, err := tx.InsertUsers(ctx, stored, time.Now())
	if err != nil {
		return err
	}
	return wantID(ids[len(ids)-1], to-1, nil)
}

func wantID(got, want int64, err error) error {
	if err == nil && got != want {
		err = fmt.Errorf("%d got the id %d: the database was not empty", want, got)
	}
	return err
}

// inBatches calls f with the numbers from from to to in pieces.
func inBatches(from, to int64, f func(from, to int64) error) error {
	for ; from < to; from += batch {
		if err := f(from, min(from+batch, to)); err != nil {
			return err
		}
	}
	return nil
}

// tokenOf makes the n-th token of a kind.
func tokenOf(kind token.Kind, n int64) (string, token.Hash) {
	bits := sha256.Sum256(fmt.Appendf(nil, "%s %d", kind, n))
	text, hash, err := token.New(kind, bytes.NewReader(bits[:]))
	if err != nil {
		panic(err) // there are as many bits as it reads
	}
	return text.Reveal(), hash
}

// Session returns the token of the n-th session and its hash.
func Session(n int64) (string, token.Hash) { return tokenOf(token.Session, n) }

// Recovery returns the n-th token that was mailed.
func Recovery(n int64) string {
	text, _ := tokenOf(token.Recovery, n)
	return text
}

// Owner is the user of the n-th session or token where there are so many users. It is
// another one for the next n.
func Owner(n, users int64) int64 { return 2 + n%(users-1) }

// AddSessions makes the sessions from the first up to another, the ids of which are
// theirs plus what it returns.
func AddSessions(ctx context.Context, store *sqlstore.Store, users, from, to int64) (offset int64, err error) {
	offset = -1
	err = inBatches(from, to, func(from, to int64) error {
		return store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
			now := store.Now()
			for n := from; n < to; n++ {
				_, hash := Session(n)
				id, err := tx.InsertSession(ctx, account.Session{UserID: Owner(n, users), Created: now, LastSeen: now, ClientNetwork: "127.0.0.1", Device: "bench"}, hash)
				if err != nil {
					return err
				}
				if offset < 0 {
					offset = id - n
				}
				if id-n != offset {
					return errors.New("the ids of sessions are not in their order")
				}
			}
			return nil
		})
	})
	return offset, err
}

// AddRecoveries makes mailed tokens from the first up to another.
func AddRecoveries(ctx context.Context, store *sqlstore.Store, users, from, to int64) error {
	return inBatches(from, to, func(from, to int64) error {
		return store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
			now := store.Now()
			for n := from; n < to; n++ {
				_, hash := tokenOf(token.Recovery, n)
				r := account.Recovery{UserID: Owner(n, users), Kind: account.MailRecovery, Created: now, Expires: now.Add(24 * time.Hour)}
				if err := tx.InsertRecovery(ctx, r, hash); err != nil {
					return err
				}
			}
			return nil
		})
	})
}
