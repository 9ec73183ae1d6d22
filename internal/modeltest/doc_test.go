// Package modeltest_test is a model-based test of the whole API. It sends random sequences of requests for all
// operations to the real server, on each database engine, and applies them to a model in memory. The answers of server
// and model must be equal: status, error code, paths of the invalid fields, body.
//
// The model keeps its state in plain maps. Its code follows the contract and docs/security.md, not the server's code.
// So the model doesn't import packages access and lockout, and the test imports account only to create the server. The
// model can't predict ids and tokens: it takes them from the server's answers and checks that each is new.
//
// A failed test prints the shortest failing sequence that the library rapid has found. `grep -v 'rapid. draw'` removes
// the drawn values and leaves one line per step. -rapid.checks=1000 runs more sequences.
package modeltest_test
