package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// A private file is whole or not there, whatever was in its place.
func TestWritePrivate(t *testing.T) {
	dir := t.TempDir()
	elsewhere := filepath.Join(dir, "elsewhere")
	path := filepath.Join(dir, "secret")
	if err := os.WriteFile(elsewhere, []byte("keep me"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, path); err != nil {
		t.Fatal(err)
	}
	if err := writePrivate(path, "one", os.Link); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a link replaces what is there: %v", err)
	}
	if err := writePrivate(path, "two", os.Rename); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); string(text) != "two" || err != nil {
		t.Errorf("the file has %q, %v", text, err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	if text, err := os.ReadFile(elsewhere); string(text) != "keep me" || err != nil {
		t.Errorf("the link was followed: %q, %v", text, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); len(left) != 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
