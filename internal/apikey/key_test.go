package apikey_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// asking is for permissions for all.
func requestAll(of access.Entity, actions ...access.Action) (ds []access.PermissionRequest) {
	for _, a := range actions {
		ds = append(ds, access.PermissionRequest{Entity: of, Action: a})
	}
	return ds
}

func TestKeysActAsTheirOwner(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org", access.AdministratorRole)
	session := f.As("ann@example.org")
	tests := []struct {
		name string
		key  secret.Text
		kind account.CredentialKind
		is   bool // administrator
		may  map[access.Action]bool
	}{
		{"contract", f.NewContractKey(session), account.CredentialContractKey, true,
			map[access.Action]bool{access.ActionRead: true, access.ActionEdit: true, access.ActionDelete: true}},
		{"named", f.NewNamedKey(session, apikey.NewAPIKey{Name: "n"}), account.CredentialNamedKey, true,
			map[access.Action]bool{access.ActionRead: true, access.ActionEdit: true, access.ActionDelete: true}},
		{"read-only", f.NewNamedKey(session, apikey.NewAPIKey{Name: "n", ReadOnly: true}), account.CredentialNamedKey,
			false, map[access.Action]bool{access.ActionRead: true}},
		{"narrowed", f.NewNamedKey(session,
			apikey.NewAPIKey{Name: "n", Permissions: requestAll(access.EntityUser, access.ActionRead, access.ActionEdit)}),
			account.CredentialNamedKey, false, map[access.Action]bool{access.ActionRead: true, access.ActionEdit: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := f.PrincipalBy(test.key)
			if p.User.ID != id || p.Credential.Kind != test.kind || p.Credential.ID == 0 || p.Access.Administrator != test.is {
				t.Errorf("the principal is %+v", p)
			}
			for _, action := range []access.Action{access.ActionRead, access.ActionEdit, access.ActionDelete} {
				if got := account.Allow(p, action, access.EntityUser, 1) == nil; got != test.may[action] {
					t.Errorf("it may %s: %v", action, got)
				}
			}
		})
	}
}

// A narrowed key follows its owner: what he loses it loses, and it never has more
// than he.
func TestNarrowedKeyIsIntersectedAtUse(t *testing.T) {
	f := servicetest.New(t)
	role := f.AddRole(servicetest.Permit("api-key:create"), servicetest.Permit("user:read", 1))
	id := f.AddUser("ann@example.org", role)
	key := f.NewNamedKey(f.As("ann@example.org"),
		apikey.NewAPIKey{Name: "n", Permissions: requestAll(access.EntityUser, access.ActionRead, access.ActionDelete)})
	reads := func() (ids []int64) {
		for _, of := range []int64{1, id} {
			if account.Allow(f.PrincipalBy(key), access.ActionRead, access.EntityUser, of) == nil {
				ids = append(ids, of)
			}
		}
		return ids
	}
	if got := reads(); !slices.Equal(got, []int64{1}) {
		t.Errorf("it reads %v", got)
	}
	servicetest.WantCode(t, f.DeleteUser(t.Context(), f.PrincipalBy(key), 1), account.CodeForbidden)
	f.WriteStore(func(ctx context.Context, tx account.Tx) error {
		return tx.SetUserRoles(ctx, id, []int64{access.AdministratorRole})
	})
	if got := reads(); !slices.Equal(got, []int64{1, id}) {
		t.Errorf("with another role it reads %v", got)
	}
	if f.PrincipalBy(key).Access.Administrator {
		t.Error("it is an administrator")
	}
}

// Narrowed keys cannot be used to climb: who does not cover by the key may not
// change, even where its owner covers.
func TestNarrowedKeyCoversByItself(t *testing.T) {
	f := servicetest.New(t)
	other := f.AddUser("bob@example.org", access.UserRole)
	key := f.NewNamedKey(f.Admin(), apikey.NewAPIKey{Name: "n",
		Permissions: requestAll(access.EntityUser, access.ActionRead, access.ActionEditAccess)})
	_, err := f.UpdateUser(t.Context(), f.PrincipalBy(key), other, account.UserUpdate{Active: new(false)})
	servicetest.WantCode(t, err, account.CodeForbidden)
	_, err = f.UpdateUser(t.Context(), f.PrincipalBy(f.NewNamedKey(f.Admin(), apikey.NewAPIKey{Name: "all"})), other,
		account.UserUpdate{Active: new(false)})
	servicetest.WantCode(t, err, "")
}

