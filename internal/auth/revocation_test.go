package auth_test

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// pollInvalidations lets the node s poll for changes once.
func pollInvalidations(f *servicetest.Fixture, s *service.Service) {
	f.T.Helper()
	if err := s.PollInvalidations(f.T.Context()); err != nil {
		f.T.Fatal(err)
	}
}

// newNode returns another node on the same database. It has polled every change so far.
func newNode(f *servicetest.Fixture) *service.Service {
	f.T.Helper()
	s := f.With(func(*service.Options) {})
	pollInvalidations(f, s)
	return s
}

// authentication is the part of an authentication's result that tests compare.
type authentication struct {
	code       account.Code
	user       account.User
	roles      []access.Role
	access     access.Set
	credential account.CredentialRef
}

// encodedUser returns the JSON of a user from the node s, as an administrator sees it, or the
// code of the error.
func encodedUser(f *servicetest.Fixture, s *service.Service, admin *account.Principal, id int64) string {
	f.T.Helper()
	text, err := s.EncodedUser(f.T.Context(), admin, id, func(u account.User) ([]byte, error) { return json.Marshal(u) })
	if err != nil {
		return string(account.ErrorCode(err))
	}
	return string(text)
}

// authenticate authenticates a credential on the node s.
func authenticate(f *servicetest.Fixture, s *service.Service, credential secret.Text) authentication {
	f.T.Helper()
	p, err := s.Authenticate(f.T.Context(), credential, account.Origin{ClientNetwork: servicetest.Home})
	if err != nil {
		return authentication{code: account.ErrorCode(err)}
	}
	return authentication{user: p.User, roles: p.Roles, access: p.Access, credential: p.Credential}
}

// isCached reports whether the node s authenticates a credential without using the store.
func isCached(f *servicetest.Fixture, s *service.Service, credential secret.Text) bool {
	f.T.Helper()
	return len(f.Store.CallsDuring(func() { authenticate(f, s, credential) })) == 0
}

// annFixture is a fixture with a user, Ann. She has one credential of each kind and may read a
// second user, the bystander.
type annFixture struct {
	*servicetest.Fixture
	admin           *account.Principal
	ann, bystander  int64
	role            int64 // a role that Ann has in addition to role 2
	session, other  secret.Text
	contract, named secret.Text
}

const annEmail = "ann@example.org"

func newAnnFixture(t *testing.T) *annFixture {
	f := servicetest.New(t)
	s := &annFixture{Fixture: f, admin: f.Admin(), bystander: f.AddUser("bob@example.org")}
	s.role = f.AddRole(servicetest.Permit("user:read", s.bystander))
	s.ann = f.AddUser(annEmail, access.UserRole, s.role)
	s.session, s.other = f.NewSession(annEmail).Token, f.NewSession(annEmail).Token
	caller := f.PrincipalBy(s.session)
	s.contract, s.named = f.NewContractKey(caller), f.NewNamedKey(caller, apikey.NewAPIKey{Name: "script"})
	return s
}

func (s *annFixture) credentials() map[string]secret.Text {
	return map[string]secret.Text{
		"session": s.session, "other session": s.other, "contract key": s.contract, "named key": s.named,
	}
}

// annUpdate returns an operation in which the administrator applies the update up to Ann.
func annUpdate(up account.UserUpdate) func(context.Context, *annFixture) error {
	return func(ctx context.Context, s *annFixture) error {
		_, err := s.UpdateUser(ctx, s.admin, s.ann, up)
		return err
	}
}

