package service_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// renew makes the caller's key of the contract.
func (f *fixture) renew(caller *account.Principal) secret.Text {
	f.t.Helper()
	key, err := f.RenewContractKey(f.t.Context(), caller)
	if err != nil {
		f.t.Fatal(err)
	}
	return key
}

// createKey makes a named key of the caller.
func (f *fixture) createKey(caller *account.Principal, n apikey.NewAPIKey) secret.Text {
	f.t.Helper()
	key, _, err := f.CreateKey(f.t.Context(), caller, n)
	if err != nil {
		f.t.Fatal(err)
	}
	return key
}

// by returns who comes by a key.
func (f *fixture) by(key secret.Text) *account.Principal {
	f.t.Helper()
	p, err := f.Authenticate(f.t.Context(), key, account.Origin{ClientNetwork: home})
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

// works reports whether a key lets anybody in.
func (f *fixture) works(key secret.Text) bool {
	f.t.Helper()
	return !f.over(auth.SignInResult{Token: key})
}

// asking is for permissions for all.
func asking(of access.Entity, actions ...access.Action) (ds []access.PermissionRequest) {
	for _, a := range actions {
		ds = append(ds, access.PermissionRequest{Entity: of, Action: a})
	}
	return ds
}

func TestKeysActAsTheirOwner(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org", access.AdministratorRole)
	session := f.as("ann@example.org")
	tests := []struct {
		name string
		key  secret.Text
		kind account.CredentialKind
		is   bool // administrator
		may  map[access.Action]bool
	}{
		{"contract", f.renew(session), account.CredentialContractKey, true, map[access.Action]bool{read: true, edit: true, remove: true}},
		{"named", f.createKey(session, apikey.NewAPIKey{Name: "n"}), account.CredentialNamedKey, true, map[access.Action]bool{read: true, edit: true, remove: true}},
		{"read-only", f.createKey(session, apikey.NewAPIKey{Name: "n", ReadOnly: true}), account.CredentialNamedKey, false, map[access.Action]bool{read: true}},
		{"narrowed", f.createKey(session, apikey.NewAPIKey{Name: "n", Permissions: asking(user, read, edit)}), account.CredentialNamedKey, false, map[access.Action]bool{read: true, edit: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := f.by(test.key)
			if p.User.ID != id || p.Credential.Kind != test.kind || p.Credential.ID == 0 || p.Access.Administrator != test.is {
				t.Errorf("the principal is %+v", p)
			}
			for _, action := range []access.Action{read, edit, remove} {
				if got := account.Allow(p, action, user, 1) == nil; got != test.may[action] {
					t.Errorf("it may %s: %v", action, got)
				}
			}
		})
	}
}

// A narrowed key follows its owner: what he loses it loses, and it never has more
// than he.
func TestNarrowedKeyIsIntersectedAtUse(t *testing.T) {
	f := newFixture(t)
	role := f.role(may(access.EntityAPIKey, create), may(user, read, 1))
	id := f.user("ann@example.org", role)
	key := f.createKey(f.as("ann@example.org"), apikey.NewAPIKey{Name: "n", Permissions: asking(user, read, remove)})
	reads := func() (ids []int64) {
		for _, of := range []int64{1, id} {
			if account.Allow(f.by(key), read, user, of) == nil {
				ids = append(ids, of)
			}
		}
		return ids
	}
	if got := reads(); !slices.Equal(got, []int64{1}) {
		t.Errorf("it reads %v", got)
	}
	wantCode(t, f.DeleteUser(t.Context(), f.by(key), 1), account.CodeForbidden)
	f.write(func(ctx context.Context, tx account.Tx) error {
		return tx.SetUserRoles(ctx, id, []int64{access.AdministratorRole})
	})
	if got := reads(); !slices.Equal(got, []int64{1, id}) {
		t.Errorf("with another role it reads %v", got)
	}
	if f.by(key).Access.Administrator {
		t.Error("it is an administrator")
	}
}

// Narrowed keys cannot be used to climb: who does not cover by the key may not
// change, even where its owner covers.
func TestNarrowedKeyCoversByItself(t *testing.T) {
	f := newFixture(t)
	other := f.user("bob@example.org", access.UserRole)
	key := f.createKey(f.as(adminEmail), apikey.NewAPIKey{Name: "n", Permissions: asking(user, read, editAccess)})
	_, err := f.UpdateUser(t.Context(), f.by(key), other, account.UserUpdate{Active: ptr(false)})
	wantCode(t, err, account.CodeForbidden)
	_, err = f.UpdateUser(t.Context(), f.by(f.createKey(f.as(adminEmail), apikey.NewAPIKey{Name: "all"})), other, account.UserUpdate{Active: ptr(false)})
	wantCode(t, err, "")
}

func TestKeyStops(t *testing.T) {
	t.Parallel()
	admin := func(f *fixture) *account.Principal { return f.as(adminEmail) }
	tests := []struct {
		name string
		stop func(f *fixture, id int64) error
		back func(f *fixture, id int64) error // nil: it never works again
	}{
		{
			"its owner is deactivated",
			func(f *fixture, id int64) error {
				_, err := f.UpdateUser(f.t.Context(), admin(f), id, account.UserUpdate{Active: ptr(false)})
				return err
			},
			func(f *fixture, id int64) error {
				_, err := f.UpdateUser(f.t.Context(), admin(f), id, account.UserUpdate{Active: ptr(true)})
				return err
			},
		},
		{
			"its owner may have no keys",
			func(f *fixture, id int64) error {
				_, err := f.SetUserRoles(f.t.Context(), admin(f), id, []int64{f.role(may(access.EntityAPIKey, read))})
				return err
			},
			func(f *fixture, id int64) error {
				_, err := f.SetUserRoles(f.t.Context(), admin(f), id, []int64{access.UserRole})
				return err
			},
		},
		{
			"its owner is deleted",
			func(f *fixture, id int64) error { return f.DeleteUser(f.t.Context(), admin(f), id) }, nil,
		},
		{
			"an administrator resets the password",
			func(f *fixture, id int64) error {
				_, err := f.UpdateUser(f.t.Context(), admin(f), id, account.UserUpdate{Password: ptr(secret.New(next))})
				return err
			}, nil,
		},
		{
			"an operator resets the password",
			func(f *fixture, _ int64) error {
				return f.EmergencyReset(f.t.Context(), "ann@example.org", secret.New(next))
			}, nil,
		},
		{
			"its owner recovers by mail",
			func(f *fixture, _ int64) error {
				for f.claim() != nil { // the messages about the keys
				}
				return f.retrieve(f.recoveryToken("ann@example.org"), next)
			}, nil,
		},
		{
			"it is ended",
			func(f *fixture, id int64) error {
				keys := must(f.ListKeys(f.t.Context(), admin(f), id))
				for _, k := range keys {
					if err := f.EndKey(f.t.Context(), f.as("ann@example.org"), k.ID); err != nil {
						return err
					}
				}
				return nil
			}, nil,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			id := f.user("ann@example.org", access.UserRole)
			session := f.as("ann@example.org")
			keys := []secret.Text{f.renew(session), f.createKey(session, apikey.NewAPIKey{Name: "n"})}
			stale := f.by(keys[0])
			working := func() [2]bool { return [2]bool{f.works(keys[0]), f.works(keys[1])} }
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
			wantCode(t, err, account.CodeUnauthorized)
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
	f := newFixture(t)
	id := f.user("ann@example.org", access.UserRole)
	in := f.signIn("ann@example.org", password)
	key := f.renew(f.principal(in))
	if err := f.update(id, account.UserUpdate{Password: ptr(secret.New(next)), KeepKeys: true}); err != nil {
		t.Fatal(err)
	}
	if !f.over(in) || !f.works(key) {
		t.Error("it must end the sessions and keep the keys")
	}
	// The key waits for the new password too.
	if p := f.by(key); !p.User.NeedPasswordReset || account.ErrorCode(account.Allow(p, read, user, id)) != account.CodePasswordChangeRequired {
		t.Error("the key does what has to wait for a new password")
	}
	if err := f.change(f.by(key), next, password); err != nil {
		t.Errorf("the password cannot be changed by the key: %v", err)
	}
}

func TestKeyExpires(t *testing.T) {
	f := newFixture(t)
	session := f.signIn(adminEmail, password)
	contract := f.renew(f.principal(session))
	key := f.createKey(f.principal(session), apikey.NewAPIKey{Name: "n"})
	f.clock.advance(apikey.DefaultKeyLifetime - time.Microsecond)
	if !f.works(key) {
		t.Error("it is over too early")
	}
	f.clock.advance(time.Microsecond)
	if f.works(key) || !f.works(contract) {
		t.Error("the named key must end, and the contract's not")
	}
	listed := func() int { return len(must(f.ListKeys(t.Context(), f.by(contract), 1))) }
	f.clock.advance(30*24*time.Hour - time.Microsecond)
	if err := f.Sweep(t.Context()); err != nil || listed() != 2 {
		t.Errorf("%d keys are listed, %v", listed(), err)
	}
	f.clock.advance(time.Microsecond)
	if err := f.Sweep(t.Context()); err != nil || listed() != 1 {
		t.Errorf("%d keys are listed after the sweep, %v", listed(), err)
	}
}

// The last use of a key is kept to the minute, so a read is no write.
func TestTouchKey(t *testing.T) {
	f := newFixture(t)
	key := f.createKey(f.as(adminEmail), apikey.NewAPIKey{Name: "n"})
	for _, step := range []struct {
		wait   time.Duration
		writes int
	}{{0, 1}, {59 * time.Second, 0}, {time.Second, 1}, {time.Second, 0}} {
		f.clock.advance(step.wait)
		if got := f.store.during(func() { f.by(key) })["Write"]; got != step.writes {
			t.Errorf("%v later it wrote %d times, want %d", step.wait, got, step.writes)
		}
	}
	if k := must(f.ListKeys(t.Context(), f.as(adminEmail), 1))[0]; !k.LastUsed.Equal(start.Add(time.Minute)) {
		t.Errorf("it was last used at %v", k.LastUsed)
	}
}

// Of a key the database holds its hash, and of the contract's the sealed text.
func TestKeysAreNotStored(t *testing.T) {
	f := newFixture(t)
	session := f.as(adminEmail)
	contract, named := f.renew(session).Reveal(), f.createKey(session, apikey.NewAPIKey{Name: "n"}).Reveal()
	must(f.ContractKey(t.Context(), session))
	f.wantUnwritten(contract, named, contract[4:20], named[4:20])
}
