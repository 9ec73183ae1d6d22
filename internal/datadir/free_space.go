//go:build linux || darwin || freebsd

package datadir

import (
	"fmt"
	"syscall"
)

// FreeSpace returns the free bytes of the disk with the directory path, as far as this process may
// use them.
func FreeSpace(path string) (uint64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(path, &stat); err != nil {
		return 0, fmt.Errorf("read the free space of %s: %w", path, err)
	}
	return uint64(stat.Bavail) * uint64(stat.Bsize), nil
}
