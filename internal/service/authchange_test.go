package service_test

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
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// hear has a node hear of what was changed.
func (f *fixture) hear(s *service.Service) {
	f.t.Helper()
	if err := s.PollInvalidations(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// another returns another node, which has heard of every change so far.
func (f *fixture) another() *service.Service {
	f.t.Helper()
	s := f.with(func(*service.Options) {})
	f.hear(s)
	return s
}

// letIn is who a node lets in by a credential: what of it decides, and is shown.
type letIn struct {
	code       account.Code
	user       account.User
	roles      []access.Role
	access     access.Set
	credential account.CredentialRef
}

// shown is a user as a node shows him to an administrator.
func (f *fixture) shown(s *service.Service, admin *account.Principal, id int64) string {
	f.t.Helper()
	text, err := s.EncodedUser(f.t.Context(), admin, id, func(u account.User) ([]byte, error) { return json.Marshal(u) })
	if err != nil {
		return string(account.ErrorCode(err))
	}
	return string(text)
}

func (f *fixture) letIn(s *service.Service, credential secret.Text) letIn {
	f.t.Helper()
	p, err := s.Authenticate(f.t.Context(), credential, account.Origin{ClientNetwork: home})
	if err != nil {
		return letIn{code: account.ErrorCode(err)}
	}
	return letIn{user: p.User, roles: p.Roles, access: p.Access, credential: p.Credential}
}

// remembers reports whether a node lets in by a credential without asking the store.
func (f *fixture) remembers(s *service.Service, credential secret.Text) bool {
	f.t.Helper()
	return len(f.store.during(func() { f.letIn(s, credential) })) == 0
}

// annScene is a user with one credential of each kind, who may list a bystander.
type annScene struct {
	*fixture
	admin           *account.Principal
	ann, bystander  int64
	role            int64 // hers beside role 2
	session, other  secret.Text
	contract, named secret.Text
}

const annEmail = "ann@example.org"

func newAnnScene(t *testing.T) *annScene {
	f := newFixture(t)
	s := &annScene{fixture: f, admin: f.as(adminEmail), bystander: f.user("bob@example.org")}
	s.role = f.role(access.Permission{Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeIDs, IDs: []int64{s.bystander}})
	s.ann = f.user(annEmail, access.UserRole, s.role)
	s.session, s.other = f.signIn(annEmail, password).Token, f.signIn(annEmail, password).Token
	caller := f.by(s.session)
	s.contract, s.named = f.renew(caller), f.createKey(caller, apikey.NewAPIKey{Name: "script"})
	return s
}

func (s *annScene) credentials() map[string]secret.Text {
	return map[string]secret.Text{
		"session": s.session, "other session": s.other, "contract key": s.contract, "named key": s.named,
	}
}

// annUpdate changes her.
func annUpdate(up account.UserUpdate) func(context.Context, *annScene) error {
	return func(ctx context.Context, s *annScene) error {
		_, err := s.UpdateUser(ctx, s.admin, s.ann, up)
		return err
	}
}

// annChanges are operations after which at least one of her credentials lets in
// somebody else, or nobody.
var annChanges = map[string]func(context.Context, *annScene) error{
	"she signs out": func(ctx context.Context, s *annScene) error { return s.SignOut(ctx, s.by(s.session)) },
	"she ends her other session": func(ctx context.Context, s *annScene) error {
		return s.EndSession(ctx, s.by(s.session), s.by(s.other).Credential.ID)
	},
	"she ends all others": func(ctx context.Context, s *annScene) error {
		return s.EndSessions(ctx, s.by(s.session), s.ann, true)
	},
	"an administrator ends her sessions": func(ctx context.Context, s *annScene) error {
		return s.EndSessions(ctx, s.admin, s.ann, false)
	},
	"she changes her password": func(ctx context.Context, s *annScene) error {
		return s.ChangePassword(ctx, s.by(s.session), secret.New(password), secret.New(next), account.Origin{ClientNetwork: home})
	},
	"five wrong passwords": func(ctx context.Context, s *annScene) error {
		for range 5 {
			err := s.ChangePassword(ctx, s.by(s.session), secret.New(wrong), secret.New(next), account.Origin{ClientNetwork: home})
			if account.ErrorCode(err) != account.CodeWrongPassword {
				return err
			}
			s.clock.advance(10 * time.Minute) // so that no source and no account is locked
		}
		return nil
	},
	"she renews her key": func(ctx context.Context, s *annScene) error {
		_, err := s.RenewContractKey(ctx, s.by(s.session))
		return err
	},
	"she ends a key": func(ctx context.Context, s *annScene) error {
		return s.EndKey(ctx, s.by(s.session), s.by(s.named).Credential.ID)
	},
	"she recovers her password": func(ctx context.Context, s *annScene) error {
		for d := s.claim(); d != nil; d = s.claim() { // they tell of her keys
			if err := s.MailDelivered(ctx, d); err != nil {
				return err
			}
		}
		return s.retrieve(s.recoveryToken(annEmail), next)
	},
	"the operator ends her sessions": func(ctx context.Context, s *annScene) error { return s.EmergencyEndSessions(ctx, annEmail) },
	"the operator ends her keys":     func(ctx context.Context, s *annScene) error { return s.EmergencyEndKeys(ctx, annEmail) },
	"the operator resets her password": func(ctx context.Context, s *annScene) error {
		return s.EmergencyReset(ctx, annEmail, secret.New(next))
	},
	"she is deactivated":    annUpdate(account.UserUpdate{Active: ptr(false)}),
	"she is renamed":        annUpdate(account.UserUpdate{Name: ptr("Anne")}),
	"her address":           annUpdate(account.UserUpdate{Email: ptr("anne@example.org")}),
	"her password is reset": annUpdate(account.UserUpdate{Password: ptr(secret.New(next)), KeepKeys: true}),
	"she is deleted":        func(ctx context.Context, s *annScene) error { return s.DeleteUser(ctx, s.admin, s.ann) },
	"a role is taken": func(ctx context.Context, s *annScene) error {
		_, err := s.SetUserRoles(ctx, s.admin, s.ann, []int64{s.role})
		return err
	},
	"a role is given": func(ctx context.Context, s *annScene) error {
		_, err := s.SetUserRoles(ctx, s.admin, s.ann, []int64{access.UserRole, s.role, access.AdministratorRole})
		return err
	},
	"her role is narrowed": func(ctx context.Context, s *annScene) error {
		_, err := s.SetRolePermissions(ctx, s.admin, s.role, nil)
		return err
	},
	"her role is renamed": func(ctx context.Context, s *annScene) error {
		_, err := s.UpdateRole(ctx, s.admin, s.role, account.RoleUpdate{Name: ptr("Readers")})
		return err
	},
	"her role is deleted": func(ctx context.Context, s *annScene) error {
		return s.DeleteRole(ctx, s.admin, s.role, access.UserRole)
	},
	"her role loses who is deleted": func(ctx context.Context, s *annScene) error { return s.DeleteUser(ctx, s.admin, s.bystander) },
	"sessions end sooner": func(ctx context.Context, s *annScene) error {
		s.clock.advance(10 * time.Minute)
		idle := 5 * time.Minute
		_, err := s.UpdateServerSettings(ctx, s.admin, settings.ServerUpdate{SessionIdle: &idle})
		return err
	},
	"she is locked, which she is shown": func(_ context.Context, s *annScene) error {
		s.lock(annEmail)
		return nil
	},
}

// TestChangesReachEveryNode: what is taken away, or given, on one node is so there at
// once, and on another as soon as it hears of it.
func TestChangesReachEveryNode(t *testing.T) {
	for name, change := range annChanges {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newAnnScene(t)
			s.hear(s.Service)
			there := s.another()
			before := map[string]letIn{}
			for _, node := range []*service.Service{s.Service, there} {
				s.shown(node, s.admin, s.ann)
				if asked := s.store.during(func() { s.shown(node, s.admin, s.ann) }); len(asked) > 0 {
					t.Fatalf("what she is shown as is not remembered: %v", asked)
				}
			}
			for kind, credential := range s.credentials() {
				before[kind] = s.letIn(there, credential)
				s.letIn(s.Service, credential)
				if before[kind].code != "" || !s.remembers(there, credential) || !s.remembers(s.Service, credential) {
					t.Fatalf("the %s is not remembered: %+v", kind, before[kind])
				}
			}
			if err := change(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			truth := s.with(func(*service.Options) {}) // it never hears, and so reads the database
			changed := false
			shown := s.shown(truth, s.admin, s.ann)
			if here := s.shown(s.Service, s.admin, s.ann); here != shown {
				t.Errorf("here she is shown as\n%s, want\n%s", here, shown)
			}
			s.hear(there)
			if got := s.shown(there, s.admin, s.ann); got != shown {
				t.Errorf("there she is shown as\n%s, want\n%s", got, shown)
			}
			for kind, credential := range s.credentials() {
				want := s.letIn(truth, credential)
				changed = changed || !reflect.DeepEqual(want, before[kind])
				if here := s.letIn(s.Service, credential); !reflect.DeepEqual(here, want) {
					t.Errorf("here the %s lets in\n%+v, want\n%+v", kind, here, want)
				}
				s.hear(there)
				if got := s.letIn(there, credential); !reflect.DeepEqual(got, want) {
					t.Errorf("there the %s lets in\n%+v, want\n%+v", kind, got, want)
				}
			}
			if !changed {
				t.Error("nothing was changed")
			}
		})
	}
}

// TestUnlockIsShown: nobody is remembered while he is locked, since a lock ends by
// itself.
func TestUnlockIsShown(t *testing.T) {
	s := newAnnScene(t)
	s.lock(annEmail)
	s.hear(s.Service)
	for range 2 {
		if !s.letIn(s.Service, s.session).user.LockedOut || !strings.Contains(s.shown(s.Service, s.admin, s.ann), `"LockedOut":true`) {
			t.Error("she is not shown as locked")
		}
	}
	s.clock.advance(301 * time.Second)
	s.hear(s.Service)
	if s.letIn(s.Service, s.session).user.LockedOut || !strings.Contains(s.shown(s.Service, s.admin, s.ann), `"LockedOut":false`) {
		t.Error("she is shown as locked")
	}
}
