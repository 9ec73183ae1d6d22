package server

import "runtime"

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
