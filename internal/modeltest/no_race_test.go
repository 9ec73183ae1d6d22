//go:build !race

package modeltest_test

// defaultChecks is the number of sequences without -rapid.checks.
const defaultChecks = "40"
