package apikey_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

func TestCreateKeyRefuses(t *testing.T) {
	f := servicetest.New(t)
	session := f.Admin()
	none := []int64{}
	tests := []struct {
		name string
		key  apikey.NewAPIKey
		code account.Code
		path string
	}{
		{"no name", apikey.NewAPIKey{}, account.CodeInvalid, "/name"},
		{
			"long lifetime",
			apikey.NewAPIKey{Name: "n", Lifetime: apikey.MaxKeyLifetime + 1}, account.CodeInvalid, "/expiresInDays",
		},
		{"a negative lifetime", apikey.NewAPIKey{Name: "n", Lifetime: -1}, account.CodeInvalid, "/expiresInDays"},
		{
			"read-only with permissions",
			apikey.NewAPIKey{Name: "n", ReadOnly: true, Permissions: requestAll(access.EntityUser, access.ActionRead)},
			account.CodeInvalid, "/permissions",
		},
		{"an empty list", apikey.NewAPIKey{Name: "n", Permissions: []access.PermissionRequest{}}, account.CodeInvalid,
			"/permissions"},
		{"an unknown entity", apikey.NewAPIKey{Name: "n", Permissions: requestAll("widget", access.ActionRead)},
			account.CodeInvalid, "/permissions/0"},
		{"an unknown action", apikey.NewAPIKey{Name: "n", Permissions: requestAll(access.EntityUser, "fly")},
			account.CodeInvalid, "/permissions/0"},
		{
			"no ids",
			apikey.NewAPIKey{Name: "n", Permissions: []access.PermissionRequest{
				{Entity: access.EntityUser, Action: access.ActionRead, IDs: &none},
			}},
			account.CodeInvalid, "/permissions/0/entityIds",
		},
		{"edit without read", apikey.NewAPIKey{Name: "n", Permissions: requestAll(access.EntityUser, access.ActionEdit)},
			account.CodePermissionNeedsRead, "/permissions/0/action"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := f.CreateKey(t.Context(), session, test.key)
			servicetest.WantPaths(t, err, test.code, test.path)
		})
	}
	if keys := servicetest.Must(f.ListKeys(t.Context(), session, 1)); len(keys) > 0 {
		t.Errorf("there are the keys %+v", keys)
	}
}

func TestFiftyKeysAtMost(t *testing.T) {
	f := servicetest.New(t)
	session := f.NewSession(servicetest.AdminEmail)
	caller := f.PrincipalOf(session)
	f.NewContractKey(caller) // the contract key does not count
	errs := servicetest.Parallel(apikey.MaxNamedKeys+5, func(i int) error {
		_, _, err := f.CreateKey(t.Context(), caller, apikey.NewAPIKey{Name: fmt.Sprint(i), Lifetime: time.Hour})
		return err
	})
	if count := servicetest.CountCodes(errs); count[""] != apikey.MaxNamedKeys || count[account.CodeTooManyKeys] != 5 {
		t.Fatalf("the outcomes are %v", count)
	}
	f.Clock.Advance(time.Hour) // now the keys have expired and don't count
	if _, _, err := f.CreateKey(t.Context(), caller, apikey.NewAPIKey{Name: "one more"}); err != nil {
		t.Error(err)
	}
}

