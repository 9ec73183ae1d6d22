//go:build race

package e2e_test

import "os"

// With the tests the binary is built to detect races too: it then exits with a
// status that no test expects.
func init() {
	buildFlags = append(buildFlags, "-race")
	// Else the detector keeps every process for a second at its end.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
}
