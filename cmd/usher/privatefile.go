package main

import (
	"errors"
	"os"
	"path/filepath"
)

// privateFile is a file (mode 0600) that appears whole, in the place of another, or not at all.
type privateFile struct {
	*os.File
	path string
}

func createPrivate(path string) (*privateFile, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return nil, err
	}
	return &privateFile{file, path}, nil
}

// commit puts the file in its place.
func (f *privateFile) commit() error { return f.place(os.Rename) }

// place gives the file its name, by os.Rename or os.Link, when it is whole and on disk.
func (f *privateFile) place(name func(from, to string) error) error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return name(f.Name(), f.path)
}

// discard removes a file that was not committed.
func (f *privateFile) discard() {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// writePrivate writes a private file, placed by os.Rename or os.Link, that lasts
// through a loss of power when it returns.
func writePrivate(path, text string, name func(from, to string) error) error {
	file, err := createPrivate(path)
	if err != nil {
		return err
	}
	defer file.discard()
	if _, err := file.WriteString(text); err != nil {
		return err
	}
	if err := file.place(name); err != nil {
		return err
	}
	directory, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}
