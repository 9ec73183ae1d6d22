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

// checkpointFile is the name of the file with the newest checkpoint of the activity log.
const checkpointFile = "activity-checkpoint"

// CheckpointStore is an audit.CheckpointStore that keeps the checkpoint in a file of the data directory. An
// attacker who can only change the database can't change this file.
type CheckpointStore struct{ Data string }

// Checkpoint reads the checkpoint from the file. It fails with account.ErrNotFound if there is no file.
func (s CheckpointStore) Checkpoint() (account.Checkpoint, error) {
	c, err := ReadCheckpoint(filepath.Join(s.Data, checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return c, account.ErrNotFound
	}
	return c, err
}

// Keep writes the checkpoint to the file.
func (s CheckpointStore) Keep(c account.Checkpoint) error {
	return privatefile.Write(filepath.Join(s.Data, checkpointFile), c.String()+"\n", os.Rename)
}

// SetAside renames the file: it appends the given time to the name. It returns the new path, or "" if there is
// no file. Call it after the database was restored from a backup. The restored activity log is older than the
// checkpoint, and a server that finds this difference stops sealing the log.
func (s CheckpointStore) SetAside(now time.Time) (path string, err error) {
	path = filepath.Join(s.Data, checkpointFile+"."+now.UTC().Format("20060102T150405Z"))
	err = os.Rename(filepath.Join(s.Data, checkpointFile), path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return path, err
}

// ReadCheckpoint reads the checkpoint in the file at path.
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
