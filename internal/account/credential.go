package account

import (
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// APIKeyKind says what an API key is for.
type APIKeyKind string

// The kinds of API key. A user has at most one contract key.
const (
	APIKeyContract APIKeyKind = "contract" // that of the contract: its owner can read it again, and it does what its owner may
	APIKeyNamed    APIKeyKind = "named"    // one that its owner named; shown once
)

// APIKey is an API key without its text. Only its hash is stored, and of the
// contract's key the text too, sealed with the server key.
type APIKey struct {
	ID     int64
	UserID int64
	Kind   APIKeyKind
	Name   string // "" of the contract's key
	Hash   token.Hash
	Hint   string         // the last characters of the text
	Sealed keyring.Sealed // the text of the contract's key; else empty
	// Permissions narrow the key: it may do what they and its owner's both
	// permit. nil: all that its owner may.
	Permissions []access.Permission
	Created     time.Time
	Expires     time.Time // zero: never
	LastUsed    time.Time // zero: not yet; kept to the minute
}

// Expired reports whether the key has come to the end of its life.
func (k APIKey) Expired(now time.Time) bool { return !k.Expires.IsZero() && !now.Before(k.Expires) }

func (k APIKey) Ref() CredentialRef {
	if k.Kind == APIKeyContract {
		return CredentialRef{CredentialContractKey, k.ID}
	}
	return CredentialRef{CredentialNamedKey, k.ID}
}

// target names a key in the activity log by its owner.
func (k APIKey) Target(owner User) Target { return Target{access.EntityAPIKey, k.ID, owner.Email} }

// described tells the activity log which key it is.
func (k APIKey) LogFields() []FieldChange {
	changes := []FieldChange{{Field: "kind", To: string(k.Kind)}}
	if k.Kind == APIKeyNamed {
		changes = append(changes, FieldChange{Field: "name", To: k.Name})
	}
	return changes
}

// Lifetimes of a session that nobody has set (NIST SP 800-63B, 2.2.3, at AAL2: at most 24 h without
// use asks for a new sign-in; ours is half of it).
const (
	SessionIdle = 12 * time.Hour

	SessionAbsolute = 30 * 24 * time.Hour
)

// Session is one sign-in, from its token's making to its end.
type Session struct {
	ID            int64
	UserID        int64
	Created       time.Time
	LastSeen      time.Time
	ClientNetwork string // network address that signed in
	Device        string // what the client called itself
}

// target names a session in the activity log by its owner.
func (s Session) Target(owner User) Target { return Target{access.EntitySession, s.ID, owner.Email} }

// expires is when the session is over unless it is used before.
func (s Session) ExpiresAt(settings ServerSettings) time.Time {
	idle, absolute := s.LastSeen.Add(settings.SessionIdle), s.Created.Add(settings.SessionAbsolute)
	if idle.Before(absolute) {
		return idle
	}
	return absolute
}
