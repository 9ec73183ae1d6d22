package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// witnessFile has the newest checkpoint of the activity log.
const witnessFile = "activity-checkpoint"

// fileWitness is an account.Witness in a file of the data directory, beside the
// database, so that a way into the database alone does not reach it.
type fileWitness struct{ data string }

// Checkpoint reads the file.
func (w fileWitness) Checkpoint() (account.Checkpoint, error) {
	c, err := readCheckpoint(filepath.Join(w.data, witnessFile))
	if errors.Is(err, fs.ErrNotExist) {
		return c, account.ErrNotFound
	}
	return c, err
}

// Keep writes the file.
func (w fileWitness) Keep(c account.Checkpoint) error {
	return writePrivate(filepath.Join(w.data, witnessFile), c.String()+"\n", os.Rename)
}

// setAside gives the file another name, as of a time, and returns it, or nothing
// where there is no file. A restored log does not go on from what an earlier one
// was seen to be, and a server that finds so seals no more.
func (w fileWitness) setAside(now time.Time) (path string, err error) {
	path = filepath.Join(w.data, witnessFile+"."+now.UTC().Format("20060102T150405Z"))
	err = os.Rename(filepath.Join(w.data, witnessFile), path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return path, err
}

// readCheckpoint reads a file with one checkpoint.
func readCheckpoint(path string) (account.Checkpoint, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return account.Checkpoint{}, fmt.Errorf("read the checkpoint: %w", err)
	}
	c, err := account.ParseCheckpoint(string(text))
	if err != nil {
		return c, withHint(fmt.Errorf("%s: %w", path, err), "it is one line, as `usher audit checkpoint` writes it")
	}
	return c, nil
}
