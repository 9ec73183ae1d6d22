// Package dbmove copies a database to the other engine, or to another database of the same engine,
// and verifies the copy.
//
// It finds the tables in the database's own schema, so a new migration needs no change here. It
// imports sqldb and its engines, and keyring.
package dbmove