func TestKeysOfOthers(t *testing.T) {
	f := servicetest.New(t)
	ann, bob := f.AddUser("ann@example.org", access.UserRole), f.AddUser("bob@example.org", access.UserRole)
	admin := f.AddUser("second@example.org", access.AdministratorRole)
	keeper := f.AddRole(servicetest.Permissions("api-key:read", "api-key:delete")...)
	f.AddUser("keeper@example.org", keeper)
	f.AddUser("guard@example.org", keeper, access.UserRole)
	f.AddUser("reader@example.org", f.AddRole(servicetest.Permit("api-key:read")), access.UserRole)
	keyOf := func(email string) int64 {
		_, k, err := f.CreateKey(t.Context(), f.As(email), apikey.NewAPIKey{Name: "n"})
		if err != nil {
			t.Fatal(err)
		}
		return k.ID
	}
	tests := []struct {
		caller, owner string
		ownerID       int64
		list, end     account.Code
	}{
		{"ann@example.org", "ann@example.org", ann, "", ""},
		{"ann@example.org", "bob@example.org", bob, account.CodeNotFound, account.CodeNotFound},
		{"reader@example.org", "bob@example.org", bob, "", account.CodeForbidden},
		{"keeper@example.org", "bob@example.org", bob, "", account.CodeForbidden}, // lacks permissions that Bob has
		{"guard@example.org", "bob@example.org", bob, "", ""},
		{"guard@example.org", "second@example.org", admin, "", account.CodeForbidden},
		{servicetest.AdminEmail, "second@example.org", admin, "", ""},
	}
	for _, test := range tests {
		t.Run(test.caller+" "+test.owner, func(t *testing.T) {
			id := keyOf(test.owner)
			_, err := f.ListKeys(t.Context(), f.As(test.caller), test.ownerID)
			servicetest.WantCode(t, err, test.list)
			servicetest.WantCode(t, f.EndKey(t.Context(), f.As(test.caller), id), test.end)
			if test.end == "" {
				servicetest.WantCode(t, f.EndKey(t.Context(), f.As(test.caller), id), account.CodeNotFound)
			}
		})
	}
	_, err := f.ListKeys(t.Context(), f.Admin(), 99)
	servicetest.WantCode(t, err, account.CodeNotFound)
}

// A named key is refused for operations on keys, sessions and passwords, even if it has every
// permission of an administrator.
func TestNamedKeyIsDenied(t *testing.T) {
	f := servicetest.New(t)
	other := f.AddUser("ann@example.org", access.UserRole)
	for _, email := range []string{servicetest.AdminEmail, "ann@example.org"} {
		f.NewContractKey(f.As(email))
	}
	denied := map[string]servicetest.Operation{
		"ChangePassword": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			change := auth.PasswordChange{
				Current: secret.New(servicetest.Password), Next: secret.New(servicetest.NextPassword),
			}
			return s.ChangePassword(ctx, p, change, account.Origin{ClientNetwork: servicetest.Home})
		},
		"UpdateUser, password": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.UpdateUser(ctx, p, other, account.UserUpdate{Password: new(secret.New(servicetest.NextPassword))})
			return err
		},
		"UpdateUser, own password": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.UpdateUser(ctx, p, 1, account.UserUpdate{Password: new(secret.New(servicetest.NextPassword))})
			return err
		},
		"UpdateUser, recovery address": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.UpdateUser(ctx, p, other, account.UserUpdate{Email: new("new@example.org")})
			return err
		},
		"UpdateServerSettings, public URL": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.UpdateServerSettings(ctx, p, settings.ServerUpdate{PublicURL: new(new("https://elsewhere.example"))})
			return err
		},
		"UpdateApplicationSettings, mail server": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.UpdateApplicationSettings(ctx, p,
				settings.ApplicationUpdate{MailUpdate: settings.MailUpdate{Server: new(new("mail.example"))}})
			return err
		},
		"Keys of another user": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.ListKeys(ctx, p, other)
			return err
		},
		"EndKey of another user": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			return s.EndKey(ctx, p, 2)
		},
		"EndKey of itself": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			return s.EndKey(ctx, p, p.Credential.ID)
		},
		"Sessions of another user": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.Sessions(ctx, p, other)
			return err
		},
		"EndSessions of another user": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			return s.EndSessions(ctx, p, other, false)
		},
	}
	for _, name := range []string{
		"ContractKey", "RenewContractKey", "CreateKey", "ListKeys", "EndKey", "Sessions", "EndSession", "EndSessions",
	} {
		denied[name] = servicetest.Operations()[name]
	}
	session := f.Admin()
	for kind, n := range map[string]apikey.NewAPIKey{
		"full": {Name: "n"},
		"narrowed": {Name: "n", Permissions: slices.Concat(
			requestAll(access.EntityAPIKey, access.ActionRead, access.ActionCreate, access.ActionDelete),
			requestAll(access.EntitySession, access.ActionRead, access.ActionDelete),
			requestAll(access.EntityUser, access.ActionRead, access.ActionEdit, access.ActionEditAccess),
		)},
	} {
		p := f.PrincipalBy(f.NewNamedKey(session, n))
		for name, call := range denied {
			if err := call(t.Context(), f.Service, p); account.ErrorCode(err) != account.CodeForbidden {
				t.Errorf("%s by a %s key: %v", name, kind, err)
			}
		}
	}
	// In a session the same calls are allowed, so the refusals above are due to the key.
	for name, call := range denied {
		err := call(t.Context(), f.Service, f.Admin())
		if account.ErrorCode(err) == account.CodeForbidden && name != "UpdateUser, own password" {
			t.Errorf("%s in a session: %v", name, err)
		}
		f.WriteStore(func(ctx context.Context, tx *account.Tx) error { // some of the calls have changed the password
			return tx.SetPassword(ctx, 1, f.PasswordHash, false, f.Clock.Now())
		})
	}
}

