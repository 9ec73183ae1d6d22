package apikey_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// requestAll requests permissions for the actions on all objects of an entity.
func requestAll(entity access.Entity, actions ...access.Action) (requests []access.PermissionRequest) {
	for _, a := range actions {
		requests = append(requests, access.PermissionRequest{Entity: entity, Action: a})
	}
	return requests
}

func TestKeysActAsTheirOwner(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org", access.AdministratorRole)
	session := f.As("ann@example.org")
	named := func(n apikey.NewAPIKey) secret.Text {
		n.Name = "n"
		return f.NewNamedKey(session, n)
	}
	readAndEdit := requestAll(access.EntityUser, access.ActionRead, access.ActionEdit)
	tests := []struct {
		name          string
		key           secret.Text
		kind          account.CredentialKind
		administrator bool
		allowed       string // the actions on users that the key allows
	}{
		{"contract", f.NewContractKey(session), account.CredentialContractKey, true, "read edit delete"},
		{"named", named(apikey.NewAPIKey{}), account.CredentialNamedKey, true, "read edit delete"},
		{"read-only", named(apikey.NewAPIKey{ReadOnly: true}), account.CredentialNamedKey, false, "read"},
		{
			"narrowed", named(apikey.NewAPIKey{Permissions: readAndEdit}), account.CredentialNamedKey, false, "read edit",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := f.PrincipalBy(test.key)
			if p.User.ID != id || p.Credential.Kind != test.kind || p.Credential.ID == 0 ||
				p.Access.Administrator != test.administrator {
				t.Errorf("the principal is %+v", p)
			}
			allowed := strings.Fields(test.allowed)
			for _, action := range []access.Action{access.ActionRead, access.ActionEdit, access.ActionDelete} {
				got := account.Allow(p, action, access.EntityUser, 1) == nil
				if want := slices.Contains(allowed, string(action)); got != want {
					t.Errorf("%s is allowed: %v, want %v", action, got, want)
				}
			}
		})
	}
}

// A key with its own list of permissions loses each permission that its owner loses. It never
// has more permissions than its owner.
func TestNarrowedKeyIsIntersectedAtUse(t *testing.T) {
	f := servicetest.New(t)
	role := f.AddRole(servicetest.Permit("api-key:create"), servicetest.Permit("user:read", 1))
	id := f.AddUser("ann@example.org", role)
	key := f.NewNamedKey(f.As("ann@example.org"),
		apikey.NewAPIKey{Name: "n", Permissions: requestAll(access.EntityUser, access.ActionRead, access.ActionDelete)})
	readable := func() (ids []int64) {
		for _, target := range []int64{1, id} {
			if account.Allow(f.PrincipalBy(key), access.ActionRead, access.EntityUser, target) == nil {
				ids = append(ids, target)
			}
		}
		return ids
	}
	if got := readable(); !slices.Equal(got, []int64{1}) {
		t.Errorf("the key can read the users %v, want 1", got)
	}
	servicetest.WantCode(t, f.DeleteUser(t.Context(), f.PrincipalBy(key), 1), account.CodeForbidden)
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		return tx.SetUserRoles(ctx, id, []int64{access.AdministratorRole})
	})
	if got := readable(); !slices.Equal(got, []int64{1, id}) {
		t.Errorf("with another role the key can read the users %v, want 1 and %d", got, id)
	}
	if f.PrincipalBy(key).Access.Administrator {
		t.Error("the narrowed key is an administrator's")
	}
}

// A key with its own list of permissions can't be used for escalation. To change a user, the
// caller needs every permission of that user. Only the key's permissions count, even if the
// owner has more.
func TestNarrowedKeyCoversByItself(t *testing.T) {
	f := servicetest.New(t)
	other := f.AddUser("bob@example.org", access.UserRole)
	narrowed := f.NewNamedKey(f.Admin(), apikey.NewAPIKey{
		Name: "n", Permissions: requestAll(access.EntityUser, access.ActionRead, access.ActionEditAccess),
	})
	_, err := f.UpdateUser(t.Context(), f.PrincipalBy(narrowed), other, account.UserUpdate{Active: new(false)})
	servicetest.WantCode(t, err, account.CodeForbidden)
	full := f.NewNamedKey(f.Admin(), apikey.NewAPIKey{Name: "all"})
	_, err = f.UpdateUser(t.Context(), f.PrincipalBy(full), other, account.UserUpdate{Active: new(false)})
	servicetest.WantCode(t, err, "")
}

