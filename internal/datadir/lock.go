// Package datadir reads and writes the files of a server's data directory, except the database: the lock, the
// server key, the first administrator's password, the checkpoint of the activity log and the directory of mail
// files.
package datadir

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/seed-3a99a2fe/usher/internal/command"
)

// lockFile is the name of the file that a server locks while it uses the directory. The operating system releases
// the lock when the process ends. The file stays, and its content names the last process that locked it.
const lockFile = "usher.lock"

// ErrInUse means that another process has locked the data directory.
var ErrInUse = errors.New("the data directory is in use")

// Create creates the data directory, accessible only to its owner, unless it exists.
func Create(data string) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	return nil
}

// Lock locks the data directory for this process until the lock is closed. The directory must exist. Lock fails
// with ErrInUse if another process holds the lock. Commands that may run while a server is running don't call it.
func Lock(data string) (*flock.Flock, error) {
	path := filepath.Join(data, lockFile)
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if !locked {
		owner, _ := os.ReadFile(path) // only for the error message
		name := cmp.Or(strings.TrimSpace(string(owner)), "another process")
		return nil, command.WithHint(fmt.Errorf("%w by %s", ErrInUse, name),
			"only one server at a time has a data directory; end that one first, or give this one another with --data")
	}
	host, _ := os.Hostname() // only for the error message of another process
	// Containers have process ids of their own, so the file also names the host.
	if err := os.WriteFile(path, fmt.Appendf(nil, "process %d on %s\n", os.Getpid(), host), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data directory: %w", err), lock.Close())
	}
	return lock, nil
}
