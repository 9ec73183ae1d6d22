package user_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestPreferences(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org", f.AddRole())
	ann := f.As("ann@example.org")
	for _, bad := range []string{"", "x", "english please", "en_", "-en", "en--GB", "123"} {
		_, err := f.UpdatePreferences(t.Context(), ann, account.PreferencesUpdate{Language: &bad})
		if account.ErrorCode(err) != account.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, good := range []string{"de", "pt-BR", "zh-Hant-TW", "qq-ZZ"} {
		up := account.PreferencesUpdate{Language: &good, ProfileID: new(3)}
		got := servicetest.Must(f.UpdatePreferences(t.Context(), ann, up))
		stored := servicetest.Must(f.Preferences(t.Context(), ann))
		if want := (account.Preferences{Language: good, ProfileID: 3}); got != want || stored != want {
			t.Errorf("answered %+v, stored %+v, want %+v", got, stored, want)
		}
	}
	f.WantLastActivity(account.ActionPreferencesUpdate, "userann@example.org", `"language"`)
	if got := servicetest.Must(f.Preferences(t.Context(), f.Admin())); got.Language != "en" {
		t.Errorf("the preferences of another user are %+v", got)
	}
}

// There is no permission for preferences. A narrowed key needs the one to edit its owner.
func TestPreferencesByKey(t *testing.T) {
	f := servicetest.New(t)
	ann := f.AddUser("ann@example.org", f.AddRole(
		servicetest.PermitSelf("user:read"), servicetest.PermitSelf("user:edit"), servicetest.PermitSelf("api-key:create"),
	))
	up := account.PreferencesUpdate{Language: new("de")}
	for name, test := range map[string]struct {
		key  apikey.NewAPIKey
		want account.Code
	}{
		"not narrowed":   {apikey.NewAPIKey{}, ""},
		"read-only":      {apikey.NewAPIKey{ReadOnly: true}, account.CodeForbidden},
		"to read":        {apikey.NewAPIKey{Permissions: own("user:read")}, account.CodeForbidden},
		"to create keys": {apikey.NewAPIKey{Permissions: own("api-key:create")}, account.CodeForbidden},
		"to edit":        {apikey.NewAPIKey{Permissions: own("user:read", "user:edit")}, ""},
		"to edit another": {apikey.NewAPIKey{Permissions: servicetest.RequestsFor(
			servicetest.Permit("user:read", ann+1), servicetest.Permit("user:edit", ann+1))}, account.CodeForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			test.key.Name = name
			text, _, err := f.CreateKey(t.Context(), f.As("ann@example.org"), test.key)
			servicetest.WantCode(t, err, "")
			p := f.PrincipalBy(text)
			_, err = f.UpdatePreferences(t.Context(), p, up)
			servicetest.WantCode(t, err, test.want)
			servicetest.Must(f.Preferences(t.Context(), p))
		})
	}
}

// own requests permissions such as "user:edit" for the caller's own data.
func own(permissions ...string) []access.PermissionRequest {
	requests := make([]access.PermissionRequest, len(permissions))
	for i, p := range permissions {
		requests[i] = servicetest.RequestsFor(servicetest.PermitSelf(p))[0]
	}
	return requests
}
