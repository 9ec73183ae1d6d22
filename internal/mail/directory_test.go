package mail_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/mail"
)

func newDirectory(t *testing.T) (*mail.Directory, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data", "mail")
	directory, err := mail.NewDirectory(path, "usher@example.org", "Usher")
	if err != nil {
		t.Fatal(err)
	}
	return directory, path
}

func TestDirectory(t *testing.T) {
	directory, path := newDirectory(t)
	m := recoveryMessage(t)
	for attempt, subject := range []string{"the first attempt", "the second attempt"} {
		m.Subject = subject
		if err := directory.Send(t.Context(), &account.Delivery{MailID: 42, Attempt: attempt + 1, Message: m}); err != nil {
			t.Fatal(err)
		}
		got, err := mail.ReadFile(path, 42)
		if err != nil {
			t.Fatal(err)
		}
		if got.Subject != subject || got.Text != m.Text || got.HTML != m.HTML || got.To != m.To || !got.Date.Equal(m.Date) {
			t.Errorf("ReadFile returned:\n%+v", got)
		}
	}

	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "000042.eml" {
		t.Errorf("the directory has the files %v", entries)
	}
	for name, want := range map[string]fs.FileMode{path: 0o700, filepath.Join(path, "000042.eml"): 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), want)
		}
	}
}

func TestNewDirectoryRestrictsItsMode(t *testing.T) {
	path := t.TempDir()
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := mail.NewDirectory(path, "usher@example.org", ""); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the mode is %v: %v", info.Mode(), err)
	}
}

// A crash may leave a partial file. ReadFile ignores it, and the next attempt to send
// replaces it.
func TestDirectoryReplacesPartialFile(t *testing.T) {
	directory, path := newDirectory(t)
	if err := os.WriteFile(filepath.Join(path, "000007.eml.part"), []byte("From: half a mess"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mail.ReadFile(path, 7); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the error is %v", err)
	}
	delivery := &account.Delivery{MailID: 7, Attempt: 2, Message: recoveryMessage(t)}
	if err := directory.Send(t.Context(), delivery); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(path); err != nil || len(entries) != 1 {
		t.Errorf("the directory has the files %v: %v", entries, err)
	}
}

func TestDirectoryFails(t *testing.T) {
	if _, err := mail.NewDirectory(t.TempDir(), "no-address", ""); err == nil {
		t.Error("a sender without an address is accepted")
	}
	occupied := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(occupied, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mail.NewDirectory(occupied, "usher@example.org", ""); err == nil {
		t.Error("a file is accepted as a directory")
	}

	directory, path := newDirectory(t)
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	err := directory.Send(t.Context(), &account.Delivery{MailID: 1, Attempt: 1, Message: recoveryMessage(t)})
	if failure, ok := errors.AsType[*mail.Failure](err); !ok || failure.Cause != mail.CauseFile || failure.Permanent {
		t.Errorf("the error is %v", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, "000001.eml"), []byte("not a message"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mail.ReadFile(path, 1); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("the error is %v", err)
	}
}

// ReadFile neither creates the directory nor changes its mode. A command that reads a
// message may run as another operating system account than the server, and could lock the
// server out.
func TestReadFileChangesNothing(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "mail")
	if _, err := mail.ReadFile(missing, 1); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory was created: %v", err)
	}

	directory, path := newDirectory(t)
	delivery := &account.Delivery{MailID: 1, Attempt: 1, Message: recoveryMessage(t)}
	if err := directory.Send(t.Context(), delivery); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o750); err != nil {
		t.Fatal(err)
	}
	if _, err := mail.ReadFile(path, 1); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("the mode is %v: %v", info.Mode(), err)
	}
}
