// Package bench measures Usher. Each kind of work is measured against a baseline that bounds it: a net/http handler
// that answers the same bytes, or the password hash alone. README.md says how to run the benchmarks and how to read
// them.
//
// The benchmarks of this package run in one process. The command in load measures the built binary and writes the
// table of docs/performance.md. No package outside bench imports one of these packages.
package bench
