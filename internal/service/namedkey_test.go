package service_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

func TestCreateKeyRefuses(t *testing.T) {
	f := newFixture(t)
	session := f.as(adminEmail)
	none := []int64{}
	tests := []struct {
		name string
		key  apikey.NewAPIKey
		code account.Code
		path string
	}{
		{"no name", apikey.NewAPIKey{}, account.CodeInvalid, "/name"},
		{"too long a life", apikey.NewAPIKey{Name: "n", Lifetime: apikey.MaxKeyLifetime + 1}, account.CodeInvalid, "/expiresInDays"},
		{"a life before its birth", apikey.NewAPIKey{Name: "n", Lifetime: -1}, account.CodeInvalid, "/expiresInDays"},
		{"narrowed twice", apikey.NewAPIKey{Name: "n", ReadOnly: true, Permissions: asking(user, read)}, account.CodeInvalid, "/permissions"},
		{"an empty list", apikey.NewAPIKey{Name: "n", Permissions: []access.PermissionRequest{}}, account.CodeInvalid, "/permissions"},
		{"an unknown entity", apikey.NewAPIKey{Name: "n", Permissions: asking("widget", read)}, account.CodeInvalid, "/permissions/0"},
		{"an unknown action", apikey.NewAPIKey{Name: "n", Permissions: asking(user, "fly")}, account.CodeInvalid, "/permissions/0"},
		{"no ids", apikey.NewAPIKey{Name: "n", Permissions: []access.PermissionRequest{{Entity: user, Action: read, IDs: &none}}}, account.CodeInvalid, "/permissions/0/entityIds"},
		{"edit without read", apikey.NewAPIKey{Name: "n", Permissions: asking(user, edit)}, account.CodePermissionNeedsRead, "/permissions/0/action"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := f.CreateKey(t.Context(), session, test.key)
			wantPaths(t, err, test.code, test.path)
		})
	}
	if keys := must(f.ListKeys(t.Context(), session, 1)); len(keys) > 0 {
		t.Errorf("there are the keys %+v", keys)
	}
}

func TestKeysAreFifty(t *testing.T) {
	f := newFixture(t)
	session := f.signIn(adminEmail, password)
	caller := f.principal(session)
	f.renew(caller) // does not count
	errs := parallel(apikey.MaxNamedKeys+5, func(i int) error {
		_, _, err := f.CreateKey(t.Context(), caller, apikey.NewAPIKey{Name: fmt.Sprint(i), Lifetime: time.Hour})
		return err
	})
	if count := codes(errs); count[""] != apikey.MaxNamedKeys || count[account.CodeTooManyKeys] != 5 {
		t.Fatalf("the outcomes are %v", count)
	}
	f.clock.advance(time.Hour) // expired keys do not count
	if _, _, err := f.CreateKey(t.Context(), caller, apikey.NewAPIKey{Name: "one more"}); err != nil {
		t.Error(err)
	}
}

func TestKeysOfOthers(t *testing.T) {
	f := newFixture(t)
	ann, bob := f.user("ann@example.org", access.UserRole), f.user("bob@example.org", access.UserRole)
	admin := f.user("second@example.org", access.AdministratorRole)
	keeper := f.role(may(access.EntityAPIKey, read), may(access.EntityAPIKey, remove))
	f.user("keeper@example.org", keeper)
	f.user("guard@example.org", keeper, access.UserRole)
	f.user("reader@example.org", f.role(may(access.EntityAPIKey, read)), access.UserRole)
	keyOf := func(email string) int64 {
		_, k, err := f.CreateKey(t.Context(), f.as(email), apikey.NewAPIKey{Name: "n"})
		if err != nil {
			t.Fatal(err)
		}
		return k.ID
	}
	tests := []struct {
		who, whose string
		of         int64
		list, end  account.Code
	}{
		{"ann@example.org", "ann@example.org", ann, "", ""},
		{"ann@example.org", "bob@example.org", bob, account.CodeNotFound, account.CodeNotFound},
		{"reader@example.org", "bob@example.org", bob, "", account.CodeForbidden},
		{"keeper@example.org", "bob@example.org", bob, "", account.CodeForbidden}, // does not cover role 2
		{"guard@example.org", "bob@example.org", bob, "", ""},
		{"guard@example.org", "second@example.org", admin, "", account.CodeForbidden},
		{adminEmail, "second@example.org", admin, "", ""},
	}
	for _, test := range tests {
		t.Run(test.who+" "+test.whose, func(t *testing.T) {
			id := keyOf(test.whose)
			_, err := f.ListKeys(t.Context(), f.as(test.who), test.of)
			wantCode(t, err, test.list)
			wantCode(t, f.EndKey(t.Context(), f.as(test.who), id), test.end)
			if test.end == "" {
				wantCode(t, f.EndKey(t.Context(), f.as(test.who), id), account.CodeNotFound)
			}
		})
	}
	_, err := f.ListKeys(t.Context(), f.as(adminEmail), 99)
	wantCode(t, err, account.CodeNotFound)
}

