package credentials_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/cli/credentials"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// TestStore saves the sessions of two servers, and removes one.
func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config")
	store, err := credentials.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	check := func(server, token, last string) {
		t.Helper()
		if got, err := store.Token(server); err != nil || got.Reveal() != token {
			t.Errorf("the token for %s is %q, %v; want %q", server, got.Reveal(), err, token)
		}
		if got, err := store.LastServer(); err != nil || got != last {
			t.Errorf("the last server is %q, %v; want %q", got, err, last)
		}
	}
	check("https://a.example", "", "")
	now := time.Unix(1_800_000_000, 0)
	for i, server := range []string{"https://a.example", "https://b.example"} {
		saved := now.Add(time.Duration(i) * time.Hour)
		if err := store.Save(server, "ada@example.com", secret.New("token of "+server), saved); err != nil {
			t.Fatal(err)
		}
	}
	check("https://a.example", "token of https://a.example", "https://b.example")
	if info, err := os.Stat(filepath.Join(dir, "credentials.json")); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if err := store.Remove("https://b.example"); err != nil {
		t.Fatal(err)
	}
	check("https://b.example", "", "https://a.example")
}
