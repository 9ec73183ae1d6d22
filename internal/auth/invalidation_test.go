package auth_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/monotime"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// remote is the store of a node that is far from the database.
type remoteStore struct {
	account.Store
	beforePoll  func(ctx context.Context) error // before changes are read; nil: at once
	afterCommit func() error                    // after a commit; nil: nothing
}

func (r *remoteStore) AuthChanges(ctx context.Context, after int64, age time.Duration,
	limit int) (account.AuthChangeBatch, error) {
	if r.beforePoll != nil {
		if err := r.beforePoll(ctx); err != nil {
			return account.AuthChangeBatch{}, err
		}
	}
	return r.Store.AuthChanges(ctx, after, age, limit)
}

func (r *remoteStore) Write(ctx context.Context, f func(context.Context, account.Tx) error) error {
	err := r.Store.Write(ctx, f)
	if err == nil && r.afterCommit != nil {
		return r.afterCommit()
	}
	return err
}

// far returns a node with a store of its own, which has heard of every change so far.
func newRemoteNode(f *servicetest.Fixture) (*service.Service, *remoteStore) {
	f.T.Helper()
	r := &remoteStore{Store: f.Store}
	s := f.With(func(o *service.Options) { o.Store = r })
	pollInvalidations(f, s)
	return s, r
}

// TestNodeReadsDatabaseWhilePollFails: a node answers from memory for less than
// 750 ms after a good read of changes began, whatever becomes of the next ones.
func TestNodeReadsDatabaseWhilePollFails(t *testing.T) {
	const trust = 750 * time.Millisecond
	for name, hear := range map[string]func(f *servicetest.Fixture) func(context.Context) error{
		"never asked": nil,
		"refused": func(*servicetest.Fixture) func(context.Context) error {
			return func(context.Context) error { return errors.New("the database is gone") }
		},
		"hanging": func(*servicetest.Fixture) func(context.Context) error {
			return func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			in := f.NewSession(servicetest.AdminEmail, servicetest.Password).Token
			node, store := newRemoteNode(f)
			authenticate(f, node, in)
			if !isCached(f, node, in) {
				t.Fatal("it is not remembered")
			}
			if hear != nil {
				store.beforePoll = hear(f)
				f.Clock.Advance(trust / 2)
				if err := node.PollInvalidations(t.Context()); err == nil {
					t.Fatal("the read went well")
				}
				f.Clock.Advance(trust/2 - 1)
			} else {
				f.Clock.Advance(trust - 1)
			}
			if !isCached(f, node, in) {
				t.Error("it is not trusted for 750 ms")
			}
			f.Clock.Advance(1)
			for range 2 {
				if isCached(f, node, in) {
					t.Error("it is trusted for longer")
				}
			}
			store.beforePoll = nil
			pollInvalidations(f, node)
			if !isCached(f, node, in) {
				t.Error("it is not trusted after the next good read")
			}
		})
	}
	t.Run("slow", func(t *testing.T) { // the time counts from when the read began
		f := servicetest.New(t)
		in := f.NewSession(servicetest.AdminEmail, servicetest.Password).Token
		node, store := newRemoteNode(f)
		authenticate(f, node, in)
		store.beforePoll = func(context.Context) error {
			f.Clock.Advance(trust - 1)
			return nil
		}
		pollInvalidations(f, node)
		if !isCached(f, node, in) {
			t.Error("it is not trusted")
		}
		f.Clock.Advance(1)
		if isCached(f, node, in) {
			t.Error("it is trusted for longer than 750 ms after the read began")
		}
	})
}

// TestResumedNodeReadsDatabase: after a machine was suspended, which its monotonic
// clock does not tell, its node trusts nothing that it remembers.
func TestResumedNodeReadsDatabase(t *testing.T) {
	f := servicetest.New(t)
	in := f.NewSession(servicetest.AdminEmail, servicetest.Password).Token
	wall := servicetest.Start
	node := f.With(func(o *service.Options) {
		o.Monotonic = monotime.NewFrom(func() (time.Time, time.Time) { return servicetest.Start, wall }).Now
	})
	pollInvalidations(f, node)
	authenticate(f, node, in)
	if !isCached(f, node, in) {
		t.Fatal("it is not remembered")
	}
	if err := f.EmergencyEndSessions(t.Context(), servicetest.AdminEmail); err != nil {
		t.Fatal(err)
	}
	wall = wall.Add(time.Second)
	if authenticate(f, node, in).code != account.CodeUnauthorized {
		t.Error("the token lets in")
	}
	other := f.NewSession(servicetest.AdminEmail, servicetest.Password).Token
	pollInvalidations(f, node)
	authenticate(f, node, other)
	if !isCached(f, node, other) {
		t.Error("it is not trusted after the next good read")
	}
}

