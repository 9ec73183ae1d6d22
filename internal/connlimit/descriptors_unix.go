//go:build unix

package connlimit

import (
	"math"
	"syscall"
)

// MaxDescriptors returns the number of file descriptors that the process may open. The Go runtime has already raised
// the soft limit to the hard one.
func MaxDescriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxInt32
	}
	return int(min(uint64(limit.Cur), math.MaxInt32)) //nolint:unconvert // the type depends on the system
}
