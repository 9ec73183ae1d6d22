//go:build !race

package modeltest_test

// checks is how many sequences a normal run plays.
const checks = "40"
