package service_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

func TestPreferences(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org", f.role())
	ann := f.as("ann@example.org")
	for _, bad := range []string{"", "x", "english please", "en_", "-en", "en--GB", "123"} {
		_, err := f.UpdatePreferences(t.Context(), ann, account.PreferencesUpdate{Language: &bad})
		if account.ErrorCode(err) != account.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, good := range []string{"de", "pt-BR", "zh-Hant-TW", "qq-ZZ"} {
		got := must(f.UpdatePreferences(t.Context(), ann, account.PreferencesUpdate{Language: &good, ProfileID: ptr(3)}))
		if want := (account.Preferences{Language: good, ProfileID: 3}); got != want || must(f.Preferences(t.Context(), ann)) != want {
			t.Errorf("the preferences are %+v, want %+v", got, want)
		}
	}
	f.wantLast(account.ActionPreferencesUpdate, "userann@example.org", `"language"`)
	if got := must(f.Preferences(t.Context(), f.as(adminEmail))); got.Language != "en" {
		t.Errorf("those of another user are %+v", got)
	}
}
