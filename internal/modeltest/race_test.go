//go:build race

package modeltest_test

// defaultChecks is the number of sequences without -rapid.checks. The race detector makes a sequence about six times
// slower, so the Makefile runs most sequences without it.
const defaultChecks = "5"