// A sign-out with a key ends neither the key nor a session.
func TestSignOutWithAKey(t *testing.T) {
	f := servicetest.New(t)
	in := f.NewSession(servicetest.AdminEmail)
	key := f.NewContractKey(f.PrincipalOf(in))
	if err := f.SignOut(t.Context(), f.PrincipalBy(key)); err != nil {
		t.Fatal(err)
	}
	if !f.IsAccepted(key) || f.IsRevoked(in) {
		t.Error("the sign-out revoked a credential")
	}
}

// A password change with the contract key has the same effect as one in a session: it ends the
// sessions and keeps the keys.
func TestChangePasswordByKey(t *testing.T) {
	f := servicetest.New(t)
	in := f.NewSession(servicetest.AdminEmail)
	key := f.NewContractKey(f.PrincipalOf(in))
	named := f.NewNamedKey(f.PrincipalOf(in), apikey.NewAPIKey{Name: "n"})
	if err := f.ChangeOwnPassword(f.PrincipalBy(key), servicetest.Password, servicetest.NextPassword); err != nil {
		t.Fatal(err)
	}
	if !f.IsRevoked(in) || !f.IsAccepted(key) || !f.IsAccepted(named) {
		t.Error("the change must end every session and no key")
	}
	f.NewSessionWith(servicetest.AdminEmail, servicetest.NextPassword)
}

// The fifth wrong password since the last correct one ends the key.
func TestWrongCurrentPasswordsByKey(t *testing.T) {
	f := servicetest.New(t)
	key := f.NewContractKey(f.Admin())
	caller := f.PrincipalBy(key)
	guess := func(times int) {
		for range times {
			f.Clock.Advance(10 * time.Minute) // wait until the lock has expired
			servicetest.WantCode(t, f.ChangeOwnPassword(caller, servicetest.WrongPassword, servicetest.NextPassword),
				account.CodeWrongPassword)
		}
	}
	guess(4)
	f.Clock.Advance(10 * time.Minute)
	if err := f.ChangeOwnPassword(caller, servicetest.Password, servicetest.NextPassword); err != nil {
		t.Fatal(err)
	}
	guess(4)
	if !f.IsAccepted(key) {
		t.Fatal("wrong passwords from before the correct one count")
	}
	guess(1)
	if f.IsAccepted(key) {
		t.Error("the fifth wrong password did not revoke the key")
	}
	servicetest.WantCode(t, f.ChangeOwnPassword(caller, servicetest.WrongPassword, servicetest.NextPassword),
		account.CodeUnauthorized)
}
