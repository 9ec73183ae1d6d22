package server

import "runtime/debug"

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
