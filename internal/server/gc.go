package server

import "runtime/debug"

// Settings of the garbage collector. The operator's variables GOGC and GOMEMLIMIT override
// them.
const (
	// gcPercent lets garbage grow to four times the live heap, which is a few megabytes. At
	// Go's default of 100 % a busy server would start dozens of collections a second.
	gcPercent = 400
	// Buffers of password hashes and full caches are part of the live heap. Beyond this
	// memory, collections become more frequent again. It leaves room for both.
	gcMemory        = 256 << 20 // bytes
	gcMemoryPerCore = 64 << 20  // bytes; a hash takes 19 MiB
)

// tuneGC sets the garbage collector for a server that computes cores hashes at a time.
func tuneGC(getenv func(string) string, cores int) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(gcMemory + int64(cores)*gcMemoryPerCore)
	}
}
