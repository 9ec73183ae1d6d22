// Package bench measures Usher. Each benchmark compares Usher with a baseline, an upper bound of its speed: a net/http
// handler that sends the same bytes, or the password hash alone. README.md explains how to run the benchmarks and how
// to read their results.
//
// The benchmarks of this package run in one process. The command in bench/load measures the built binary and writes the
// table of docs/performance.md. No package outside bench imports a package of bench.
package bench
