package token_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

func TestParseAcceptsNewTokens(t *testing.T) {
	form := regexp.MustCompile(`^uss_[0-9A-Za-z]{49}$`)
	seen := map[string]bool{}
	for range 100 {
		text, hash, err := token.New(token.Session, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if !form.MatchString(text.Reveal()) {
			t.Errorf("%q does not have the documented format", text.Reveal())
		}
		if seen[text.Reveal()] {
			t.Error("New returned the same token twice")
		}
		seen[text.Reveal()] = true
		parsed, err := token.Parse(token.Session, text)
		if err != nil || parsed != hash {
			t.Errorf("Parse = %x, %v; want %x", parsed, err, hash)
		}
		if _, err := token.Parse(token.Recovery, text); !errors.Is(err, token.ErrMalformed) {
			t.Errorf("a session token is accepted as a recovery token: %v", err)
		}
	}
}

// The largest random value, 32 bytes of 0xff, fits into 43 digits and needs them all.
func TestLargestValueFits(t *testing.T) {
	text, _, err := token.New(token.Session, bytes.NewReader(bytes.Repeat([]byte{0xff}, 32)))
	if err != nil || len(text.Reveal()) != 53 {
		t.Errorf("length %d, %v", len(text.Reveal()), err)
	}
}

func TestNewFailsWithoutRandomBytes(t *testing.T) {
	if _, _, err := token.New(token.Session, strings.NewReader("short")); err == nil {
		t.Error("a token was generated from too few random bytes")
	}
}

func TestParseRefusesEveryChangedByte(t *testing.T) {
	text, _, err := token.New(token.Session, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text.Reveal() {
		changed := []byte(text.Reveal())
		if changed[i]++; changed[i] == text.Reveal()[i] {
			t.Fatal("the byte did not change")
		}
		if _, err := token.Parse(token.Session, secret.New(string(changed))); err == nil {
			t.Errorf("accepted with byte %d changed", i)
		}
	}
}

func FuzzParse(f *testing.F) {
	text, _, _ := token.New(token.Session, rand.Reader)
	f.Add(text.Reveal())
	f.Add("")
	f.Add("uss_")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := token.Parse(token.Session, secret.New(text)); err == nil && len(text) != 53 {
			t.Errorf("accepted a text of %d bytes", len(text))
		}
	})
}

// If the encoding changed, stored tokens would become invalid.
func TestKnownToken(t *testing.T) {
	text, _, err := token.New(token.Session, bytes.NewReader(make([]byte, 32)))
	if want := "uss_" + strings.Repeat("0", 43) + "44zIsI"; err != nil || text.Reveal() != want {
		t.Errorf("got %q, %v; want %q", text.Reveal(), err, want)
	}
}

func BenchmarkParse(b *testing.B) {
	text, _, err := token.New(token.Session, rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := token.Parse(token.Session, text); err != nil {
			b.Fatal(err)
		}
	}
}