// TestUnpolledRevocation: while a node cannot hear, what is revoked elsewhere is so
// on it from the moment on that it does not trust what it remembers.
func TestUnpolledRevocation(t *testing.T) {
	f := servicetest.New(t)
	in := f.NewSession(servicetest.AdminEmail, servicetest.Password)
	node, store := newRemoteNode(f)
	authenticate(f, node, in.Token)
	store.beforePoll = func(context.Context) error { return errors.New("no packets") }
	if err := f.EmergencyEndSessions(t.Context(), servicetest.AdminEmail); err != nil {
		t.Fatal(err)
	}
	for waited := time.Duration(0); waited < time.Second; waited += auth.PollInterval {
		if err := node.PollInvalidations(t.Context()); err == nil {
			t.Fatal("the read went well")
		}
		f.Clock.Advance(auth.PollInterval)
	}
	if authenticate(f, node, in.Token).code != account.CodeUnauthorized {
		t.Error("a second after it was revoked, the token lets in")
	}
}

// TestLoadDuringChangeIsNotCached: a load stands between its reads and its being kept
// while a change is made and heard of. What it has read is from before.
func TestLoadDuringChangeIsNotCached(t *testing.T) {
	for name, deactivate := range map[string]func(f *servicetest.Fixture, here, node *service.Service, id int64) error{
		"made elsewhere and heard of": func(f *servicetest.Fixture, here, node *service.Service, id int64) error {
			_, err := here.SetUserRoles(f.T.Context(), f.Admin(), id, []int64{access.AdministratorRole})
			return errors.Join(err, node.PollInvalidations(f.T.Context()))
		},
		"made here": func(f *servicetest.Fixture, _, node *service.Service, id int64) error {
			_, err := node.SetUserRoles(f.T.Context(), f.Admin(), id, []int64{access.AdministratorRole})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			id := f.AddUser(annEmail, access.UserRole)
			in := f.NewSession(annEmail, servicetest.Password).Token
			node := newNode(f)
			f.Store.OnCall(func(method string) {
				if method != "RolesOf" { // the last read of a load
					return
				}
				f.Store.OnCall(func(string) {})
				if err := deactivate(f, f.Service, node, id); err != nil {
					t.Error(err)
				}
			})
			if got := authenticate(f, node, in); got.access.Administrator {
				t.Error("the change was made before it was read")
			}
			if got := authenticate(f, node, in); !got.access.Administrator {
				t.Error("what was read before the change is kept")
			}
			if !isCached(f, node, in) {
				t.Error("what was read after it is not")
			}
		})
	}
}

// TestRevocationWithUnknownOutcomeAppliesLocally: the answer to a commit is lost.
func TestRevocationWithUnknownOutcomeAppliesLocally(t *testing.T) {
	f := servicetest.New(t)
	in := f.NewSession(servicetest.AdminEmail, servicetest.Password).Token
	node, store := newRemoteNode(f)
	authenticate(f, node, in)
	if !isCached(f, node, in) {
		t.Fatal("it is not remembered")
	}
	lost := errors.New("the connection broke")
	store.afterCommit = func() error { return lost }
	if err := node.EmergencyEndSessions(t.Context(), servicetest.AdminEmail); !errors.Is(err, lost) {
		t.Fatal(err)
	}
	if authenticate(f, node, in).code != account.CodeUnauthorized {
		t.Error("the token lets in on the node that revoked it")
	}
}

// TestSlowChangeIsAnnouncedAgain: a change that becomes visible when others may look
// past its row is acknowledged only when there is a younger one.
func TestSlowChangeIsAnnouncedAgain(t *testing.T) {
	for took, want := range map[time.Duration]int{7 * time.Second: 0, 7*time.Second + 1: 1} {
		f := servicetest.New(t)
		f.NewSession(servicetest.AdminEmail, servicetest.Password)
		node, store := newRemoteNode(f)
		store.afterCommit = func() error { // the row is too old to be read
			store.afterCommit = nil
			f.Clock.Advance(took)
			f.WriteStore(func(ctx context.Context, tx account.Tx) error {
				_, err := tx.DeleteAuthChanges(ctx, 0, 100)
				return err
			})
			return nil
		}
		if err := node.EmergencyEndSessions(t.Context(), servicetest.AdminEmail); err != nil {
			t.Fatal(err)
		}
		news, err := f.Store.AuthChanges(t.Context(), 0, time.Hour, 100)
		if err != nil || len(news.Changes) != want {
			t.Errorf("after %v others can hear of %v, %v", took, news.Changes, err)
		}
	}
}

