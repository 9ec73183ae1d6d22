//go:build race

package modeltest_test

// defaultChecks is the number of sequences if the flag -rapid.checks is not set. The race detector makes a sequence
// about six times slower, so the Makefile runs most sequences without the race detector.
const defaultChecks = "5"
