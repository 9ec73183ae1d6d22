package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/privatefile"
)

// checkpointFile holds the newest checkpoint of the activity log.
const checkpointFile = "activity-checkpoint"

// CheckpointStore is an account.CheckpointStore in a file of the data directory. An attacker with access to the
// database alone can't change the file.
type CheckpointStore struct{ Data string }

// Checkpoint reads the file. It fails with account.ErrNotFound if there is none.
func (s CheckpointStore) Checkpoint() (account.Checkpoint, error) {
	c, err := ReadCheckpoint(filepath.Join(s.Data, checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return c, account.ErrNotFound
	}
	return c, err
}

// Keep writes the file.
func (s CheckpointStore) Keep(c account.Checkpoint) error {
	return privatefile.Write(filepath.Join(s.Data, checkpointFile), c.String()+"\n", os.Rename)
}

// SetAside renames the file so that its name ends with now, and returns the new path, or "" if there is no file.
// A restored activity log doesn't continue from the checkpoint of the log before, and a server that finds such a
// difference stops sealing.
func (s CheckpointStore) SetAside(now time.Time) (path string, err error) {
	path = filepath.Join(s.Data, checkpointFile+"."+now.UTC().Format("20060102T150405Z"))
	err = os.Rename(filepath.Join(s.Data, checkpointFile), path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return path, err
}

// ReadCheckpoint reads a file with one checkpoint.
func ReadCheckpoint(path string) (account.Checkpoint, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return account.Checkpoint{}, fmt.Errorf("read the checkpoint: %w", err)
	}
	c, err := account.ParseCheckpoint(string(text))
	if err != nil {
		return c, command.WithHint(fmt.Errorf("%s: %w", path, err), "it is one line, as `usher audit checkpoint` writes it")
	}
	return c, nil
}
