//go:build !race

package modeltest_test

// defaultChecks is the number of sequences if the flag -rapid.checks is not set.
const defaultChecks = "40"
