package auth_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/monotime"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// remoteStore wraps the store of one node. Its hooks simulate a slow or broken connection to the
// database.
type remoteStore struct {
	account.Transactor
	account.AuthChangeReader
	beforePoll  func(ctx context.Context) error // called before changes are read, if set
	afterCommit func() error                    // called after a commit, if set
}

func (r *remoteStore) AuthChanges(
	ctx context.Context, after int64, age time.Duration, limit int,
) (account.AuthChangeBatch, error) {
	if r.beforePoll != nil {
		if err := r.beforePoll(ctx); err != nil {
			return account.AuthChangeBatch{}, err
		}
	}
	return r.AuthChangeReader.AuthChanges(ctx, after, age, limit)
}

func (r *remoteStore) Write(ctx context.Context, f func(context.Context, *account.Tx) error) error {
	err := r.Transactor.Write(ctx, f)
	if err == nil && r.afterCommit != nil {
		return r.afterCommit()
	}
	return err
}

// newRemoteNode returns a node with its own remoteStore. The node has polled every change so
// far.
func newRemoteNode(f *servicetest.Fixture) (*service.Service, *remoteStore) {
	f.T.Helper()
	r := &remoteStore{Transactor: f.Store, AuthChangeReader: f.Store}
	store := *f.Store.Store
	store.Transactor, store.AuthChangeReader = r, r
	s := f.With(func(o *service.Options) { o.Store = &store })
	pollInvalidations(f, s)
	return s, r
}

// A node uses its cache for less than 750 ms after the start of its last successful poll, even
// if the next polls fail or hang.
func TestNodeReadsDatabaseWhilePollFails(t *testing.T) {
	const maxStaleness = 750 * time.Millisecond
	for name, poll := range map[string]func(context.Context) error{
		"no poll": nil,
		"failing": func(context.Context) error { return errors.New("the database is down") },
		"hanging": func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			in := f.NewSession(servicetest.AdminEmail).Token
			node, store := newRemoteNode(f)
			authenticate(f, node, in)
			if !isCached(f, node, in) {
				t.Fatal("the session is not cached")
			}
			if poll != nil {
				store.beforePoll = poll
				f.Clock.Advance(maxStaleness / 2)
				if err := node.PollInvalidations(t.Context()); err == nil {
					t.Fatal("the poll succeeded")
				}
				f.Clock.Advance(maxStaleness/2 - 1)
			} else {
				f.Clock.Advance(maxStaleness - 1)
			}
			if !isCached(f, node, in) {
				t.Error("the cache is not used for 750 ms")
			}
			f.Clock.Advance(1)
			for range 2 {
				if isCached(f, node, in) {
					t.Error("the cache is used for more than 750 ms")
				}
			}
			store.beforePoll = nil
			pollInvalidations(f, node)
			if !isCached(f, node, in) {
				t.Error("the cache is not used after the next successful poll")
			}
		})
	}
	t.Run("slow", func(t *testing.T) { // the 750 ms begin with the start of the poll, not with its end
		f := servicetest.New(t)
		in := f.NewSession(servicetest.AdminEmail).Token
		node, store := newRemoteNode(f)
		authenticate(f, node, in)
		store.beforePoll = func(context.Context) error {
			f.Clock.Advance(maxStaleness - 1)
			return nil
		}
		pollInvalidations(f, node)
		if !isCached(f, node, in) {
			t.Error("the cache is not used")
		}
		f.Clock.Advance(1)
		if isCached(f, node, in) {
			t.Error("the cache is used for more than 750 ms after the poll began")
		}
	})
}

// The monotonic clock stands still while a machine is suspended. After the machine resumes, the
// node does not use its cache.
func TestResumedNodeReadsDatabase(t *testing.T) {
	f := servicetest.New(t)
	in := f.NewSession(servicetest.AdminEmail).Token
	wall := servicetest.Start
	node := f.With(func(o *service.Options) {
		o.Monotonic = monotime.NewFrom(func() (time.Time, time.Time) { return servicetest.Start, wall }).Now
	})
	pollInvalidations(f, node)
	authenticate(f, node, in)
	if !isCached(f, node, in) {
		t.Fatal("the session is not cached")
	}
	if err := f.EmergencyEndSessions(t.Context(), servicetest.AdminEmail); err != nil {
		t.Fatal(err)
	}
	wall = wall.Add(time.Second)
	if authenticate(f, node, in).code != account.CodeUnauthorized {
		t.Error("the revoked token authenticates")
	}
	other := f.NewSession(servicetest.AdminEmail).Token
	pollInvalidations(f, node)
	authenticate(f, node, other)
	if !isCached(f, node, other) {
		t.Error("the cache is not used after the next successful poll")
	}
}

