// Package privatefile writes files for their owner alone (mode 0600) that appear whole or not at all.
//
// A File collects its content under a temporary name in the target's directory. One of the functions
// that give it its final name decides what happens to a file that already exists there.
//
// The package imports the standard library only.
package privatefile

import (
	"errors"
	"os"
	"path/filepath"
)

// File is a private file that doesn't have its final name yet.
type File struct {
	*os.File
	path string
}

// Namer gives a complete file its final name: os.Rename replaces an existing file; os.Link and
// RenameNew fail with fs.ErrExist instead.
type Namer func(from, to string) error

// Create makes a temporary file next to path. The caller defers Discard.
func Create(path string) (*File, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return nil, err
	}
	return &File{File: file, path: path}, nil
}

// Commit syncs the file and replaces whatever is at its path.
func (f *File) Commit() error { return f.place(os.Rename) }

// CommitDurably names the file by name and syncs its directory, so that the name survives a loss of power.
func (f *File) CommitDurably(name Namer) error {
	if err := f.place(name); err != nil {
		return err
	}
	directory, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// place names the file once its content is on disk.
func (f *File) place(name Namer) error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return name(f.Name(), f.path)
}

// Discard closes the file and removes its temporary name, if it still has that.
func (f *File) Discard() {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// Write writes a private file durably, named by name.
func Write(path, text string, name Namer) error {
	file, err := Create(path)
	if err != nil {
		return err
	}
	defer file.Discard()
	if _, err := file.WriteString(text); err != nil {
		return err
	}
	return file.CommitDurably(name)
}

// RenameNew renames a file and fails with fs.ErrExist if to exists. Unlike os.Link it works on
// network file systems and on FAT.
func RenameNew(from, to string) error {
	claimed, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err = claimed.Close(); err == nil {
		err = os.Rename(from, to)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(to))
	}
	return err
}
