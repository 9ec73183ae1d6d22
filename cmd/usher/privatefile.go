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

// place gives the file its name, by os.Rename, os.Link or renameNew, when it is whole
// and on disk.
func (f *privateFile) place(name func(from, to string) error) error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return name(f.Name(), f.path)
}

// lasting is place for a name that lasts through a loss of power when it returns.
func (f *privateFile) lasting(name func(from, to string) error) error {
	if err := f.place(name); err != nil {
		return err
	}
	directory, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// renameNew renames a file and replaces none: it fails with fs.ErrExist. Unlike
// os.Link it works on the file systems of other machines and of sticks.
func renameNew(from, to string) error {
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

// discard removes a file that was not committed.
func (f *privateFile) discard() {
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// writePrivate writes a private file, placed by os.Rename or os.Link, that lasts.
func writePrivate(path, text string, name func(from, to string) error) error {
	file, err := createPrivate(path)
	if err != nil {
		return err
	}
	defer file.discard()
	if _, err := file.WriteString(text); err != nil {
		return err
	}
	return file.lasting(name)
}
