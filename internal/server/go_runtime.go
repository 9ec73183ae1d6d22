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

// gcPercent is the value of GOGC unless the operator has set the variable. The live heap of a server is a few
// megabytes, so Go's default of 100 % would start dozens of collections a second under load. A larger value would let
// the buffers of password hashes, 19 MiB each, grow the heap by several times their size. See decision 43.
const gcPercent = 200

// setGCPercent sets the garbage collector to gcPercent, unless the operator has set GOGC.
func setGCPercent(getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