// A named key reaches no keys, no sessions and no passwords, whatever its
// permissions: not with every permission of an administrator who owns it.
func TestNamedKeyIsKeptOut(t *testing.T) {
	f := newFixture(t)
	other := f.user("ann@example.org", access.UserRole)
	for _, email := range []string{adminEmail, "ann@example.org"} {
		f.renew(f.as(email))
	}
	touching := map[string]func(ctx context.Context, s *service.Service, p *account.Principal) error{
		"ChangePassword": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			return s.ChangePassword(ctx, p, secret.New(password), secret.New(next), account.Origin{ClientNetwork: home})
		},
		"UpdateUser, a password": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.UpdateUser(ctx, p, other, account.UserUpdate{Password: ptr(secret.New(next))})
			return err
		},
		"UpdateUser, one's own password": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.UpdateUser(ctx, p, 1, account.UserUpdate{Password: ptr(secret.New(next))})
			return err
		},
		"UpdateUser, where recovery goes": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.UpdateUser(ctx, p, other, account.UserUpdate{Email: ptr("new@example.org")})
			return err
		},
		"UpdateServerSettings, where recovery links lead": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.UpdateServerSettings(ctx, p, settings.ServerUpdate{PublicURL: ptr(ptr("https://elsewhere.example"))})
			return err
		},
		"UpdateApplicationSettings, how recovery mail leaves": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.UpdateApplicationSettings(ctx, p, settings.ApplicationUpdate{MailUpdate: settings.MailUpdate{Server: ptr(ptr("mail.example"))}})
			return err
		},
		"Keys, another's": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.ListKeys(ctx, p, other)
			return err
		},
		"EndKey, another's": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			return s.EndKey(ctx, p, 2)
		},
		"EndKey, itself": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			return s.EndKey(ctx, p, p.Credential.ID)
		},
		"Sessions, another's": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := s.Sessions(ctx, p, other)
			return err
		},
		"EndSessions, another's": func(ctx context.Context, s *service.Service, p *account.Principal) error {
			return s.EndSessions(ctx, p, other, false)
		},
	}
	for _, name := range []string{"ContractKey", "RenewContractKey", "CreateKey", "ListKeys", "EndKey", "Sessions", "EndSession", "EndSessions"} {
		touching[name] = operations[name]
	}
	session := f.as(adminEmail)
	for kind, n := range map[string]apikey.NewAPIKey{
		"everything": {Name: "n"},
		"listed": {Name: "n", Permissions: slices.Concat(
			asking(access.EntityAPIKey, read, create, remove), asking(access.EntitySession, read, remove), asking(user, read, edit, editAccess),
		)},
	} {
		p := f.by(f.createKey(session, n))
		for name, call := range touching {
			if err := call(t.Context(), f.Service, p); account.ErrorCode(err) != account.CodeForbidden {
				t.Errorf("%s, by a key of %s: %v", name, kind, err)
			}
		}
	}
	// The same calls are fine in a session, so it is the key that is refused.
	for name, call := range touching {
		if err := call(t.Context(), f.Service, f.as(adminEmail)); account.ErrorCode(err) == account.CodeForbidden &&
			name != "UpdateUser, one's own password" {
			t.Errorf("%s, in a session: %v", name, err)
		}
		f.write(func(ctx context.Context, tx account.Tx) error { // some of them change it
			return tx.SetPassword(ctx, 1, f.hash, false, f.clock.Now())
		})
	}
}

// A sign-out with a key ends nothing.
func TestSignOutWithAKey(t *testing.T) {
	f := newFixture(t)
	in := f.signIn(adminEmail, password)
	key := f.renew(f.principal(in))
	if err := f.SignOut(t.Context(), f.by(key)); err != nil {
		t.Fatal(err)
	}
	if !f.works(key) || f.over(in) {
		t.Error("it ended something")
	}
}

// A key of the contract changes the password as a session does: sessions end, and
// keys go on.
func TestChangePasswordByKey(t *testing.T) {
	f := newFixture(t)
	in := f.signIn(adminEmail, password)
	key := f.renew(f.principal(in))
	named := f.createKey(f.principal(in), apikey.NewAPIKey{Name: "n"})
	if err := f.change(f.by(key), password, next); err != nil {
		t.Fatal(err)
	}
	if !f.over(in) || !f.works(key) || !f.works(named) {
		t.Error("it must end every session and no key")
	}
	f.signIn(adminEmail, next)
}

// The fifth wrong password since the last right one ends the key.
func TestWrongCurrentPasswordsByKey(t *testing.T) {
	f := newFixture(t)
	key := f.renew(f.as(adminEmail))
	caller := f.by(key)
	guess := func(times int) {
		for range times {
			f.clock.advance(10 * time.Minute) // after the lock
			wantCode(t, f.change(caller, wrong, next), account.CodeWrongPassword)
		}
	}
	guess(4)
	f.clock.advance(10 * time.Minute)
	if err := f.change(caller, password, next); err != nil {
		t.Fatal(err)
	}
	guess(4)
	if !f.works(key) {
		t.Fatal("mistakes from before a right password count")
	}
	guess(1)
	if f.works(key) {
		t.Error("the fifth wrong password did not end the key")
	}
	wantCode(t, f.change(caller, wrong, next), account.CodeUnauthorized)
}