// annChanges are operations that affect the result of authenticating with at least one of Ann's
// credentials. The keys name the operations.
var annChanges = map[string]func(context.Context, *annFixture) error{
	"she signs out": func(ctx context.Context, s *annFixture) error { return s.SignOut(ctx, s.PrincipalBy(s.session)) },
	"she ends her other session": func(ctx context.Context, s *annFixture) error {
		return s.EndSession(ctx, s.PrincipalBy(s.session), s.PrincipalBy(s.other).Credential.ID)
	},
	"she ends all others": func(ctx context.Context, s *annFixture) error {
		return s.EndSessions(ctx, s.PrincipalBy(s.session), s.ann, true)
	},
	"an administrator ends her sessions": func(ctx context.Context, s *annFixture) error {
		return s.EndSessions(ctx, s.admin, s.ann, false)
	},
	"she changes her password": func(ctx context.Context, s *annFixture) error {
		return s.ChangeOwnPassword(s.PrincipalBy(s.session), servicetest.Password, servicetest.NextPassword)
	},
	"five wrong passwords": func(ctx context.Context, s *annFixture) error {
		for range 5 {
			err := s.ChangeOwnPassword(s.PrincipalBy(s.session), servicetest.WrongPassword, servicetest.NextPassword)
			if account.ErrorCode(err) != account.CodeWrongPassword {
				return err
			}
			s.Clock.Advance(10 * time.Minute) // so that no lock remains, neither of the network nor of the account
		}
		return nil
	},
	"she renews her key": func(ctx context.Context, s *annFixture) error {
		_, err := s.RenewContractKey(ctx, s.PrincipalBy(s.session))
		return err
	},
	"she ends a key": func(ctx context.Context, s *annFixture) error {
		return s.EndKey(ctx, s.PrincipalBy(s.session), s.PrincipalBy(s.named).Credential.ID)
	},
	"she recovers her password": func(ctx context.Context, s *annFixture) error {
		for d := s.ClaimNext(); d != nil; d = s.ClaimNext() { // discard the mails about her keys
			if err := s.MailDelivered(ctx, d); err != nil {
				return err
			}
		}
		return s.RecoverWith(s.RecoveryToken(annEmail), servicetest.NextPassword)
	},
	"the operator ends her sessions": func(ctx context.Context, s *annFixture) error {
		return s.EmergencyEndSessions(ctx, annEmail)
	},
	"the operator ends her keys": func(ctx context.Context, s *annFixture) error {
		return s.EmergencyEndKeys(ctx, annEmail)
	},
	"the operator resets her password": func(ctx context.Context, s *annFixture) error {
		return s.EmergencyReset(ctx, annEmail, secret.New(servicetest.NextPassword))
	},
	"she is deactivated":     annUpdate(account.UserUpdate{Active: new(false)}),
	"she is renamed":         annUpdate(account.UserUpdate{ProfileUpdate: account.ProfileUpdate{Name: new("Anne")}}),
	"her address is changed": annUpdate(account.UserUpdate{Email: new("anne@example.org")}),
	"her password is reset": annUpdate(account.UserUpdate{
		Password: new(secret.New(servicetest.NextPassword)), KeepKeys: true,
	}),
	"she is deleted": func(ctx context.Context, s *annFixture) error { return s.DeleteUser(ctx, s.admin, s.ann) },
	"a role is removed": func(ctx context.Context, s *annFixture) error {
		_, err := s.SetUserRoles(ctx, s.admin, s.ann, []int64{s.role})
		return err
	},
	"a role is added": func(ctx context.Context, s *annFixture) error {
		_, err := s.SetUserRoles(ctx, s.admin, s.ann, []int64{access.UserRole, s.role, access.AdministratorRole})
		return err
	},
	"her role is narrowed": func(ctx context.Context, s *annFixture) error {
		_, err := s.SetRolePermissions(ctx, s.admin, s.role, nil)
		return err
	},
	"her role is renamed": func(ctx context.Context, s *annFixture) error {
		_, err := s.UpdateRole(ctx, s.admin, s.role, account.RoleUpdate{Name: new("Readers")})
		return err
	},
	"her role is deleted": func(ctx context.Context, s *annFixture) error {
		return s.DeleteRole(ctx, s.admin, s.role, access.UserRole)
	},
	"a user that her role lists is deleted": func(ctx context.Context, s *annFixture) error {
		return s.DeleteUser(ctx, s.admin, s.bystander)
	},
	"sessions expire sooner": func(ctx context.Context, s *annFixture) error {
		s.Clock.Advance(10 * time.Minute)
		idle := 5 * time.Minute
		_, err := s.UpdateServerSettings(ctx, s.admin, settings.ServerUpdate{SessionIdle: &idle})
		return err
	},
	"she is locked": func(_ context.Context, s *annFixture) error {
		s.LockOut(annEmail)
		return nil
	},
}