func TestKeyStops(t *testing.T) {
	t.Parallel()
	admin := func(f *servicetest.Fixture) *account.Principal { return f.Admin() }
	tests := []struct {
		name string
		stop func(f *servicetest.Fixture, id int64) error
		back func(f *servicetest.Fixture, id int64) error // nil: it never works again
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
			"its owner may have no keys",
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
				for f.ClaimNext() != nil { // the messages about the keys
				}
				return f.RecoverWith(f.RecoveryToken("ann@example.org"), servicetest.NextPassword)
			}, nil,
		},
		{
			"it is ended",
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
				t.Fatalf("the keys work before: %v", got)
			}
			if err := test.stop(f, id); err != nil {
				t.Fatal(err)
			}
			if got := working(); got != [2]bool{} {
				t.Errorf("the keys work after: %v", got)
			}
			_, err := f.RenewContractKey(t.Context(), stale) // a principal from before does not help
			servicetest.WantCode(t, err, account.CodeUnauthorized)
			if test.back == nil {
				return
			}
			if err := test.back(f, id); err != nil {
				t.Fatal(err)
			}
			if got := working(); got != [2]bool{true, true} {
				t.Errorf("the keys work again: %v", got)
			}
		})
	}
}

// Who resets a password may keep the keys expressly; the sessions end all the
// same.
func TestResetKeepsKeysWhenAsked(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org", access.UserRole)
	in := f.NewSession("ann@example.org")
	key := f.NewContractKey(f.PrincipalOf(in))
	if err := f.UpdateUserAsAdmin(id, account.UserUpdate{Password: new(secret.New(servicetest.NextPassword)),
		KeepKeys: true}); err != nil {
		t.Fatal(err)
	}
	if !f.IsRevoked(in) || !f.IsAccepted(key) {
		t.Error("it must end the sessions and keep the keys")
	}
	// The key waits for the new password too.
	if p := f.PrincipalBy(key); !p.User.NeedPasswordReset ||
		account.ErrorCode(account.Allow(p, access.ActionRead, access.EntityUser, id)) != account.CodePasswordChangeRequired {
		t.Error("the key does what has to wait for a new password")
	}
	if err := f.ChangeOwnPassword(f.PrincipalBy(key), servicetest.NextPassword, servicetest.Password); err != nil {
		t.Errorf("the password cannot be changed by the key: %v", err)
	}
}

func TestKeyExpires(t *testing.T) {
	f := servicetest.New(t)
	session := f.NewSession(servicetest.AdminEmail)
	contract := f.NewContractKey(f.PrincipalOf(session))
	key := f.NewNamedKey(f.PrincipalOf(session), apikey.NewAPIKey{Name: "n"})
	f.Clock.Advance(apikey.DefaultKeyLifetime - time.Microsecond)
	if !f.IsAccepted(key) {
		t.Error("it is over too early")
	}
	f.Clock.Advance(time.Microsecond)
	if f.IsAccepted(key) || !f.IsAccepted(contract) {
		t.Error("the named key must end, and the contract's not")
	}
	listed := func() int { return len(servicetest.Must(f.ListKeys(t.Context(), f.PrincipalBy(contract), 1))) }
	f.Clock.Advance(30*24*time.Hour - time.Microsecond)
	if err := f.Sweep(t.Context()); err != nil || listed() != 2 {
		t.Errorf("%d keys are listed, %v", listed(), err)
	}
	f.Clock.Advance(time.Microsecond)
	if err := f.Sweep(t.Context()); err != nil || listed() != 1 {
		t.Errorf("%d keys are listed after the sweep, %v", listed(), err)
	}
}

// The last use of a key is kept to the minute, so a read is no write.
func TestTouchKey(t *testing.T) {
	f := servicetest.New(t)
	key := f.NewNamedKey(f.Admin(), apikey.NewAPIKey{Name: "n"})
	for _, step := range []struct {
		wait   time.Duration
		writes int
	}{{0, 1}, {59 * time.Second, 0}, {time.Second, 1}, {time.Second, 0}} {
		f.Clock.Advance(step.wait)
		if got := f.Store.CallsDuring(func() { f.PrincipalBy(key) })["Write"]; got != step.writes {
			t.Errorf("%v later it wrote %d times, want %d", step.wait, got, step.writes)
		}
	}
	if k := servicetest.Must(f.ListKeys(t.Context(), f.Admin(),
		1))[0]; !k.LastUsed.Equal(servicetest.Start.Add(time.Minute)) {
		t.Errorf("it was last used at %v", k.LastUsed)
	}
}

// Of a key the database holds its hash, and of the contract's the sealed text.
func TestKeysAreNotStored(t *testing.T) {
	f := servicetest.New(t)
	session := f.Admin()
	contract, named := f.NewContractKey(session).Reveal(), f.NewNamedKey(session, apikey.NewAPIKey{Name: "n"}).Reveal()
	servicetest.Must(f.ContractKey(t.Context(), session))
	f.WantNotStored(contract, named, contract[4:20], named[4:20])
}
