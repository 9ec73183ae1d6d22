// Package bench measures Usher, each kind of work beside something that bounds
// it: a bare net/http handler that answers the same bytes, or the bare hash.
// README.md says how to run the benchmarks and how to read them.
//
// The benchmarks of this package run in one process. The program in load drives
// built binaries, and the one in compare makes a table of what the benchmarks
// print. Nothing outside of bench imports any of it.
package bench
