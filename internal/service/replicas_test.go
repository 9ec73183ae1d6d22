package service_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// replicas are several servers that share one database.
type replicas struct {
	engine               string
	*servicetest.Fixture // its Service is the first server
	services             []*service.Service
	plain                *sql.DB      // the database for plain SQL; nil before the first use
	wrongGuesses         atomic.Int64 // sign-in attempts with a wrong password that were verified
}

// onReplicas runs a test with three servers on each database engine. These tests do not run in
// parallel with others: under their load, a transaction of another test could time out.
func onReplicas(t *testing.T, test func(t *testing.T, r *replicas)) {
	t.Helper()
	for _, e := range enginetest.Engines {
		t.Run(e.Name, func(t *testing.T) { test(t, newReplicas(t, e)) })
	}
}

func newReplicas(t *testing.T, e enginetest.Engine) *replicas {
	database := e.New(t)
	open := database.Open
	r := &replicas{engine: e.Name, Fixture: servicetest.NewOver(t, open().Store, servicetest.NewRing())}
	r.Database = database
	r.Options.Store = r.Store.Inner // without CountingStore, which runs each Write twice
	r.Options.Log = slog.New(guessCounter{Handler: slog.DiscardHandler, wrong: &r.wrongGuesses})
	for n := range 3 {
		r.services = append(r.services, r.With(func(o *service.Options) {
			if n > 0 {
				o.Store = open().Store
			}
			o.Passwords = servicetest.NewPool(servicetest.CheapHash, 2)
		}))
	}
	r.Service = r.services[0]
	servicetest.Must(r.SetUp(t.Context(), servicetest.FirstRun()))
	r.PasswordHash = servicetest.Must(r.Store.Inner.Credential(t.Context(), 1)).PasswordHash
	return r
}

// guessCounter is a log handler that counts the log lines about wrong passwords.
type guessCounter struct {
	slog.Handler
	wrong *atomic.Int64
}

func (g guessCounter) Enabled(context.Context, slog.Level) bool { return true }

func (g guessCounter) Handle(_ context.Context, line slog.Record) error {
	line.Attrs(func(a slog.Attr) bool {
		if a.Key == "cause" && a.Value.String() == "wrong" {
			g.wrong.Add(1)
		}
		return true
	})
	return nil
}

// server returns the server with the number i modulo 3.
func (r *replicas) server(i int) *service.Service { return r.services[i%len(r.services)] }

// principal stores a session of a user directly in the database, and returns its principal.
func (r *replicas) principal(id int64) *account.Principal {
	r.T.Helper()
	text, hash, err := token.New(token.Session, rand.Reader)
	if err != nil {
		r.T.Fatal(err)
	}
	r.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		now := r.Clock.Now()
		session := account.Session{UserID: id, Created: now, LastSeen: now, ClientNetwork: servicetest.Home}
		_, err := tx.InsertSession(ctx, session, hash)
		return err
	})
	return servicetest.Must(r.Authenticate(r.T.Context(), text, account.Origin{ClientNetwork: servicetest.Home}))
}

// wantOnly fails the test if an error has a code that is not allowed; "" stands for success. It
// returns the number of errors by code.
func wantOnly(t testing.TB, errs []error, allowed ...account.Code) map[account.Code]int {
	t.Helper()
	count := servicetest.CountCodes(errs)
	left := len(errs)
	for _, code := range allowed {
		left -= count[code]
	}
	if left > 0 {
		t.Fatalf("the outcomes are %v", count)
	}
	return count
}

