//go:build !unix

package connlimit

import "math"

// MaxDescriptors returns the number of file descriptors that the process may open, which these systems do not limit.
func MaxDescriptors() int { return math.MaxInt32 }
