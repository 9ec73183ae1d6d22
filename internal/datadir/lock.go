// Package datadir knows the files of a server's data directory next to the database: the lock, the server key,
// the first administrator's password, the activity log's checkpoint and the directory of mail files.
//
// The package imports account (for checkpoints), keyring, secret, privatefile and command (for hints). It doesn't
// open the database.
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

// lockFile is locked by the server that uses the directory. The operating system releases the lock when the
// process ends. The file stays, and names the last process that locked it.
const lockFile = "usher.lock"

// ErrInUse means that another process has locked the data directory.
var ErrInUse = errors.New("the data directory is in use")

// Create makes a data directory, for its owner alone, unless it exists.
func Create(data string) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	return nil
}

// Lock locks the data directory, which must exist, for this process until Close. It fails with ErrInUse.
// Commands that may run at the same time as a server don't lock it.
func Lock(data string) (*flock.Flock, error) {
	path := filepath.Join(data, lockFile)
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if !locked {
		owner, _ := os.ReadFile(path) // only for the message
		name := cmp.Or(strings.TrimSpace(string(owner)), "another process")
		return nil, command.WithHint(fmt.Errorf("%w by %s", ErrInUse, name),
			"only one server at a time has a data directory; end that one first, or give this one another with --data")
	}
	host, _ := os.Hostname() // only for the message
	// Containers number their processes separately, so the host name is needed too.
	if err := os.WriteFile(path, fmt.Appendf(nil, "process %d on %s\n", os.Getpid(), host), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data directory: %w", err), lock.Close())
	}
	return lock, nil
}
