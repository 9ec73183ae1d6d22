package server

import (
	"runtime"
	"runtime/debug"
)

// raiseGOMAXPROCS doubles GOMAXPROCS, unless the operator has set the variable. It returns the previous value, which is
// the number of passwords to hash at the same time.
//
// Hashing a password keeps a thread busy for much longer than a request does. Go's scheduler preempts it after 10 ms at
// best, and polls the network less often while all threads are busy. With twice as many threads as cores, the kernel
// shares the cores between hashes and requests, as it does between processes. See decision 17.
func raiseGOMAXPROCS(getenv func(string) string) (cores int) {
	cores = runtime.GOMAXPROCS(0)
	if getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2 * cores)
	}
	return cores
}

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
