//go:build race

package modeltest_test

// checks is how many sequences a normal run plays: a few, for the races. With the
// detector they take six times as long, so the Makefile plays most without it.
const checks = "5"
