package sqldb

import "strconv"

// Dialect holds the differences between the engines.
type Dialect struct {
	Name string
	// InProcess means that the engine runs in this process, where no statement can hang.
	InProcess bool
	// Now is an expression for the time of the database, in microseconds since 1970.
	Now string
	// LastID returns an expression for the highest id of a table that is visible. It is 0 on an engine
	// where a lower id may become visible later.
	LastID func(table string) string
	// LockRow, ShareRow and SkipLocked are the ends of a SELECT that locks its rows. LockRow locks them
	// against all other transactions, ShareRow lets others share the lock, and SkipLocked skips rows
	// that others have locked. They are empty on an engine with one writing transaction at a time.
	LockRow, ShareRow, SkipLocked string
	// LockKey and ShareKey are conditions that take the advisory lock of the column number,
	// exclusively or shared, until the transaction ends.
	LockKey, ShareKey string
	// NoIndex is written before a column for which the planner must not use an index. It is empty
	// where the planner decides well by itself.
	NoIndex string
	// IDs encodes ids as one value, so that a list of any length is one statement.
	IDs func(ids []int64) string
	// IDList returns a subquery for the ids in a value that IDs has encoded, TextList one for the texts
	// in a JSON array. Its column is named value, and it is written after IN or FROM. The argument is
	// the placeholder of the value.
	IDList, TextList func(placeholder string) string
	// Size is an expression for the size of the database in bytes.
	Size string
	// HasTable is a query for the number of tables with the name $1.
	HasTable string
	// Classify returns the class of a failure of the driver, and the constraint of a
	// UniqueViolation.
	Classify func(error) (class ErrorClass, constraint string)
}

// FormatIDs writes ids between two brackets, separated by commas.
func FormatIDs(open, end byte, ids []int64) string {
	text := []byte{open}
	for i, id := range ids {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, id, 10)
	}
	return string(append(text, end))
}
