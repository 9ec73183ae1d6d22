package account

import (
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// CredentialKind tells how an actor was authenticated.
type CredentialKind string

// The kinds of credential. The activity log stores these values.
const (
	CredentialSession     CredentialKind = "session"
	CredentialContractKey CredentialKind = "contract-key" // the API key of [APIKeyContract]
	CredentialNamedKey    CredentialKind = "key"          // an API key with a name
	CredentialPassword    CredentialKind = "password"     // at sign-in, before the session exists
	CredentialMailToken   CredentialKind = "mail-token"   // from a recovery or an invitation mail
	CredentialOperator    CredentialKind = "operator"     // a command that works on the database without the server
	CredentialNone        CredentialKind = "none"
)

// CredentialRef identifies one credential. It contains no secret.
type CredentialRef struct {
	Kind CredentialKind
	ID   int64 // id of the session or the key; 0 for the other kinds
}

// IsKey reports whether the credential is an API key.
func (c CredentialRef) IsKey() bool {
	return c.Kind == CredentialContractKey || c.Kind == CredentialNamedKey
}

// SessionID returns the id of the session, or 0 when the credential is not a session.
func (c CredentialRef) SessionID() int64 {
	if c.Kind == CredentialSession {
		return c.ID
	}
	return 0
}

// Credential is the part of a user that sign-in reads.
type Credential struct {
	UserID            int64
	Email             string
	Name              string
	Provider          Provider
	PasswordHash      string // "": no password
	Active            bool
	NeedPasswordReset bool
}

// HasLocalPassword reports whether Usher itself, not another provider, verifies the user's
// password.
func (c Credential) HasLocalPassword() bool {
	return c.Provider == ProviderLocal && c.PasswordHash != ""
}

// Target names the user in the activity log.
func (c Credential) Target() Target {
	return Target{Kind: access.EntityUser, ID: c.UserID, Name: c.Email}
}

// APIKeyKind tells how an API key was created.
type APIKeyKind string

// The kinds of API key. A user has at most one contract key, named after the published contract of
// the API that has it, and may have several named keys.
const (
	// APIKeyContract is the key that the contract's API creates. Its owner can read it again. It
	// has all permissions of its owner.
	APIKeyContract APIKeyKind = "contract"
	// APIKeyNamed is a key with a name. Its text is shown only once.
	APIKeyNamed APIKeyKind = "named"
)

// APIKey is an API key without its text. The store has only a hash of the text. Of the contract key,
// the one key that its owner can read again, it also has the text, encrypted with the server key.
type APIKey struct {
	ID     int64
	UserID int64
	Kind   APIKeyKind
	Name   string // "" for a contract key
	Hash   token.Hash
	Hint   string         // the last characters of the text, for recognizing the key
	Sealed keyring.Sealed // encrypted text of the contract's key; empty for a named key
	// Permissions limit the key to those of its owner's permissions that are listed here. nil means
	// no limit.
	Permissions []access.Permission
	Created     time.Time
	Expires     time.Time // zero: never
	LastUsed    time.Time // with a precision of one minute; zero: never used
}

// Expired reports whether the key has expired by the time now.
func (k APIKey) Expired(now time.Time) bool { return !k.Expires.IsZero() && !now.Before(k.Expires) }

// Ref returns the key as a reference to a credential.
func (k APIKey) Ref() CredentialRef {
	if k.Kind == APIKeyContract {
		return CredentialRef{Kind: CredentialContractKey, ID: k.ID}
	}
	return CredentialRef{Kind: CredentialNamedKey, ID: k.ID}
}

// Target names the key in the activity log. The name is the address of the key's owner.
func (k APIKey) Target(owner User) Target {
	return Target{Kind: access.EntityAPIKey, ID: k.ID, Name: owner.Email}
}

// LogFields returns the fields of a new or ended key for the activity log.
func (k APIKey) LogFields() []FieldChange {
	changes := []FieldChange{{Field: "kind", To: string(k.Kind)}}
	if k.Kind == APIKeyNamed {
		changes = append(changes, FieldChange{Field: "name", To: k.Name})
	}
	return changes
}

// Default lifetimes of a session. NIST SP 800-63B, 2.2.3, limits inactivity to 24 h at AAL2. The
// default of SessionIdle is half of that.
const (
	SessionIdle     = 12 * time.Hour
	SessionAbsolute = 30 * 24 * time.Hour
)

// Session is one sign-in of a user, until it expires or is ended.
type Session struct {
	ID            int64
	UserID        int64
	Created       time.Time
	LastSeen      time.Time
	ClientNetwork string // client network of the sign-in
	Device        string // the client's description of itself
}

// Target names the session in the activity log. The name is the address of the session's owner.
func (s Session) Target(owner User) Target {
	return Target{Kind: access.EntitySession, ID: s.ID, Name: owner.Email}
}

// ExpiresAt returns the time at which the session expires unless it is used before.
func (s Session) ExpiresAt(settings ServerSettings) time.Time {
	idle, absolute := s.LastSeen.Add(settings.SessionIdle), s.Created.Add(settings.SessionAbsolute)
	if idle.Before(absolute) {
		return idle
	}
	return absolute
}

// Lifetimes of recovery tokens, by the reason for which they were created.
const (
	RecoveryLifetime   = 30 * time.Minute   // after a request for a forgotten password
	InvitationLifetime = 7 * 24 * time.Hour // after an invitation
)

// Recovery is a token, without its text, that can be used once to choose a new password.
type Recovery struct {
	UserID  int64
	Kind    MailKind // kind of the mail with the token: MailRecovery or MailInvitation
	Created time.Time
	Expires time.Time
}
