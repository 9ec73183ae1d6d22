// Package postgres opens PostgreSQL databases as a [sqldb.DB] with a pool of connections. It sends the statements of a
// transaction in batches, retries after conflicts, and tells the time by the database's clock.
package postgres