// TestSlowChangeIsAnnouncedLater: where a slow change cannot be told of at once, it is when
// the database works again.
func TestSlowChangeIsAnnouncedLater(t *testing.T) {
	f := servicetest.New(t)
	in := f.NewSession(servicetest.AdminEmail, servicetest.Password).Token
	other := newNode(f)
	authenticate(f, other, in)
	node, store := newRemoteNode(f)
	store.afterCommit = func() error {
		store.afterCommit = nil
		f.Clock.Advance(8 * time.Second)
		f.WriteStore(func(ctx context.Context, tx account.Tx) error {
			_, err := tx.DeleteAuthChanges(ctx, 0, 100)
			return err
		})
		f.Store.Down.Store(true)
		return nil
	}
	if err := node.EmergencyEndSessions(t.Context(), servicetest.AdminEmail); !errors.Is(err, servicetest.ErrDown) ||
		!strings.Contains(err.Error(), "The change was made") {
		t.Fatal(err)
	}
	f.Clock.Advance(auth.RetryInterval)
	if err := node.RetryInvalidations(t.Context()); !errors.Is(err, servicetest.ErrDown) {
		t.Fatal(err)
	}
	f.Store.Down.Store(false)
	f.Clock.Advance(2 * auth.RetryInterval)
	if err := node.RetryInvalidations(t.Context()); err != nil {
		t.Fatal(err)
	}
	pollInvalidations(f, other)
	if authenticate(f, other, in).code != account.CodeUnauthorized {
		t.Error("the token lets in")
	}
}

// late is a store whose next commit is not heard of, and takes effect later, if at all.
type lateCommitStore struct {
	account.Store
	commit func() error // nil: nothing waits
}

func (l *lateCommitStore) Write(ctx context.Context, f func(context.Context, account.Tx) error) error {
	if l.commit != nil {
		return l.Store.Write(ctx, f)
	}
	l.commit = func() error {
		return l.Store.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx account.Tx) error {
			if err := f(ctx, tx); err != nil {
				return err
			}
			_, err := tx.DeleteAuthChanges(ctx, 0, 100) // nobody looks back as far
			return err
		})
	}
	err := l.Store.Write(ctx, func(ctx context.Context,
		tx account.Tx) error {
		return errors.Join(f(ctx, tx), servicetest.ErrRerun)
	})
	if !errors.Is(err, servicetest.ErrRerun) {
		return err
	}
	return &account.Error{Code: account.CodeUnavailable, Err: account.ErrOutcomeUnknown}
}

// TestChangeThatBecomesVisibleLate: a change of which the node that made it has not
// heard holds elsewhere after twice the time that it took to become visible, and
// two seconds. A minute later it would by itself: who is remembered is then read anew.
func TestChangeThatBecomesVisibleLate(t *testing.T) {
	for _, took := range []time.Duration{0, 5 * time.Second, 20 * time.Second} {
		t.Run(took.String(), func(t *testing.T) {
			f := servicetest.New(t)
			in := f.NewSession(servicetest.AdminEmail, servicetest.Password).Token
			other := newNode(f)
			store := &lateCommitStore{Store: f.Store.Inner}
			node := f.With(func(o *service.Options) { o.Store = store })
			if err := node.EmergencyEndSessions(t.Context(), servicetest.AdminEmail); !errors.Is(err,
				account.ErrOutcomeUnknown) {
				t.Fatal(err)
			}
			for waited := time.Duration(0); waited <= 2*took+2*time.Second; waited += auth.RetryInterval {
				if waited == took {
					pollInvalidations(f, other)
					authenticate(f, other, in)
					if err := store.commit(); err != nil || authenticate(f, other, in).code != "" {
						t.Fatal("it is seen before it can be", err)
					}
				}
				f.Clock.Advance(auth.RetryInterval)
				if err := node.RetryInvalidations(t.Context()); err != nil {
					t.Fatal(err)
				}
				pollInvalidations(f, other)
				if got := authenticate(f, other, in).code; waited < took && got != "" {
					t.Fatalf("%v: %s", waited, got)
				}
			}
			if authenticate(f, other, in).code != account.CodeUnauthorized {
				t.Error("the token lets in")
			}
		})
	}
}

