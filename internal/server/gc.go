package server

import "runtime/debug"

// Settings of the garbage collector. The environment variables GOGC and GOMEMLIMIT take precedence.
const (
	// gcPercent is GOGC: the heap may grow by four times its live part before the next collection.
	// The live heap is only a few megabytes, so with Go's default of 100 a busy server would
	// collect dozens of times a second.
	gcPercent = 400
	// gcMemory and gcMemoryPerCore give the soft memory limit of tuneGC. The live heap grows with
	// full caches and with the buffers of password hashes. Beyond the limit, Go collects more
	// often; the limit has room for both.
	gcMemory        = 192 << 20 // bytes
	gcMemoryPerCore = 48 << 20  // bytes; hashing a password takes 19 MiB
)

// tuneGC sets the garbage collector for a server that hashes as many passwords at a time as cores
// says.
func tuneGC(getenv func(string) string, cores int) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(gcMemory + int64(cores)*gcMemoryPerCore)
	}
}
