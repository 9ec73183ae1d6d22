//go:build !(linux || darwin || freebsd)

package datadir

import "errors"

// FreeSpace fails: the free space of a disk is not known on this system.
func FreeSpace(string) (uint64, error) { return 0, errors.ErrUnsupported }
