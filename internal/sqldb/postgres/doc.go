// Package postgres opens PostgreSQL databases as a [sqldb.DB] with a pool of connections. It sends the
// statements of a transaction in batches, retries after conflicts, and follows the database's clock.
//
// It imports sqldb, host, monotime, secret and pgx.
package postgres
