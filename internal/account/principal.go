package account

import (
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// Principal is the authenticated caller of a request: the user, the credential, and the permissions
// that both have.
type Principal struct {
	User       User
	Roles      []access.Role
	Access     access.Set
	Credential CredentialRef
	Session    Session // set when the credential is a session
	From       Origin

	Expires  time.Time // when the credential expires if it is not used until then; zero: never
	LastUsed time.Time // stored time of the last use, to the minute
	Encoding *Encoding // nil: the principal is not cached
}

// Actor returns the principal as the activity log records it.
func (p *Principal) Actor() Actor {
	return Actor{ID: p.User.ID, Name: p.User.Email, Credential: p.Credential, ClientNetwork: p.From.ClientNetwork}
}

// Encoding holds the encoded form of a principal for as long as the principal is cached, so that
// repeated requests need no encoding. It is safe for concurrent use.
type Encoding struct {
	text   atomic.Pointer[[]byte]
	onGrow func(bytes int)
}

// NewEncoding returns an empty encoding. It calls onGrow with the size in bytes when the encoded
// form is first stored.
func NewEncoding(onGrow func(bytes int)) *Encoding { return &Encoding{onGrow: onGrow} }

// Encoded returns the principal's encoded form. While the principal is cached it reuses the result
// of the first successful encode; otherwise it calls encode each time.
//
// The form must depend on the principal alone, never on the request's origin. There is one form for
// each principal, and callers must not modify it. Encoded fails as encode does.
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
	Device        string // the client's own description
	Channel       Channel
}

// Channel is the interface that received a request. A session's token is valid only in the channel
// of its sign-in. A token that leaks from one channel can't be used in the other.
type Channel int

// The channels.
const (
	ChannelAPI     Channel = iota
	ChannelConsole         // pages in a browser, which accept no API key
)

// SessionTokenKind returns the kind of token that a sign-in in this channel issues.
func (c Channel) SessionTokenKind() token.Kind {
	if c == ChannelConsole {
		return token.Console
	}
	return token.Session
}

// AuthKind is the kind of entity that an [AuthChange] names.
type AuthKind string

// The kinds of changed entities.
const (
	AuthUser     AuthKind = "user"
	AuthRole     AuthKind = "role"
	AuthSession  AuthKind = "session"
	AuthKey      AuthKind = "key"
	AuthSettings AuthKind = "settings" // the server's, which affect every principal; their ID is 0
)

// AuthChange names a changed entity that principals depend on, so that nodes invalidate the cached
// ones. The store inserts it in the transaction of the change.
type AuthChange struct {
	Kind AuthKind
	ID   int64
}

// AuthChangeBatch is the result of one poll for changes.
type AuthChangeBatch struct {
	Changes []AuthChange // without duplicates
	At      time.Time    // time of the poll by the database's clock
	// Last is a number that all changes not yet visible will exceed. It is 0 for a database in
	// which changes can become visible in another order than that of their numbers.
	Last int64
}
