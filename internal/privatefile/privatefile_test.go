package privatefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/privatefile"
)

// TestWrite writes to the path of a symbolic link. os.Link fails. os.Rename replaces the link and does not change
// the file that the link points to.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	path := filepath.Join(dir, "secret")
	if err := os.WriteFile(target, []byte("keep me"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	if err := privatefile.Write(path, "one", os.Link); !errors.Is(err, fs.ErrExist) {
		t.Errorf("os.Link over an existing file: %v, want fs.ErrExist", err)
	}
	if err := privatefile.Write(path, "two", os.Rename); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); string(text) != "two" || err != nil {
		t.Errorf("the file contains %q, %v; want %q", text, err, "two")
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if text, err := os.ReadFile(target); string(text) != "keep me" || err != nil {
		t.Errorf("the link's target contains %q, %v; want it unchanged", text, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); len(left) != 0 || err != nil {
		t.Errorf("temporary files left behind: %v, %v", left, err)
	}
}
