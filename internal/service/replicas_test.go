package service_test

import (
	"context"
	"crypto/rand"
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

// replicas are servers on one database.
type replicas struct {
	engine               string
	*servicetest.Fixture // the first of them
	services             []*service.Service
	wrongGuesses         atomic.Int64 // guesses that were verified, and were wrong
}

// onReplicas runs a test on three servers over each engine. These tests are not
// parallel to others: under their load a transaction might be cut.
func onReplicas(t *testing.T, test func(t *testing.T, r *replicas)) {
	t.Helper()
	for _, e := range enginetest.Engines {
		t.Run(e.Name, func(t *testing.T) { test(t, newReplicas(t, e)) })
	}
}

func newReplicas(t *testing.T, e enginetest.Engine) *replicas {
	open := e.New(t).Open
	r := &replicas{engine: e.Name, Fixture: servicetest.NewOver(t, open(), servicetest.NewRing())}
	r.Options.Store = r.Store.Inner // with no other runs than the engine's own
	r.Options.Log = slog.New(guessCounter{slog.DiscardHandler, &r.wrongGuesses})
	for n := range 3 {
		r.services = append(r.services, r.With(func(o *service.Options) {
			if n > 0 {
				o.Store = open()
			}
			o.Passwords = servicetest.NewPool(servicetest.CheapHash, 2)
		}))
	}
	r.Service = r.services[0]
	servicetest.Must(r.SetUp(t.Context(), servicetest.FirstRun()))
	r.PasswordHash = servicetest.Must(r.Store.Inner.Credential(t.Context(), 1)).PasswordHash
	return r
}

// guesses counts the log lines that tell of a wrong password.
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

// of is one of the servers.
func (r *replicas) server(i int) *service.Service { return r.services[i%len(r.services)] }

// caller makes a session of a user past the rules, and returns its principal.
func (r *replicas) principal(id int64) *account.Principal {
	r.T.Helper()
	text, hash, err := token.New(token.Session, rand.Reader)
	if err != nil {
		r.T.Fatal(err)
	}
	r.WriteStore(func(ctx context.Context, tx account.Tx) error {
		now := r.Clock.Now()
		_, err := tx.InsertSession(ctx, account.Session{UserID: id, Created: now, LastSeen: now,
			ClientNetwork: servicetest.Home}, hash)
		return err
	})
	return servicetest.Must(r.Authenticate(r.T.Context(), text, account.Origin{ClientNetwork: servicetest.Home}))
}

// wantOnly fails unless every outcome is one of these; "" is success.
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

// Whatever two administrators do to each other at the same time on two servers, one
// is left.
func TestReplicasKeepAnAdministrator(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		rounds := 200 // of each pair
		if r.engine == "sqlite" {
			rounds = 20 // its one writer lets no two run at once
		}
		last, made := int64(1), 0
		for _, pair := range [][2]string{
			{"delete", "delete"}, {"delete", "deactivate"}, {"delete", "change roles"},
			{"deactivate", "deactivate"}, {"deactivate", "change roles"}, {"change roles", "change roles"},
		} {
			for range rounds {
				made++
				ids := []int64{last, r.AddUser(fmt.Sprintf("admin%d@example.org", made), access.AdministratorRole)}
				callers := []*account.Principal{r.principal(ids[0]), r.principal(ids[1])}
				errs := servicetest.Parallel(2,
					func(i int) error { return demotions[pair[i]](r.server(i), t.Context(), callers[i], ids[1-i]) })
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

// Of many wrong guesses at one account, on several servers, three are verified.
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
			t.Errorf("%d guesses were verified; locked: %v", n, r.StoredUser(id).LockedOut)
		}
	})
}

// Many right passwords at once lock nobody.
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
			t.Errorf("%d came in; locked: %v", count[""], r.StoredUser(id).LockedOut)
		}
		r.NewSession("ada@example.org")
	})
}

// Of many users with one address, one is made.
func TestReplicasCreateOneUser(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		admin := r.principal(1)
		errs := servicetest.Parallel(100, func(i int) error {
			_, err := r.server(i).CreateUsers(t.Context(), admin, []account.NewUser{servicetest.NewUser("ada@example.org")})
			return err
		})
		if count := wantOnly(t, errs, "", account.CodeEmailTaken); count[""] != 1 || len(r.ListedUsers()) != 2 {
			t.Errorf("%d were made, %d are there", count[""], len(r.ListedUsers())-1)
		}
	})
}

// A token of recovery is used once.
func TestReplicasUseATokenOnce(t *testing.T) {
	onReplicas(t, func(t *testing.T, r *replicas) {
		for round := range 10 {
			email := fmt.Sprintf("user%d@example.org", round)
			id := r.AddUser(email)
			text, hash, err := token.New(token.Recovery, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			r.WriteStore(func(ctx context.Context, tx account.Tx) error {
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
				t.Fatalf("it was used %d times", count[""])
			}
			for i, err := range errs {
				if err == nil {
					r.NewSessionWith(email, chosen(i))
				}
			}
		}
	})
}
