//go:build race

package e2e_test

import "os"

// init makes the tests build the binary with the race detector if the tests themselves have it. After a data race the
// binary exits with a code that no test expects.
func init() {
	buildFlags = append(buildFlags, "-race")
	// By default the race detector delays the exit of each process by one second.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
}
