package account_test

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

func TestParseEmail(t *testing.T) {
	local64 := strings.Repeat("a", 64)
	label := strings.Repeat("b", 60)
	tests := []struct {
		address string
		key     account.EmailKey // "" if the address is invalid
	}{
		{"ann@example.org", "ann@example.org"},
		{"ANN@EXAMPLE.ORG", "ann@example.org"},
		{"ann+tag@example.org", "ann+tag@example.org"},
		{"o'hara@example.org", "o'hara@example.org"},
		{"admin@localhost", "admin@localhost"},
		{"zoë@bücher.example", "zoë@xn--bcher-kva.example"},
		{"ZOE\u0308@BU\u0308CHER.example", "zoë@xn--bcher-kva.example"},
		{"straße@example.org", "strasse@example.org"},
		{"ΣΊΣΥΦΟΣ@example.org", "σίσυφοσ@example.org"},
		{"\u13a2@example.org", "\uab72@example.org"}, // a Cherokee letter,
		{"\uab72@example.org", "\uab72@example.org"}, // and its lower case
		{"ann@例え.テスト", "ann@xn--r8jz45g.xn--zckzah"},
		{"ann@ＥＸＡＭＰＬＥ.org", "ann@example.org"},
		{local64 + "@example.org", account.EmailKey(local64 + "@example.org")},
		{"a@" + strings.Join([]string{label, label, label, label}, "."),
			account.EmailKey("a@" + strings.Join([]string{label, label, label, label}, "."))},

		{"", ""},
		{"ann", ""},
		{"@example.org", ""},
		{"ann@", ""},
		{"ann@@example.org", ""},
		{"ann@bob@example.org", ""},
		{".ann@example.org", ""},
		{"ann.@example.org", ""},
		{"a..n@example.org", ""},
		{"ann @example.org", ""},
		{" ann@example.org", ""},
		{"ann@example.org ", ""},
		{"ann@exa mple.org", ""},
		{"ann@example.org\r\nBcc: bob@example.org", ""},
		{"ann\x00@example.org", ""},
		{"an\u200bn@example.org", ""},
		{"an\u202en@example.org", ""},
		{"ann\xff@example.org", ""},
		{`"ann"@example.org`, ""},
		{"Ann <ann@example.org>", ""},
		{"ann@[127.0.0.1]", ""},
		{"ann@example..org", ""},
		{"ann@.example.org", ""},
		{"ann@example.org.", ""},
		{"ann@-example.org", ""},
		{"ann@exa_mple.org", ""},
		{"ann@exa/mple.org", ""},
		{"ann@xn--a", ""},
		{"ann@\u2135x.org", ""}, // becomes a Hebrew letter before a Latin one
		{"ann@" + strings.Repeat("b", 64) + ".org", ""},
		{"a" + local64 + "@example.org", ""},
		{strings.Repeat("é", 33) + "@example.org", ""},
		{"a@" + strings.Repeat("b.", 126) + "b", ""},
	}
	for _, test := range tests {
		key, ok := account.ParseEmail(test.address)
		if key != test.key || ok != (test.key != "") {
			t.Errorf("ParseEmail(%+q) = %+q, %v; want %+q", test.address, key, ok, test.key)
		}
	}
}

// An address that is new must not have invisible characters, with which it could look like another.
func TestParseNewEmail(t *testing.T) {
	for _, address := range []string{"ann@example.org", "zoë@bücher.example", "o'hara+x@localhost", "ann@例え.テスト"} {
		want, _ := account.ParseEmail(address)
		if key, ok := account.ParseNewEmail(address); !ok || key != want {
			t.Errorf("%q: %q, %v; want %q", address, key, ok, want)
		}
	}
	for _, invisible := range []string{
		"\ufe0f", "\u3164", "\ufe00", "\u034f", "\u115f", "\u1160", "\u17b4", "\u180b", "\u180e", "\uffa0", "\u2065",
		"\u200d", "\u00ad", "\u2800", "\U000e0041", "\U000e0100", "\U0001d173", "\ufff8",
	} {
		for _, address := range []string{
			"an" + invisible + "n@example.org", invisible + "ann@example.org", "ann" + invisible + "@example.org",
			"ann@exam" + invisible + "ple.org",
		} {
			if key, ok := account.ParseNewEmail(address); ok {
				t.Errorf("%+q was accepted as %q", address, key)
			}
		}
	}
}

// The key of an address is itself a valid address, and parsing it returns the same key. It contains
// no character that ends a mail header or looks like another character.
func FuzzParseEmail(f *testing.F) {
	for _, seed := range []string{
		"ann@example.org", "ANN@ΣΊΣΥΦΟΣ.example", "ǰ\u0323@bücher.example", "α\u0345\u0301@x", "a@xn--bcher-kva.example",
		"\u1e9e@a.b", "ŉ@x", "\u13a2@x", "a@\u2135x", "Å@Å.x", "a@b.", "a@b..c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		key, ok := account.ParseEmail(address)
		if !ok {
			if key != "" {
				t.Fatalf("the invalid address %+q has the key %+q", address, key)
			}
			return
		}
		if second, ok := account.ParseEmail(string(key)); len(key) <= 254 &&
			strings.LastIndexByte(string(key), '@') <= 64 && (!ok || second != key) {
			t.Errorf("the key of %+q is %+q, but the key of the key is %+q, %v", address, key, second, ok)
		}
		for _, form := range []string{norm.NFC.String(address), norm.NFD.String(address)} {
			if formKey, ok := account.ParseEmail(form); len(form) <= 254 && (!ok || formKey != key) {
				t.Errorf("the key of %+q is %+q, but the key of its form %+q is %+q, %v", address, key, form, formKey, ok)
			}
		}
		local, domain, _ := strings.Cut(string(key), "@")
		if local == "" || domain == "" || strings.Contains(domain, "@") {
			t.Errorf("the key of %+q is %+q", address, key)
		}
		for _, r := range string(key) {
			if unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune("<>,;:\"\\", r) {
				t.Errorf("the key of %+q contains %+q", address, r)
			}
		}
		for _, r := range domain {
			if r > unicode.MaxASCII || unicode.IsUpper(r) {
				t.Errorf("the domain of the key %+q contains %+q", key, r)
			}
		}
	})
}
