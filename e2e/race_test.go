//go:build race

package e2e_test

import "os"

// init builds the binary with the race detector, like the tests. After a race it exits with a code that no test
// expects.
func init() {
	buildFlags = append(buildFlags, "-race")
	// By default the detector delays the exit of each process by a second.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
}
