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
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

const (
	password = "Correct-horse-7" // password of all users
	device   = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"

	seedTransactions = 8  // transactions that run concurrently
	seedBatch        = 25 // users in each transaction
)

// seeder inserts users, each with the rows that one sign-in leaves: a session, a known client network, a throttle
// counter and a sealed activity log entry.
type seeder struct {
	store        *sqlstore.Store
	accounts     *service.Service
	pool         *passhash.Pool
	passwordHash string
	users        int // users in the database; the first one is the administrator
}

func newSeeder(ctx context.Context, store *sqlstore.Store) (*seeder, error) {
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
	s := &seeder{store: store, pool: pool, users: 1}
	s.accounts = service.New(service.Options{
		Store: store.Store, Passwords: pool, Keys: keys, Renderer: mail.NewTemplates(),
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Random: rand.Reader,
	})
	first := service.FirstRun{AdminEmail: "admin@example.org", AdminPassword: secret.New(password)}
	if _, err := s.accounts.SetUp(ctx, first); err != nil {
		return nil, err
	}
	admin, err := store.Credential(ctx, 1)
	s.passwordHash = admin.PasswordHash
	return s, err
}

// seedUpTo inserts users until the database has the given number of users.
func (s *seeder) seedUpTo(ctx context.Context, users int) error {
	for s.users < users {
		var wg sync.WaitGroup
		failures := make([]error, seedTransactions)
		for i := range failures {
			from := min(users, s.users+i*seedBatch)
			to := min(users, from+seedBatch)
			wg.Go(func() {
				failures[i] = s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
					for n := from + 1; n <= to; n++ {
						if err := s.insert(ctx, tx, int64(n)); err != nil {
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
		s.users = min(users, s.users+seedTransactions*seedBatch)
		if err := s.accounts.SealActivity(ctx); err != nil {
			return err
		}
	}
	return nil
}

func email(id int64) string { return fmt.Sprintf("ada.lovelace%d@example.org", id) }

// clientNetwork returns the client network from which the user with the id signs in.
func clientNetwork(id int64) string {
	return fmt.Sprintf("198.%d.%d.%d", 51+id>>16&63, id>>8&255, id&255)
}

// sessionHash returns the token hash of the session that insert creates for the n-th user.
func sessionHash(n int64) token.Hash { return sha256.Sum256([]byte(strconv.FormatInt(n, 10))) }

// insert inserts the n-th user. The id can differ from n, because transactions run concurrently.
func (s *seeder) insert(ctx context.Context, tx *account.Tx, n int64) error {
	now, surname, department := time.Now(), "Lovelace", fmt.Sprintf("Department %d", n%100)
	u := account.User{
		Email: email(n), Identifier: email(n),
		Profile:  account.Profile{Name: fmt.Sprintf("Ada %d", n%5000), Surname: &surname, Department: &department},
		Provider: account.ProviderLocal, Active: true,
		EULAVersion: account.NoEULA, RoleIDs: access.DefaultRoles,
	}
	key, _ := account.ParseEmail(u.Email)
	id, err := tx.InsertUser(ctx, u, key, s.passwordHash, now)
	if err != nil {
		return err
	}
	if err := s.signIn(ctx, tx, id, sessionHash(n), now); err != nil {
		return err
	}
	if err := tx.SaveKnownNetwork(ctx, id, clientNetwork(id), now); err != nil {
		return err
	}
	counter, err := tx.LockThrottle(ctx, lockout.SignInKey(lockout.UserSubject(id), clientNetwork(id), false))
	if err != nil {
		return err
	}
	counter.Reserve(now, lockout.Default)
	counter.Succeed()
	return tx.SaveThrottle(ctx, counter)
}

// signIn inserts the session and the activity log entry of a sign-in.
func (s *seeder) signIn(ctx context.Context, tx *account.Tx, id int64, hash token.Hash, now time.Time) error {
	session, err := tx.InsertSession(ctx, account.Session{
		UserID: id, Created: now, LastSeen: now, ClientNetwork: clientNetwork(id), Device: device,
	}, hash)
	if err != nil {
		return err
	}
	return tx.InsertActivity(ctx, account.Activity{
		At: now,
		Actor: account.Actor{
			ID: id, Name: email(id), Credential: account.CredentialRef{Kind: account.CredentialPassword},
			ClientNetwork: clientNetwork(id),
		},
		Event: account.Event{
			Action: account.ActionSignIn,
			Target: account.Target{Kind: access.EntitySession, ID: session, Name: email(id)},
		},
		Count: 1,
	})
}
