package locale_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/locale"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		preferred []string
		want      string
	}{
		{nil, "en"},
		{[]string{""}, "en"},
		{[]string{"fr"}, "fr"},
		{[]string{"fr-CA"}, "fr"},
		{[]string{"", "fr;q=0.5, en;q=0.9"}, "en"},
		{[]string{"", "de, fr;q=0.5"}, "fr"},
		{[]string{"en", "fr"}, "en"},
		{[]string{"zz-!!", "fr"}, "fr"},
		{[]string{"tlh"}, "en"},
		// The first is skipped: it is longer than 256 bytes, so parsing would take long.
		{[]string{strings.Repeat("en,", 200) + "en", "fr"}, "fr"},
	}
	for _, test := range tests {
		if got := locale.Match(test.preferred...).Tag; got != test.want {
			t.Errorf("%q: %s, want %s", test.preferred, got, test.want)
		}
	}
}

func TestTranslate(t *testing.T) {
	tests := []struct {
		tag    string
		phrase locale.Phrase
		args   []any
		want   string
	}{
		{"en", "Sign in", nil, "Sign in"},
		{"fr", "Sign in", nil, "Se connecter"},
		{"en", "not 100% translated", nil, "not 100% translated"},
		{"fr", "not 100% translated", nil, "not 100% translated"},
		{"en", "of %d", []any{12345}, "of 12,345"},
		{"fr", "of %d", []any{12345}, "of 12\u00a0345"},
		{"en", "Try again in %d minutes.", []any{1}, "Try again in one minute."},
		{"en", "Try again in %d minutes.", []any{5}, "Try again in 5 minutes."},
		{"fr", "Try again in %d minutes.", []any{1}, "Réessayez dans une minute."},
		{"fr", "Try again in %d minutes.", []any{5}, "Réessayez dans 5 minutes."},
	}
	for _, test := range tests {
		if got := locale.Match(test.tag).Translate(test.phrase, test.args...); got != test.want {
			t.Errorf("%s %q: %q, want %q", test.tag, test.phrase, got, test.want)
		}
	}
}

func TestTranslateMessage(t *testing.T) {
	for text, want := range map[string]string{
		"must be at most 256 characters long": "doit avoir au plus 256 caractères",
		"must have at least 12 characters, a digit, and a special character": "doit avoir au moins 12 caractères, " +
			"un chiffre, et un caractère spécial",
		"must have a digit, a secret that nobody has translated": "must have a digit, a secret that nobody has " +
			"translated",
		"is what nobody has translated 7": "is what nobody has translated 7",
	} {
		if got := locale.Match("fr").TranslateMessage(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got := locale.Match("en").TranslateMessage(text); got != text {
			t.Errorf("%q in English: %q", text, got)
		}
	}
}

// TestConcurrentUse translates with the same language in many goroutines, for the race detector.
func TestConcurrentUse(t *testing.T) {
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for n := range 200 {
				got := locale.Match("fr").Translate("Try again in %d minutes.", 2)
				if got != "Réessayez dans 2 minutes." {
					t.Errorf("%d: %q", n, got)
				}
			}
		})
	}
	group.Wait()
}
