package datadir_test

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/datadir"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

func TestLock(t *testing.T) {
	data := t.TempDir()
	lock, err := datadir.Lock(data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.Lock(data); !errors.Is(err, datadir.ErrInUse) {
		t.Errorf("a second lock: %v, want ErrInUse", err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := datadir.Lock(data)
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// TestGenerateServerKey generates a key twice, like two servers that start at the same time. The first
// key stays.
func TestGenerateServerKey(t *testing.T) {
	path := datadir.ServerKeyPath(t.TempDir())
	if _, err := datadir.ReadServerKey(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v, want fs.ErrNotExist", err)
	}
	if _, err := datadir.GenerateServerKey(path); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.GenerateServerKey(path); err != nil {
		t.Fatal(err)
	}
	if second, err := os.ReadFile(path); err != nil || string(second) != string(first) {
		t.Errorf("the key was replaced: %v", err)
	}
}

// A key is added and an older one retired. A crash between any two steps loses no key.
func TestRetireServerKeys(t *testing.T) {
	path := datadir.ServerKeyPath(t.TempDir())
	ring, err := datadir.GenerateServerKey(path)
	if err != nil {
		t.Fatal(err)
	}
	old := ring.Primary()
	if ring, err = datadir.AddServerKey(path); err != nil {
		t.Fatal(err)
	}
	checks := ring.Checks()
	if len(checks) != 2 || checks[0].ID != old {
		t.Fatalf("after AddServerKey the keys are %v, want %s and another", checks, old)
	}
	both, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if retired, err := datadir.RetireServerKeys(path, []string{"other"}); retired != "" || err != nil {
		t.Errorf("retire a key that is not in the file: %q, %v", retired, err)
	}
	for range 2 { // the second time as if the first had crashed before the key file was written
		if err := os.WriteFile(path, both, 0o600); err != nil {
			t.Fatal(err)
		}
		retired, err := datadir.RetireServerKeys(path, []string{old})
		if err != nil || retired != path+".retired" {
			t.Fatalf("RetireServerKeys = %q, %v", retired, err)
		}
		for file, want := range map[string]string{path: checks[1].ID, retired: old} {
			ring, err := datadir.ReadServerKey(file)
			if err != nil || len(ring.Checks()) != 1 || ring.Primary() != want {
				t.Errorf("%s: %v, want the key %s", file, err, want)
			}
			if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
				t.Errorf("%s: mode %v, %v", file, info.Mode(), err)
			}
		}
	}
}

func TestInitialPassword(t *testing.T) {
	data := t.TempDir()
	if err := datadir.SaveInitialPassword(data, secret.New("Correct-horse-7")); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	datadir.RemoveInitialPassword(data, 2, log)
	if text, err := os.ReadFile(datadir.InitialPasswordPath(data)); err != nil || string(text) != "Correct-horse-7\n" {
		t.Errorf("after another user's change: %q, %v", text, err)
	}
	datadir.RemoveInitialPassword(data, 1, log)
	if _, err := os.Stat(datadir.InitialPasswordPath(data)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the administrator's change: %v, want fs.ErrNotExist", err)
	}
}

func TestCheckpointStore(t *testing.T) {
	store := datadir.CheckpointStore{Data: t.TempDir()}
	if _, err := store.Checkpoint(); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("without a file: %v, want ErrNotFound", err)
	}
	now := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	if path, err := store.SetAside(now); path != "" || err != nil {
		t.Errorf("SetAside without a file: %q, %v", path, err)
	}
	if err := os.WriteFile(filepath.Join(store.Data, "activity-checkpoint"), []byte("no checkpoint"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Checkpoint(); err == nil {
		t.Error("a damaged file is accepted")
	}
	want := filepath.Join(store.Data, "activity-checkpoint.20260314T150926Z")
	if path, err := store.SetAside(now); path != want || err != nil {
		t.Errorf("SetAside: %q, %v; want %q", path, err, want)
	}
}