// A change on one node applies there at once, and on another node after its next poll.
func TestChangesReachEveryNode(t *testing.T) {
	for name, change := range annChanges {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newAnnFixture(t)
			pollInvalidations(s.Fixture, s.Service)
			remote := newNode(s.Fixture)
			before := map[string]authentication{}
			for _, node := range []*service.Service{s.Service, remote} {
				encodedUser(s.Fixture, node, s.admin, s.ann)
				calls := s.Store.CallsDuring(func() { encodedUser(s.Fixture, node, s.admin, s.ann) })
				if len(calls) > 0 {
					t.Fatalf("the encoded user is not cached: %v", calls)
				}
			}
			for kind, credential := range s.credentials() {
				before[kind] = authenticate(s.Fixture, remote, credential)
				authenticate(s.Fixture, s.Service, credential)
				if before[kind].code != "" || !isCached(s.Fixture, remote, credential) ||
					!isCached(s.Fixture, s.Service, credential) {
					t.Fatalf("the %s is not cached: %+v", kind, before[kind])
				}
			}
			if err := change(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			uncached := s.With(func(*service.Options) {}) // never polls, so it always reads the database
			changed := false
			wantUser := encodedUser(s.Fixture, uncached, s.admin, s.ann)
			if got := encodedUser(s.Fixture, s.Service, s.admin, s.ann); got != wantUser {
				t.Errorf("on this node Ann is\n%s, want\n%s", got, wantUser)
			}
			pollInvalidations(s.Fixture, remote)
			if got := encodedUser(s.Fixture, remote, s.admin, s.ann); got != wantUser {
				t.Errorf("on the remote node Ann is\n%s, want\n%s", got, wantUser)
			}
			for kind, credential := range s.credentials() {
				want := authenticate(s.Fixture, uncached, credential)
				changed = changed || !reflect.DeepEqual(want, before[kind])
				if got := authenticate(s.Fixture, s.Service, credential); !reflect.DeepEqual(got, want) {
					t.Errorf("on this node the %s authenticates\n%+v, want\n%+v", kind, got, want)
				}
				pollInvalidations(s.Fixture, remote)
				if got := authenticate(s.Fixture, remote, credential); !reflect.DeepEqual(got, want) {
					t.Errorf("on the remote node the %s authenticates\n%+v, want\n%+v", kind, got, want)
				}
			}
			if !changed {
				t.Error("the operation changed no authentication")
			}
		})
	}
}

// A locked user is not cached: the lock expires without a change that would invalidate the
// entry.
func TestLockedUserIsNotCached(t *testing.T) {
	s := newAnnFixture(t)
	s.LockOut(annEmail)
	pollInvalidations(s.Fixture, s.Service)
	for range 2 {
		if !authenticate(s.Fixture, s.Service, s.session).user.LockedOut ||
			!strings.Contains(encodedUser(s.Fixture, s.Service, s.admin, s.ann), `"LockedOut":true`) {
			t.Error("LockedOut is not set")
		}
	}
	s.Clock.Advance(301 * time.Second)
	pollInvalidations(s.Fixture, s.Service)
	if authenticate(s.Fixture, s.Service, s.session).user.LockedOut ||
		!strings.Contains(encodedUser(s.Fixture, s.Service, s.admin, s.ann), `"LockedOut":false`) {
		t.Error("LockedOut is set after the lock has expired")
	}
}