// While a node can't poll, it stops using its cache after 750 ms. From then on it refuses a
// token that was revoked on another node.
func TestUnpolledRevocation(t *testing.T) {
	f := servicetest.New(t)
	in := f.NewSession(servicetest.AdminEmail)
	node, store := newRemoteNode(f)
	authenticate(f, node, in.Token)
	store.beforePoll = func(context.Context) error { return errors.New("no packets") }
	if err := f.EmergencyEndSessions(t.Context(), servicetest.AdminEmail); err != nil {
		t.Fatal(err)
	}
	for waited := time.Duration(0); waited < time.Second; waited += auth.PollInterval {
		if err := node.PollInvalidations(t.Context()); err == nil {
			t.Fatal("the poll succeeded")
		}
		f.Clock.Advance(auth.PollInterval)
	}
	if authenticate(f, node, in.Token).code != account.CodeUnauthorized {
		t.Error("the token authenticates one second after its revocation")
	}
}

// While the cache loads a principal, a change is committed and polled. The load has read the old
// values, so its result must not be cached.
func TestLoadDuringChangeIsNotCached(t *testing.T) {
	for name, change := range map[string]func(f *servicetest.Fixture, here, node *service.Service, id int64) error{
		"made on another node and polled": func(f *servicetest.Fixture, here, node *service.Service, id int64) error {
			_, err := here.SetUserRoles(f.T.Context(), f.Admin(), id, []int64{access.AdministratorRole})
			return errors.Join(err, node.PollInvalidations(f.T.Context()))
		},
		"made on the same node": func(f *servicetest.Fixture, _, node *service.Service, id int64) error {
			_, err := node.SetUserRoles(f.T.Context(), f.Admin(), id, []int64{access.AdministratorRole})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			id := f.AddUser(annEmail, access.UserRole)
			in := f.NewSession(annEmail).Token
			node := newNode(f)
			f.Store.OnCall(func(method string) {
				if method != "RolesOf" { // the last method that loading a principal calls
					return
				}
				f.Store.OnCall(func(string) {})
				if err := change(f, f.Service, node, id); err != nil {
					t.Error(err)
				}
			})
			if got := authenticate(f, node, in); got.access.Administrator {
				t.Error("the load already has the new roles")
			}
			if got := authenticate(f, node, in); !got.access.Administrator {
				t.Error("the load from before the change is cached")
			}
			if !isCached(f, node, in) {
				t.Error("the load from after the change is not cached")
			}
		})
	}
}

// A node loses the connection during a commit and doesn't know the outcome. It refuses the
// revoked token all the same.
func TestRevocationWithUnknownOutcomeAppliesLocally(t *testing.T) {
	f := servicetest.New(t)
	in := f.NewSession(servicetest.AdminEmail).Token
	node, store := newRemoteNode(f)
	authenticate(f, node, in)
	if !isCached(f, node, in) {
		t.Fatal("the session is not cached")
	}
	lost := errors.New("the connection broke")
	store.afterCommit = func() error { return lost }
	if err := node.EmergencyEndSessions(t.Context(), servicetest.AdminEmail); !errors.Is(err, lost) {
		t.Fatal(err)
	}
	if authenticate(f, node, in).code != account.CodeUnauthorized {
		t.Error("the token authenticates on the node that revoked it")
	}
}

// Many users authenticate and the node polls while a token is revoked. The token is refused as
// soon as the revocation has returned.
func TestRevokedCredentialIsNeverAcceptedLocally(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser(annEmail)
	for range 3 {
		var tokens []secret.Text
		for range 8 {
			tokens = append(tokens, f.NewSession(annEmail).Token)
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
					accepted := authenticate(f, f.Service, in).code == ""
					if acknowledged && accepted {
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
