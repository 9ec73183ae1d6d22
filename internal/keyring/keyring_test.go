package keyring_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

func newKey(t *testing.T) string {
	t.Helper()
	text, err := keyring.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parse(t *testing.T, text string) *keyring.Ring {
	t.Helper()
	ring, err := keyring.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestOpenNeedsSamePurposeAndContext(t *testing.T) {
	ring := parse(t, newKey(t))
	sealed, err := ring.Seal("mail", "mail|7", []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed.Box, []byte("hello")) {
		t.Error("the ciphertext contains the plaintext")
	}
	changed := keyring.Sealed{KeyID: sealed.KeyID, Box: bytes.Clone(sealed.Box)}
	changed.Box[len(changed.Box)-1] ^= 1

	tests := []struct {
		name, purpose, context string
		ring                   *keyring.Ring
		sealed                 keyring.Sealed
		opens                  bool
	}{
		{"as sealed", "mail", "mail|7", ring, sealed, true},
		{"another row", "mail", "mail|8", ring, sealed, false},
		{"another purpose", "api-key", "mail|7", ring, sealed, false},
		{"changed", "mail", "mail|7", ring, changed, false},
		{"truncated", "mail", "mail|7", ring, keyring.Sealed{KeyID: sealed.KeyID, Box: sealed.Box[:3]}, false},
		{"another key", "mail", "mail|7", parse(t, newKey(t)), sealed, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			plain, err := tt.ring.Open(tt.purpose, tt.context, tt.sealed)
			if tt.opens && (err != nil || string(plain) != "hello") {
				t.Errorf("Open = %q, %v", plain, err)
			}
			if !tt.opens && !errors.Is(err, keyring.ErrNotOpened) {
				t.Errorf("Open = %q, %v; want ErrNotOpened", plain, err)
			}
		})
	}
}

func TestOlderKeysStillOpen(t *testing.T) {
	old, next := newKey(t), newKey(t)
	sealed, err := parse(t, old).Seal("mail", "1", []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	both := parse(t, next+"\n"+old)
	if plain, err := both.Open("mail", "1", sealed); err != nil || string(plain) != "hello" {
		t.Errorf("Open = %q, %v", plain, err)
	}
	again, err := both.Seal("mail", "1", []byte("hello"))
	if err != nil || again.KeyID != parse(t, next).Checks()[0].ID {
		t.Errorf("Seal uses the key %q, %v; want the primary key", again.KeyID, err)
	}
}

func TestMatches(t *testing.T) {
	one, two := newKey(t), newKey(t)
	check := parse(t, one).Checks()[0]
	if !parse(t, two+one).Matches(check) {
		t.Error("a key of the ring does not match")
	}
	if parse(t, two).Matches(check) {
		t.Error("a key of another ring matches")
	}
	check.Value = bytes.Clone(check.Value)
	check.Value[0] ^= 1
	if parse(t, one).Matches(check) {
		t.Error("a changed check value matches")
	}
}

func TestParseRefusesWithoutShowingTheKey(t *testing.T) {
	for _, text := range []string{"", "\n \n", "c2hvcnQ=", "not base64 at all!", strings.TrimSpace(newKey(t)) + "AAAA"} {
		_, err := keyring.Parse(text)
		if err == nil {
			t.Errorf("%q was accepted", text)
			continue
		}
		if trimmed := strings.TrimSpace(text); trimmed != "" && strings.Contains(err.Error(), trimmed) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("c2hvcnQ=")
	f.Fuzz(func(t *testing.T, text string) {
		if ring, err := keyring.Parse(text); err == nil && len(ring.Checks()) == 0 {
			t.Error("a ring without keys")
		}
	})
}

func FuzzOpen(f *testing.F) {
	ring, err := keyring.Parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		f.Fatal(err)
	}
	id := ring.Checks()[0].ID
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, box []byte) {
		if _, err := ring.Open("mail", "1", keyring.Sealed{KeyID: id, Box: box}); err == nil {
			t.Error("a forged ciphertext is decrypted")
		}
	})
}
