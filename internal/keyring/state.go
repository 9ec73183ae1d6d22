package keyring

import "time"

// State is the part that a server key has for the data.
type State string

// The states of a server key. A rotation brings a new key through all of them, in this order.
const (
	Announced State = "announced" // servers are asked whether they have it; nothing is sealed with it
	Current   State = "current"   // seals all new data; exactly one key has this state
	Retiring  State = "retiring"  // still opens data that a rotation has not sealed again yet
	Retired   State = "retired"   // opens nothing; kept so that it is never used again
)

// StoredKey is what the database knows of a server key: its check value, never the key.
type StoredKey struct {
	Check
	State State
	Since time.Time // beginning of the state
}

// IsAccepted reports whether servers use the key, if they have it.
func (k StoredKey) IsAccepted() bool { return k.State != Retired }

// Holder is the answer of a server to the announcement of a server key.
type Holder struct {
	Server string // name of the server: host and process id
	Holds  bool   // whether the server has the key
}

// Usage counts the rows of a table that are sealed or signed with one server key.
type Usage struct {
	Table string
	KeyID string
	Rows  int
}

// Resealed is the result of sealing a batch of rows again, with the current server key.
type Resealed struct {
	Rows       int      // rows that were sealed again
	Unreadable []string // what the server keys do not open, as texts for the operator
	Last       int64    // id of the last row of the batch; 0: no rows are left
}
