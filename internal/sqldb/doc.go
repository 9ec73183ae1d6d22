// Package sqldb runs SQL statements on SQLite or PostgreSQL through one interface. [DB] is an open
// database, [Tx] a transaction, and [Querier] runs statements on either. [Dialect] holds the parts
// of SQL in which the engines differ, [Error] classifies a failure, and [Migrate] migrates the
// schema.
//
// The package knows none of the tables with Usher's data, only those in which migrations and moves
// record their progress. Its subpackages sqlite and postgres open a [DB]. Package sqlstore holds
// Usher's statements.
package sqldb