// Two administrators demote each other concurrently on two servers. One administrator is left.
func TestReplicasKeepAnAdministrator(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		rounds := 200 // rounds for each pair
		if r.engine == "sqlite" {
			rounds = 20 // SQLite has one writer, so two changes never run concurrently
		}
		last, created := int64(1), 0
		for _, pair := range [][2]string{
			{"delete", "delete"}, {"delete", "deactivate"}, {"delete", "change roles"},
			{"deactivate", "deactivate"}, {"deactivate", "change roles"}, {"change roles", "change roles"},
		} {
			for range rounds {
				created++
				email := fmt.Sprintf("admin%d@example.org", created)
				ids := []int64{last, r.AddUser(email, access.AdministratorRole)}
				callers := []*account.Principal{r.principal(ids[0]), r.principal(ids[1])}
				errs := servicetest.Parallel(2, func(i int) error {
					return demotions[pair[i]](r.server(i), t.Context(), callers[i], ids[1-i])
				})
				if left := countAdministrators(r.Fixture); left != 1 {
					t.Fatalf("%v: %d administrators are left: %v", pair, left, errs)
				}
				wantOnly(t, errs, "", account.CodeUnauthorized, account.CodeForbidden, account.CodeNotFound,
					account.CodeLastAdministrator)
				if errs[0] != nil {
					last = ids[1]
				}
			}
		}
	})
}

// Of 300 concurrent sign-ins with a wrong password on several servers, only three passwords are
// verified.
func TestReplicasVerifyThreeGuesses(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		id := r.AddUser("ada@example.org")
		errs := servicetest.Parallel(300, func(i int) error {
			_, err := r.server(i).SignIn(t.Context(), "ada@example.org", secret.New(servicetest.WrongPassword),
				account.Origin{ClientNetwork: servicetest.ClientNetwork(i)})
			return err
		})
		wantOnly(t, errs, account.CodeInvalidCredentials, account.CodeTooManyRequests, account.CodeUnavailable)
		if n := r.wrongGuesses.Load(); n != 3 || !r.StoredUser(id).LockedOut {
			t.Errorf("%d guesses were verified, want 3; locked: %v", n, r.StoredUser(id).LockedOut)
		}
	})
}

// Many concurrent sign-ins with the correct password do not lock the user out.
func TestReplicasAcceptTheOwner(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		id := r.AddUser("ada@example.org")
		errs := servicetest.Parallel(50, func(i int) error {
			_, err := r.server(i).SignIn(t.Context(), "ada@example.org", secret.New(servicetest.Password),
				account.Origin{ClientNetwork: servicetest.ClientNetwork(i)})
			return err
		})
		count := wantOnly(t, errs, "", account.CodeTooManyRequests)
		if count[""] < 3 || r.StoredUser(id).LockedOut {
			t.Errorf("%d sign-ins succeeded, want 3 or more; locked: %v", count[""], r.StoredUser(id).LockedOut)
		}
		r.NewSession("ada@example.org")
	})
}

// Many concurrent requests create a user with the same address. One of them succeeds.
func TestReplicasCreateOneUser(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.principal(1)
		errs := servicetest.Parallel(100, func(i int) error {
			_, err := r.server(i).CreateUsers(t.Context(), admin, []account.NewUser{servicetest.NewUser("ada@example.org")})
			return err
		})
		if count := wantOnly(t, errs, "", account.CodeEmailTaken); count[""] != 1 || len(r.ListedUsers()) != 2 {
			t.Errorf("%d calls succeeded and created %d users, want 1", count[""], len(r.ListedUsers())-1)
		}
	})
}

// When several servers redeem the same recovery token concurrently, one succeeds.
func TestReplicasUseATokenOnce(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		for round := range 10 {
			email := fmt.Sprintf("user%d@example.org", round)
			id := r.AddUser(email)
			text, hash, err := token.New(token.Recovery, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			r.WriteStore(func(ctx context.Context, tx *account.Tx) error {
				now := r.Clock.Now()
				return tx.InsertRecovery(ctx, account.Recovery{
					UserID: id, Kind: account.MailRecovery, Created: now, Expires: now.Add(account.RecoveryLifetime),
				}, hash)
			})
			chosen := func(i int) string { return fmt.Sprint(servicetest.NextPassword, "-", i) }
			errs := servicetest.Parallel(6, func(i int) error {
				return r.server(i).RetrievePassword(t.Context(), text, secret.New(chosen(i)),
					account.Origin{ClientNetwork: servicetest.ClientNetwork(6*round + i)})
			})
			if count := wantOnly(t, errs, "", account.CodeInvalidRecoveryToken); count[""] != 1 {
				t.Fatalf("the token was used %d times", count[""])
			}
			for i, err := range errs {
				if err == nil {
					r.NewSessionWith(email, chosen(i))
				}
			}
		}
	})
}
