package sqldb

import "strconv"

// Dialect describes one engine, SQLite or PostgreSQL: the parts of SQL in which the two differ.
type Dialect struct {
	Name string
	// InProcess is true for SQLite, which runs in this process. Its statements never wait for a network.
	InProcess bool
	// Now is an SQL expression for the database's current time, in microseconds since 1970.
	Now string
	// LastID returns an SQL expression for an id below the ids of all rows that are added later. On SQLite it is the
	// highest id. On PostgreSQL it is 0, because a transaction that is still open may add a row with a lower id.
	LastID func(table string) string
	// LockRow, ShareRow and SkipLocked are appended to a SELECT, which then locks its rows. LockRow takes exclusive
	// locks and ShareRow shared ones. SkipLocked takes exclusive locks and skips rows that other transactions have
	// locked. All three are empty on SQLite, which runs one writing transaction at a time.
	LockRow, ShareRow, SkipLocked string
	// LockKey and ShareKey are SQL conditions that take an advisory lock until the transaction ends: LockKey an
	// exclusive one, ShareKey a shared one. The key of the lock is the value of the column named number. Both are empty
	// on SQLite.
	LockKey, ShareKey string
	// NoIndex is written before a column to keep the planner from using an index on the column. It is empty on
	// PostgreSQL, whose planner chooses well without it.
	NoIndex string
	// IDs encodes ids as the value of one parameter, so that one statement serves lists of any length.
	IDs func(ids []int64) string
	// IDList returns a subquery for the ids in a value that IDs has encoded. TextList returns a subquery for the texts
	// in a JSON array. placeholder is the parameter with that value, such as $1. The subquery is used after IN or FROM,
	// and its column is named value.
	IDList, TextList func(placeholder string) string
	// Size is an SQL expression for the size of the database in bytes.
	Size string
	// HasTable is a query that counts the tables with the name $1.
	HasTable string
	// Classify returns the class of a driver's error. For a UniqueViolation it also returns the constraint, as in
	// Error.Constraint.
	Classify func(error) (class ErrorClass, constraint string)
}

// FormatIDs joins ids with commas and puts the result between prefix and suffix, such as brackets.
func FormatIDs(prefix, suffix byte, ids []int64) string {
	text := []byte{prefix}
	for i, id := range ids {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, id, 10)
	}
	return string(append(text, suffix))
}
