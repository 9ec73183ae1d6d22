package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// lockFile is held by the server whose data directory it is in. The lock ends with
// the process, however that ends; the file stays, and says who held it last.
const lockFile = "usher.lock"

// errDirectoryInUse means that a server has the data directory already.
var errDirectoryInUse = errors.New("the data directory is in use")

// lockData takes the data directory, which must exist, for this process until
// Close. Commands that may run beside a server do not take it.
func lockData(data string) (*flock.Flock, error) {
	path := filepath.Join(data, lockFile)
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR))
	taken, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if !taken {
		holder, _ := os.ReadFile(path) // to tell more, if it can be read
		return nil, withHint(fmt.Errorf("%w by %s", errDirectoryInUse, cmp.Or(strings.TrimSpace(string(holder)), "another process")),
			"only one server at a time has a data directory; end that one first, or give this one another with --data")
	}
	host, _ := os.Hostname() // it is for people, and may be missing
	// Where processes have numbers of their own, as in containers, the machine tells them apart.
	if err := os.WriteFile(path, fmt.Appendf(nil, "process %d on %s\n", os.Getpid(), host), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data directory: %w", err), lock.Close())
	}
	return lock, nil
}