// TestCachedCredentialsExpire: being remembered makes no credential live longer.
func TestCachedCredentialsExpire(t *testing.T) {
	for name, test := range map[string]struct {
		credential   func(*annFixture) secret.Text
		life, before time.Duration // its end, and the last use before that
	}{
		"session without use": {func(s *annFixture) secret.Text { return s.session }, account.SessionIdle,
			account.SessionIdle},
		"named key": {func(s *annFixture) secret.Text {
			return s.NewNamedKey(s.PrincipalBy(s.session), apikey.NewAPIKey{Name: "brief", Lifetime: 24 * time.Hour})
		}, 24 * time.Hour, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			s := newAnnFixture(t)
			credential := test.credential(s)
			f := s.Fixture
			f.Clock.Advance(test.life - test.before)
			pollInvalidations(f, f.Service)
			if got := authenticate(f, f.Service, credential); got.code != "" || !isCached(f, f.Service, credential) {
				t.Fatalf("it is not remembered: %+v", got)
			}
			f.Clock.Advance(test.before)
			pollInvalidations(f, f.Service)
			if authenticate(f, f.Service, credential).code != account.CodeUnauthorized {
				t.Error("it lets in after its end")
			}
		})
	}
	t.Run("session in use", func(t *testing.T) {
		s := newAnnFixture(t)
		for lived := time.Duration(0); lived < account.SessionAbsolute; lived += account.SessionIdle / 2 {
			pollInvalidations(s.Fixture, s.Service)
			if got := authenticate(s.Fixture, s.Service, s.session); got.code != "" {
				t.Fatalf("it is over after %v", lived)
			}
			s.Clock.Advance(account.SessionIdle / 2)
		}
		if pollInvalidations(s.Fixture, s.Service); authenticate(s.Fixture, s.Service, s.session).code == "" {
			t.Error("it lives for ever")
		}
	})
}

// TestUseOfCachedCredentialsIsStored: the last use of a session and of a key is stored each
// minute, and no more often.
func TestUseOfCachedCredentialsIsStored(t *testing.T) {
	s := newAnnFixture(t)
	kept := func() [2]time.Time {
		t.Helper()
		session, err := s.Store.Inner.Session(t.Context(), s.PrincipalBy(s.session).Credential.ID)
		key, err2 := s.Store.Inner.APIKey(t.Context(), s.PrincipalBy(s.named).Credential.ID)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		return [2]time.Time{session.LastSeen, key.LastUsed}
	}
	pollInvalidations(s.Fixture, s.Service)
	for minute := range 3 {
		at := servicetest.Start.Add(time.Duration(minute) * time.Minute)
		if got := kept(); got != [2]time.Time{at, at} {
			t.Errorf("after %d minutes the last uses are %v", minute, got)
		}
		for range 2 {
			s.Clock.Advance(30*time.Second - time.Microsecond)
			pollInvalidations(s.Fixture, s.Service)
			if writes := s.Store.CallsDuring(func() { kept() })["Write"]; writes != 0 {
				t.Errorf("%d writes within a minute", writes)
			}
		}
		s.Clock.Advance(2 * time.Microsecond)
		pollInvalidations(s.Fixture, s.Service)
	}
}

// TestRevokedCredentialIsNeverAcceptedLocally: while many use their tokens and the node hears of
// changes, no token is accepted after its revocation was acknowledged.
func TestRevokedCredentialIsNeverAcceptedLocally(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser(annEmail)
	for range 3 {
		var tokens []secret.Text
		for range 8 {
			tokens = append(tokens, f.NewSession(annEmail, servicetest.Password).Token)
		}
		done, revoked := make(chan struct{}), make([]chan struct{}, len(tokens))
		var users sync.WaitGroup
		for i, in := range tokens {
			revoked[i] = make(chan struct{})
			users.Go(func() {
				for {
					acknowledged := false
					select {
					case <-revoked[i]:
						acknowledged = true
					default:
					}
					in := authenticate(f, f.Service, in).code == ""
					if acknowledged && in {
						t.Error("a revoked token was accepted")
					}
					if acknowledged {
						return
					}
				}
			})
		}
		users.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					pollInvalidations(f, f.Service)
				}
			}
		})
		admin := f.Admin()
		for i, in := range tokens[:4] {
			p, err := f.Authenticate(t.Context(), in, account.Origin{})
			if err == nil {
				err = f.EndSession(t.Context(), admin, p.Credential.ID)
			}
			if err != nil {
				t.Error(err)
			}
			close(revoked[i])
		}
		if err := f.EndSessions(t.Context(), admin, id, false); err != nil {
			t.Error(err)
		}
		for i := range tokens[4:] {
			close(revoked[4+i])
		}
		close(done)
		users.Wait()
	}
}
