// Package modeltest_test plays random sequences of every operation of the contract
// against the real server, on each engine, and against a model of it in memory,
// and wants the same answers: status, code, fields at fault, bodies.
//
// The model is plain maps. Its rules are written from the contract and from
// docs/security.md, not from the server's code: it imports neither access nor
// throttle, and account only to make the server. It learns from the server what it
// cannot know: ids, which must be new, and tokens.
//
// A failure shows the shortest sequence that was found, each step in words, between
// what rapid drew for it: `grep -v 'rapid. draw'` leaves the words.
// -rapid.checks=1000 plays for long.
package modeltest_test