func TestKeyStops(t *testing.T) {
	t.Parallel()
	admin := func(f *servicetest.Fixture) *account.Principal { return f.Admin() }
	tests := []struct {
		name    string
		stop    func(f *servicetest.Fixture, id int64) error
		restore func(f *servicetest.Fixture, id int64) error // nil if nothing makes the key work again
	}{
		{
			"its owner is deactivated",
			func(f *servicetest.Fixture, id int64) error {
				_, err := f.UpdateUser(f.T.Context(), admin(f), id, account.UserUpdate{Active: new(false)})
				return err
			},
			func(f *servicetest.Fixture, id int64) error {
				_, err := f.UpdateUser(f.T.Context(), admin(f), id, account.UserUpdate{Active: new(true)})
				return err
			},
		},
		{
			"its owner loses api-key:create",
			func(f *servicetest.Fixture, id int64) error {
				_, err := f.SetUserRoles(f.T.Context(), admin(f), id, []int64{f.AddRole(servicetest.Permit("api-key:read"))})
				return err
			},
			func(f *servicetest.Fixture, id int64) error {
				_, err := f.SetUserRoles(f.T.Context(), admin(f), id, []int64{access.UserRole})
				return err
			},
		},
		{
			"its owner is deleted",
			func(f *servicetest.Fixture, id int64) error { return f.DeleteUser(f.T.Context(), admin(f), id) }, nil,
		},
		{
			"an administrator resets the password",
			func(f *servicetest.Fixture, id int64) error {
				_, err := f.UpdateUser(f.T.Context(), admin(f), id,
					account.UserUpdate{Password: new(secret.New(servicetest.NextPassword))})
				return err
			}, nil,
		},
		{
			"an operator resets the password",
			func(f *servicetest.Fixture, _ int64) error {
				return f.EmergencyReset(f.T.Context(), "ann@example.org", secret.New(servicetest.NextPassword))
			}, nil,
		},
		{
			"its owner recovers by mail",
			func(f *servicetest.Fixture, _ int64) error {
				for f.ClaimNext() != nil { // the mails about the keys
				}
				return f.RecoverWith(f.RecoveryToken("ann@example.org"), servicetest.NextPassword)
			}, nil,
		},
		{
			"it is revoked",
			func(f *servicetest.Fixture, id int64) error {
				keys := servicetest.Must(f.ListKeys(f.T.Context(), admin(f), id))
				for _, k := range keys {
					if err := f.EndKey(f.T.Context(), f.As("ann@example.org"), k.ID); err != nil {
						return err
					}
				}
				return nil
			}, nil,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := servicetest.New(t)
			id := f.AddUser("ann@example.org", access.UserRole)
			session := f.As("ann@example.org")
			keys := []secret.Text{f.NewContractKey(session), f.NewNamedKey(session, apikey.NewAPIKey{Name: "n"})}
			stale := f.PrincipalBy(keys[0])
			working := func() [2]bool { return [2]bool{f.IsAccepted(keys[0]), f.IsAccepted(keys[1])} }
			if got := working(); got != [2]bool{true, true} {
				t.Fatalf("before, the keys are accepted: %v", got)
			}
			if err := test.stop(f, id); err != nil {
				t.Fatal(err)
			}
			if got := working(); got != [2]bool{} {
				t.Errorf("after, the keys are accepted: %v", got)
			}
			_, err := f.RenewContractKey(t.Context(), stale) // the principal was loaded before the change
			servicetest.WantCode(t, err, account.CodeUnauthorized)
			if test.restore == nil {
				return
			}
			if err := test.restore(f, id); err != nil {
				t.Fatal(err)
			}
			if got := working(); got != [2]bool{true, true} {
				t.Errorf("after the restoration, the keys are accepted: %v", got)
			}
		})
	}
}

