// Package sqlite opens SQLite databases as a [sqldb.DB]: one connection that writes, with group
// commit, and a pool that reads. It also backs up and restores database files.
package sqlite
