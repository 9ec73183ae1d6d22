package account

import (
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// CredentialKind is the kind of credential that authenticated an actor.
type CredentialKind string

// The kinds of credential. The activity log stores these values.
const (
	CredentialSession     CredentialKind = "session"
	CredentialContractKey CredentialKind = "contract-key" // the one API key that its owner can read again
	CredentialNamedKey    CredentialKind = "key"
	CredentialPassword    CredentialKind = "password"   // at sign-in, before the session exists
	CredentialMailToken   CredentialKind = "mail-token" // of a recovery or an invitation
	CredentialOperator    CredentialKind = "operator"   // access to the data itself, without the server
	CredentialNone        CredentialKind = "none"
)

// CredentialRef identifies one credential. It is not a secret.
type CredentialRef struct {
	Kind CredentialKind
	ID   int64 // of the session or the key; 0 for the other kinds
}

// IsKey reports whether the credential is an API key.
func (c CredentialRef) IsKey() bool {
	return c.Kind == CredentialContractKey || c.Kind == CredentialNamedKey
}

// SessionID returns the session's id, or 0 for another kind of credential.
func (c CredentialRef) SessionID() int64 {
	if c.Kind == CredentialSession {
		return c.ID
	}
	return 0
}

// Credential is the part of a user that sign-in needs.
type Credential struct {
	UserID            int64
	Email             string
	Name              string
	Provider          Provider
	PasswordHash      string // "": no password
	Active            bool
	NeedPasswordReset bool
}

// HasLocalPassword reports whether Usher itself verifies the user's password.
func (c Credential) HasLocalPassword() bool {
	return c.Provider == ProviderLocal && c.PasswordHash != ""
}

// Target names the user in the activity log.
func (c Credential) Target() Target {
	return Target{Kind: access.EntityUser, ID: c.UserID, Name: c.Email}
}

// APIKeyKind is the kind of an API key.
type APIKeyKind string

// The kinds of API key. A user has at most one contract key.
const (
	// APIKeyContract is the key that the contract's API has. Its owner can read it again, and it
	// has all permissions of its owner.
	APIKeyContract APIKeyKind = "contract"
	// APIKeyNamed is a key with a name, shown once.
	APIKeyNamed APIKeyKind = "named"
)

// APIKey is an API key without its text. The store has the hash of the text; of the contract's key
// it also has the text, sealed with the server key.
type APIKey struct {
	ID     int64
	UserID int64
	Kind   APIKeyKind
	Name   string // "" for the contract's key
	Hash   token.Hash
	Hint   string         // the last characters of the text
	Sealed keyring.Sealed // the text of the contract's key; empty for a named key
	// Permissions restrict the key to the intersection with its owner's. nil means no restriction.
	Permissions []access.Permission
	Created     time.Time
	Expires     time.Time // zero: never
	LastUsed    time.Time // to the minute; zero: never used
}

// Expired reports whether the key has expired by the time now.
func (k APIKey) Expired(now time.Time) bool { return !k.Expires.IsZero() && !now.Before(k.Expires) }

// Ref identifies the key as a credential.
func (k APIKey) Ref() CredentialRef {
	if k.Kind == APIKeyContract {
		return CredentialRef{Kind: CredentialContractKey, ID: k.ID}
	}
	return CredentialRef{Kind: CredentialNamedKey, ID: k.ID}
}

// Target names the key in the activity log by its owner's address.
func (k APIKey) Target(owner User) Target {
	return Target{Kind: access.EntityAPIKey, ID: k.ID, Name: owner.Email}
}

// LogFields returns the fields of the key for the activity log.
func (k APIKey) LogFields() []FieldChange {
	changes := []FieldChange{{Field: "kind", To: string(k.Kind)}}
	if k.Kind == APIKeyNamed {
		changes = append(changes, FieldChange{Field: "name", To: k.Name})
	}
	return changes
}

// Default lifetimes of a session. NIST SP 800-63B, 2.2.3, limits inactivity to 24 h at AAL2; the idle
// default is half of that.
const (
	SessionIdle     = 12 * time.Hour
	SessionAbsolute = 30 * 24 * time.Hour
)

// Session is one sign-in, from its creation until it expires or is ended.
type Session struct {
	ID            int64
	UserID        int64
	Created       time.Time
	LastSeen      time.Time
	ClientNetwork string // network address of the sign-in
	Device        string // the client's own description
}

// Target names the session in the activity log by its owner's address.
func (s Session) Target(owner User) Target {
	return Target{Kind: access.EntitySession, ID: s.ID, Name: owner.Email}
}

// ExpiresAt returns when the session expires if it is not used until then.
func (s Session) ExpiresAt(settings ServerSettings) time.Time {
	idle, absolute := s.LastSeen.Add(settings.SessionIdle), s.Created.Add(settings.SessionAbsolute)
	if idle.Before(absolute) {
		return idle
	}
	return absolute
}

// Lifetimes of recovery tokens.
const (
	RecoveryLifetime   = 30 * time.Minute   // after a forgotten password
	InvitationLifetime = 7 * 24 * time.Hour // of an invitation
)

// Recovery is a token that lets its bearer choose a new password, once.
type Recovery struct {
	UserID  int64
	Kind    MailKind // of its mail: MailRecovery or MailInvitation
	Created time.Time
	Expires time.Time
}
