// Package sqlstore keeps what account needs kept, in SQLite or in PostgreSQL. It
// decides nothing: rules are account's, and what may be refused here is refused by the schema.
//
// Statements are written once, with $1 parameters, in the file of their noun.
// What differs between engines is in a dialect. [Store.Write] is the only way to
// write; reads outside of it use a pool of their own.
//
// The package imports account, access, throttle, keyring, token, secret, host,
// steady, database/sql, the engines' drivers and goose for the migrations.
package sqlstore
