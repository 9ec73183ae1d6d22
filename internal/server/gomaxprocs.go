package server

import "runtime"

// raiseGOMAXPROCS doubles GOMAXPROCS, unless the operator has set the variable, and returns what it was before: the
// number of passwords to hash at the same time.
//
// A password hash occupies its processor for much longer than a request. Go's scheduler preempts it after 10 ms at
// best, and polls the network less often while all processors are busy. With twice as many threads as cores the
// kernel shares the cores, and a request waits as it would next to another process. See decision 17.
func raiseGOMAXPROCS(getenv func(string) string) (cores int) {
	cores = runtime.GOMAXPROCS(0)
	if getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2 * cores)
	}
	return cores
}
