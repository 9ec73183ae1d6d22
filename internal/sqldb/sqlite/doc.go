// Package sqlite opens SQLite databases as a [sqldb.DB]: one connection that writes, with group
// commit, and a pool that reads. It also backs up and restores database files.
//
// It imports sqldb and the SQLite driver.
package sqlite
