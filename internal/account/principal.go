package account

import (
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// Principal is the authenticated caller of a request: the user, the credential, and the permissions
// that both the user and the credential have.
type Principal struct {
	User       User
	Roles      []access.Role
	Access     access.Set
	Credential CredentialRef
	Session    Session // set when the credential is a session
	Narrowed   bool    // whether the credential is a key with its own list of permissions
	From       Origin

	Expires  time.Time // when the credential expires unless it is used before; zero: never
	LastUsed time.Time // stored time of the last use, with a precision of one minute
	Encoding *Encoding // holds the cached JSON; nil: the principal is not cached
}

// Actor returns the caller in the form that the activity log records.
func (p *Principal) Actor() Actor {
	return Actor{ID: p.User.ID, Name: p.User.Email, Credential: p.Credential, ClientNetwork: p.From.ClientNetwork}
}

// Encoding holds the JSON of a principal for as long as the principal is cached, so that repeated
// requests don't encode the same data. It is safe for concurrent use.
type Encoding struct {
	text   atomic.Pointer[[]byte]
	onGrow func(bytes int)
}

// NewEncoding returns an Encoding without JSON. When the JSON is first stored, it calls onGrow with
// its size.
func NewEncoding(onGrow func(bytes int)) *Encoding { return &Encoding{onGrow: onGrow} }

// Encoded returns the JSON of the principal, which encode produces. While the principal is cached,
// it returns the result of the first successful encode. Otherwise it calls encode each time.
//
// encode must depend on the principal alone, not on the origin of the request, and must always
// produce the same form. Callers must not modify the result. Encoded fails as encode does.
func (p *Principal) Encoded(encode func() ([]byte, error)) ([]byte, error) {
	if p.Encoding == nil {
		return encode()
	}
	if text := p.Encoding.text.Load(); text != nil {
		return *text, nil
	}
	text, err := encode()
	if err == nil && p.Encoding.text.CompareAndSwap(nil, &text) {
		p.Encoding.onGrow(len(text))
	}
	return text, err
}

// Origin describes where a request comes from.
type Origin struct {
	ClientNetwork string // an IPv4 address, or the /64 prefix of an IPv6 address
	Device        string // the client's description of itself
	Channel       Channel
}

// Channel is the interface that received a request: the API or the console. A session token is
// valid only in the channel of its sign-in, so a token that leaks from one channel is useless in
// the other.
type Channel int

// The channels.
const (
	ChannelAPI     Channel = iota
	ChannelConsole         // pages for a browser; accepts no API keys
)

// SessionTokenKind returns the kind of token that a sign-in in this channel issues.
func (c Channel) SessionTokenKind() token.Kind {
	if c == ChannelConsole {
		return token.Console
	}
	return token.Session
}

// AuthKind is the kind of entity that an [AuthChange] is about.
type AuthKind string

// The kinds of changed entities.
const (
	AuthUser     AuthKind = "user"
	AuthRole     AuthKind = "role"
	AuthSession  AuthKind = "session"
	AuthKey      AuthKind = "key"
	AuthSettings AuthKind = "settings" // the server settings, which affect every principal; ID is 0
)

// AuthChange names a changed entity on which principals depend. Every node polls these changes and
// drops the cached principals that depend on them. The store inserts an AuthChange in the
// transaction of the change itself.
type AuthChange struct {
	Kind AuthKind
	ID   int64
}

// AuthChangeBatch is the result of one poll for [AuthChange] values.
type AuthChangeBatch struct {
	Changes []AuthChange // without duplicates
	At      time.Time    // time of the poll by the database's clock
	// Last is lower than the number of every change that is not visible yet. The next poll can
	// therefore begin after it. It is 0 for a database where changes don't become visible in the
	// order of their numbers.
	Last int64
}
