// Package privatefile writes files that only their owner can access (mode 0600). A file appears whole or
// not at all.
//
// A [File] collects its content under a temporary name in the target's directory. Then a [Namer] gives the
// file its final name. The Namer decides whether an existing file with this name is replaced.
package privatefile

import (
	"errors"
	"os"
	"path/filepath"
)

// File is a private file that still has its temporary name.
type File struct {
	*os.File
	path string
}

// Namer renames a complete file to its final name. Of the three Namers, os.Rename replaces an existing
// file. os.Link and RenameNew fail with fs.ErrExist instead.
type Namer func(oldPath, newPath string) error

// Create creates a temporary file in the directory of path. The caller must defer Discard.
func Create(path string) (*File, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return nil, err
	}
	return &File{File: file, path: path}, nil
}

// Commit writes the file to disk and renames it to its path. It replaces an existing file.
func (f *File) Commit() error { return f.place(os.Rename) }

// CommitDurably calls name to give the file its final name. It also syncs the directory, so that the file survives a
// loss of power.
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

// place syncs and closes the file, then calls name to give the file its final name.
func (f *File) place(name Namer) error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return name(f.Name(), f.path)
}

// Discard closes the file. It removes the file if the file still has its temporary name.
func (f *File) Discard() {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// Write writes text to a private file at path. It calls name to give the file its final name, and syncs
// the directory.
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

// RenameNew renames the file oldPath to newPath. It fails with fs.ErrExist if newPath exists. Unlike os.Link it works
// on network file systems and on FAT.
func RenameNew(oldPath, newPath string) error {
	claimed, err := os.OpenFile(newPath, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err = claimed.Close(); err == nil {
		err = os.Rename(oldPath, newPath)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(newPath))
	}
	return err
}
