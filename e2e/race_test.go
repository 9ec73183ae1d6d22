//go:build race

package e2e_test

// With the tests the binary is built to detect races too: it then exits with a
// status that no test expects.
func init() { buildFlags = append(buildFlags, "-race") }
