package account

import (
	"time"
)

// AuthKind says what an [AuthChange] is about.
type AuthKind string

// The kinds.
const (
	AuthUser     AuthKind = "user"
	AuthRole     AuthKind = "role"
	AuthSession  AuthKind = "session"
	AuthKey      AuthKind = "key"
	AuthSettings AuthKind = "settings" // of the server, which are about everybody; its ID is 0
)

// AuthChange names what was changed, so that who was let in by it has to be let in
// anew. The store inserts one in the transaction of the change.
type AuthChange struct {
	Kind AuthKind
	ID   int64
}

// AuthNews are changes that can be seen.
type AuthChangeBatch struct {
	Changes []AuthChange // each once
	At      time.Time    // when it is, by the clock of the database
	// Last is a number: changes that cannot be seen yet will have greater ones. It is 0
	// where there is none such, as where they become visible in another order than they
	// have numbers.
	Last int64
}
