package user_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
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
