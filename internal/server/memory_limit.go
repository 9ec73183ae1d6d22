package server

import "runtime/debug"

// The memory at which garbage collections become more frequent than GOGC alone would make them. It has room for full
// caches and the largest request bodies, and for the hashes that run at once. Without it, each thread of the Go runtime
// keeps buffers of finished hashes, 19 MiB each, and memory grows for minutes under load. See decision 43.
const (
	memoryLimit        = 192 << 20 // bytes
	memoryLimitPerCore = 48 << 20  // bytes
)

// limitMemory sets the soft memory limit of the Go runtime for a server that computes cores hashes at once, unless the
// operator has set GOMEMLIMIT.
func limitMemory(getenv func(string) string, cores int) {
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit + int64(cores)*memoryLimitPerCore)
	}
}
