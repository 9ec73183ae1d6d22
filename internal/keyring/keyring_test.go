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
	sealed, err := ring.Seal(ring.Primary(), keyring.Mail, "mail|7", []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed.Box, []byte("hello")) {
		t.Error("the ciphertext contains the plaintext")
	}
	changed := keyring.Sealed{KeyID: sealed.KeyID, Box: bytes.Clone(sealed.Box)}
	changed.Box[len(changed.Box)-1] ^= 1

	tests := []struct {
		name    string
		purpose keyring.Purpose
		context string
		ring    *keyring.Ring
		sealed  keyring.Sealed
		opens   bool
	}{
		{"as sealed", keyring.Mail, "mail|7", ring, sealed, true},
		{"another row", keyring.Mail, "mail|8", ring, sealed, false},
		{"another purpose", keyring.ContractKey, "mail|7", ring, sealed, false},
		{"changed", keyring.Mail, "mail|7", ring, changed, false},
		{"truncated", keyring.Mail, "mail|7", ring, keyring.Sealed{KeyID: sealed.KeyID, Box: sealed.Box[:3]}, false},
		{"another key", keyring.Mail, "mail|7", parse(t, newKey(t)), sealed, false},
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

// The ring encrypts with the key that it is told, and opens what an accepted key has encrypted.
func TestKeysOfARing(t *testing.T) {
	old, next := newKey(t), newKey(t)
	seal := func(ring *keyring.Ring, id string) keyring.Sealed {
		t.Helper()
		sealed, err := ring.Seal(id, keyring.Mail, "1", []byte("hello"))
		if err != nil || sealed.KeyID != id {
			t.Fatalf("Seal with %s: %s, %v", id, sealed.KeyID, err)
		}
		return sealed
	}
	oldID, nextID := parse(t, old).Primary(), parse(t, next).Primary()
	ring := parse(t, next+old)
	sealed := seal(ring, oldID)
	opens := func(want bool) {
		t.Helper()
		plain, err := ring.Open(keyring.Mail, "1", sealed)
		if want && (err != nil || string(plain) != "hello") || !want && !errors.Is(err, keyring.ErrNoKey) {
			t.Errorf("Open = %q, %v", plain, err)
		}
		if !want && !errors.Is(err, keyring.ErrNotOpened) {
			t.Errorf("Open = %v, want ErrNotOpened too", err)
		}
	}
	if ring.Primary() != nextID {
		t.Error("the first key is not the primary key")
	}
	opens(true)

	ring.Use(oldID, oldID)
	if ring.Primary() != oldID || ring.HasKey(nextID) {
		t.Error("the ring uses a key that is not accepted")
	}
	opens(true)
	ring.Use(nextID, nextID)
	opens(false)
	if _, err := ring.Seal(oldID, keyring.Mail, "1", nil); !errors.Is(err, keyring.ErrNoKey) {
		t.Errorf("seal with a key that is not accepted: %v", err)
	}
	if len(ring.Checks()) != 2 {
		t.Error("the check value of a key that is not accepted is missing")
	}

	ring = parse(t, old)
	ring.Use(nextID, oldID, nextID)
	if _, err := ring.Seal(nextID, keyring.Mail, "1", nil); !errors.Is(err, keyring.ErrNoKey) {
		t.Errorf("seal with a missing key: %v", err)
	}
	if mac := ring.MAC(keyring.UnknownAddress, "a"); mac.KeyID != oldID {
		t.Errorf("without the primary key the MAC is made with %q", mac.KeyID)
	}
	ring.Replace(parse(t, old+next))
	seal(ring, nextID)
	if mac := ring.MAC(keyring.UnknownAddress, "a"); mac.KeyID != nextID {
		t.Errorf("the MAC is made with %q, want the primary key", mac.KeyID)
	}
	if only := ring.Only(nextID); only.HasKey(oldID) || only.Primary() != nextID {
		t.Error("Only keeps another key")
	}
}

// Two purposes with one name would have the same key.
func TestPurposesDiffer(t *testing.T) {
	names := map[string]bool{"key-id": true, "key-check": true} // derived for check values
	for _, p := range keyring.Purposes() {
		if names[p.String()] {
			t.Errorf("the name %s is used twice", p)
		}
		names[p.String()] = true
	}
	if len(names) < 12 {
		t.Errorf("there are only the purposes %v", names)
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
		if _, err := ring.Open(keyring.Mail, "1", keyring.Sealed{KeyID: id, Box: box}); err == nil {
			t.Error("a forged ciphertext is decrypted")
		}
	})
}
