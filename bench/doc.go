// Package bench measures Usher, each kind of work beside something that bounds
// it: a bare net/http handler that answers the same bytes, or the bare hash.
// README.md says how to run the benchmarks and how to read them.
//
// The benchmarks of this package run in one process. The program in load drives the
// built binary and makes the table of docs/performance.md. Nothing outside of bench
// imports any of it.
package bench