// A password reset ends the user's keys unless it sets KeepKeys. It always ends the sessions.
func TestResetKeepsKeysWhenAsked(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org", access.UserRole)
	in := f.NewSession("ann@example.org")
	key := f.NewContractKey(f.PrincipalOf(in))
	reset := account.UserUpdate{Password: new(secret.New(servicetest.NextPassword)), KeepKeys: true}
	if err := f.UpdateUserAsAdmin(id, reset); err != nil {
		t.Fatal(err)
	}
	if !f.IsRevoked(in) || !f.IsAccepted(key) {
		t.Error("the reset must end the sessions and keep the keys")
	}
	// The required password change also applies to requests with the key.
	p := f.PrincipalBy(key)
	if !p.User.NeedPasswordReset {
		t.Error("NeedPasswordReset is not set")
	}
	servicetest.WantCode(t, account.Allow(p, access.ActionRead, access.EntityUser, id), account.CodePasswordChangeRequired)
	if err := f.ChangeOwnPassword(p, servicetest.NextPassword, servicetest.Password); err != nil {
		t.Errorf("change the password by the key: %v", err)
	}
}

func TestKeyExpires(t *testing.T) {
	f := servicetest.New(t)
	session := f.NewSession(servicetest.AdminEmail)
	contract := f.NewContractKey(f.PrincipalOf(session))
	key := f.NewNamedKey(f.PrincipalOf(session), apikey.NewAPIKey{Name: "n"})
	f.Clock.Advance(apikey.DefaultKeyLifetime - time.Microsecond)
	if !f.IsAccepted(key) {
		t.Error("the key expired too early")
	}
	f.Clock.Advance(time.Microsecond)
	if f.IsAccepted(key) || !f.IsAccepted(contract) {
		t.Error("the named key must expire, and the contract key must not")
	}
	listed := func() int { return len(servicetest.Must(f.ListKeys(t.Context(), f.PrincipalBy(contract), 1))) }
	f.Clock.Advance(30*24*time.Hour - time.Microsecond)
	if err := f.Sweep(t.Context()); err != nil || listed() != 2 {
		t.Errorf("%d keys are listed before the end of the retention, %v; want 2", listed(), err)
	}
	f.Clock.Advance(time.Microsecond)
	if err := f.Sweep(t.Context()); err != nil || listed() != 1 {
		t.Errorf("%d keys are listed after the sweep, %v; want 1", listed(), err)
	}
}

// The last use of a key is stored once a minute, so most requests write nothing.
func TestTouchKey(t *testing.T) {
	f := servicetest.New(t)
	key := f.NewNamedKey(f.Admin(), apikey.NewAPIKey{Name: "n"})
	for _, step := range []struct {
		wait   time.Duration
		writes int
	}{{0, 1}, {59 * time.Second, 0}, {time.Second, 1}, {time.Second, 0}} {
		f.Clock.Advance(step.wait)
		if got := f.Store.CallsDuring(func() { f.PrincipalBy(key) })["Write"]; got != step.writes {
			t.Errorf("authentication %v later wrote %d times, want %d", step.wait, got, step.writes)
		}
	}
	k := servicetest.Must(f.ListKeys(t.Context(), f.Admin(), 1))[0]
	if want := servicetest.Start.Add(time.Minute); !k.LastUsed.Equal(want) {
		t.Errorf("the last use is %v, want %v", k.LastUsed, want)
	}
}

// The database has only the hash of a named key. For a contract key it has the hash and the
// encrypted text.
func TestKeysAreNotStored(t *testing.T) {
	f := servicetest.New(t)
	session := f.Admin()
	contract, named := f.NewContractKey(session).Reveal(), f.NewNamedKey(session, apikey.NewAPIKey{Name: "n"}).Reveal()
	servicetest.Must(f.ContractKey(t.Context(), session))
	f.WantNotStored(contract, named, contract[4:20], named[4:20])
}
