// Package modeltest_test is a model-based test of the whole API. It sends random sequences of all operations to the
// real server, on each database engine, and applies them to a model in memory. The answers must be equal: status, error
// code, paths of the invalid fields, body.
//
// The model consists of plain maps. Its rules are written from the contract and docs/security.md, not from the server's
// code. So it doesn't import access and lockout, and imports account only to create the server. It takes ids and
// tokens from the server's answers and checks that each is new.
//
// A failed test prints the shortest failing sequence that rapid found. `grep -v 'rapid. draw'` removes the drawn values
// and leaves one line per step. -rapid.checks=1000 runs more sequences.
package modeltest_test
