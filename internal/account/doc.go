// Package account holds the types that all operations share: users, roles, credentials, settings
// and the other nouns, the caller of a request ([Principal]) and failures ([Error]). It also has
// validation ([Checker]), permission checks ([Allow]) and the interfaces of storage ([Store],
// [Tx]).
//
// It has no operations. Those of each noun are in a package of their own, such as user or auth,
// which imports account and works in an [Env].
package account
