package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

const (
	password  = "Correct-horse-7" // everybody's
	device    = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
	fillers   = 8  // transactions at once
	fillBatch = 25 // users in each
)

// filler makes users, each as if it had signed in once: a session, a known source,
// a counter, a sealed entry of the activity log.
type filler struct {
	store    *sqlstore.Store
	accounts *service.Service
	pool     *passhash.Pool
	hash     string
	users    int // how many are there; the first is the administrator
}

func newFiller(ctx context.Context, store *sqlstore.Store) (*filler, error) {
	key, err := keyring.Generate(rand.Reader)
	if err != nil {
		return nil, err
	}
	keys, err := keyring.Parse(key)
	if err != nil {
		return nil, err
	}
	pool, err := passhash.New(passhash.Default, 1, rand.Reader)
	if err != nil {
		return nil, err
	}
	f := &filler{store: store, pool: pool, users: 1}
	f.accounts = service.New(service.Options{
		Store: store, Passwords: pool, Keys: keys, Renderer: mail.NewTemplates(),
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Random: rand.Reader,
	})
	if _, err := f.accounts.SetUp(ctx, service.FirstRun{AdminEmail: "admin@example.org", AdminPassword: secret.New(password)}); err != nil {
		return nil, err
	}
	admin, err := store.Credential(ctx, 1)
	f.hash = admin.PasswordHash
	return f, err
}

// fillTo adds users until there are so many.
func (f *filler) fillTo(ctx context.Context, users int) error {
	for f.users < users {
		var wg sync.WaitGroup
		failures := make([]error, fillers)
		for i := range failures {
			from := min(users, f.users+i*fillBatch)
			to := min(users, from+fillBatch)
			wg.Go(func() {
				failures[i] = f.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
					for n := from + 1; n <= to; n++ {
						if err := f.insert(ctx, tx, int64(n)); err != nil {
							return err
						}
					}
					return nil
				})
			})
		}
		wg.Wait()
		if err := errors.Join(failures...); err != nil {
			return err
		}
		f.users = min(users, f.users+fillers*fillBatch)
		if err := f.accounts.SealActivity(ctx); err != nil {
			return err
		}
	}
	return nil
}

func email(id int64) string  { return fmt.Sprintf("ada.lovelace%d@example.org", id) }
func source(id int64) string { return fmt.Sprintf("198.%d.%d.%d", 51+id>>16&63, id>>8&255, id&255) }

// sessionHash is that of the session that the n-th user was filled with.
func sessionHash(n int64) token.Hash { return sha256.Sum256([]byte(strconv.FormatInt(n, 10))) }

// insert adds the n-th user. Its id is another number of those up to the last:
// several transactions take them in turn.
func (f *filler) insert(ctx context.Context, tx account.Tx, n int64) error {
	now, surname, department := time.Now(), "Lovelace", fmt.Sprintf("Department %d", n%100)
	u := account.User{
		Email: email(n), Identifier: email(n), Name: fmt.Sprintf("Ada %d", n%5000), Surname: &surname, Department: &department,
		Provider: account.ProviderLocal, Active: true, EULAVersion: account.NoEULA, RoleIDs: access.DefaultRoles,
	}
	key, _ := account.ParseEmail(u.Email)
	id, err := tx.InsertUser(ctx, u, key, f.hash, now)
	if err != nil {
		return err
	}
	if err := f.signIn(ctx, tx, id, sessionHash(n), now); err != nil {
		return err
	}
	if err := tx.SaveKnownNetwork(ctx, id, source(id), now); err != nil {
		return err
	}
	counter, err := tx.LockThrottle(ctx, throttle.SignInKey(throttle.UserSubject(id), source(id), false))
	if err != nil {
		return err
	}
	counter.Reserve(now, throttle.Default)
	counter.Succeed()
	return tx.SaveThrottle(ctx, counter)
}

// signIn writes the session and the entry of a sign-in.
func (f *filler) signIn(ctx context.Context, tx account.Tx, id int64, hash token.Hash, now time.Time) error {
	session, err := tx.InsertSession(ctx, account.Session{UserID: id, Created: now, LastSeen: now, ClientNetwork: source(id), Device: device}, hash)
	if err != nil {
		return err
	}
	return tx.InsertActivity(ctx, account.Activity{
		At:    now,
		Actor: account.Actor{ID: id, Name: email(id), Credential: account.CredentialRef{Kind: account.CredentialPassword}, ClientNetwork: source(id)},
		Event: account.Event{Action: account.ActionSignIn, Target: account.Target{Kind: access.EntitySession, ID: session, Name: email(id)}},
		Count: 1,
	})
}
