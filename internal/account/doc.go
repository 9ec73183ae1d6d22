// Package account holds the vocabulary of Usher's rules: the types of every noun, the caller of a
// request ([Principal]), failures ([Error]), validation ([Checker]), permission checks ([Allow])
// and the ports of storage ([Store], [Tx]).
//
// It has no operations. Each noun's operations are in a package of its own, such as user or auth,
// which runs in an [Env] and imports account.
//
// The package imports access, keyring, secret, lockout, token, golang.org/x/text,
// golang.org/x/net/idna and the standard library; neither HTTP nor SQL.
package account
