// Package account holds the rules of Usher: users, sign-in, passwords, recovery,
// sessions, and the messages that follow from them. Nothing here knows who called
// it, a network request or a command, nor how anything is stored.
//
// A [Service] is made of what it needs: a [Store], a pool that hashes passwords,
// the server key, the time and a source of random. Each of its methods is one
// operation: it checks the input, asks [Allow] and [access.Covers] whether the
// caller may, and writes in one transaction. Failures that a caller decides on
// are [*Error].
//
// The package imports access, throttle, secret, token, keyring, passhash, host, steady,
// golang-lru, golang.org/x/text, golang.org/x/net/idna and the standard library; neither HTTP
// nor SQL.
package account
