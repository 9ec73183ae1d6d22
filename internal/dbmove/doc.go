// Package dbmove moves a database to another engine, or to another place of the same engine.
//
// It reads the tables from the schema, so a migration needs no change here. It imports sqldb and
// its engines, and keyring.
package dbmove
