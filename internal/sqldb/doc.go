// Package sqldb runs SQL statements on SQLite or PostgreSQL through one interface. [DB], [Tx] and
// [Querier] are connections and transactions, [Dialect] has the differences of SQL, [Error] the
// class of a failure, and [Migrate] migrates the schema.
//
// It knows no table but those that migrations and moves keep for themselves. The packages sqlite
// and postgres below it open a [DB]; sqlstore holds the statements.
//
// The package imports database/sql and goose, and nothing of Usher.
package sqldb
