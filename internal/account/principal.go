package account

import (
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

func (p *Principal) Actor() Actor {
	return Actor{ID: p.User.ID, Name: p.User.Email, Credential: p.Credential, ClientNetwork: p.From.ClientNetwork}
}

// Encoding holds the encoded form of a principal for as long as the principal is
// cached, so that a request that repeats needs no encoding.
type Encoding struct {
	text   atomic.Pointer[[]byte]
	onGrow func(bytes int)
}

// NewEncoding returns an empty encoding. It calls onGrow with the size in bytes when
// the encoded form is first stored.
func NewEncoding(onGrow func(bytes int)) *Encoding { return &Encoding{onGrow: onGrow} }

// Encoded returns the principal's encoded form. It calls encode once for as long as
// the principal is cached, and each time for a principal that is not.
//
// The form must depend on the principal alone, never on the request's origin. There
// is one form for each principal, and callers must not modify it. Encoded fails as
// encode does.
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

// CredentialKind says what let somebody in.
type CredentialKind string

// The kinds of credential. The activity log knows them by these names.
const (
	CredentialSession     CredentialKind = "session"
	CredentialContractKey CredentialKind = "contract-key" // the one API key that its owner can read again
	CredentialNamedKey    CredentialKind = "key"
	CredentialPassword    CredentialKind = "password"   // at sign-in, before there is a session
	CredentialMailToken   CredentialKind = "mail-token" // of a recovery or an invitation
	CredentialOperator    CredentialKind = "operator"   // who can open the data itself
	CredentialNone        CredentialKind = "none"
)

// CredentialRef names one credential. It is not a secret.
type CredentialRef struct {
	Kind CredentialKind
	ID   int64 // of the session or the key; else 0
}

func (c CredentialRef) IsKey() bool {
	return c.Kind == CredentialContractKey || c.Kind == CredentialNamedKey
}

// session is the id of the session that the credential is, or 0.
func (c CredentialRef) SessionID() int64 {
	if c.Kind == CredentialSession {
		return c.ID
	}
	return 0
}

// Principal is who makes a request, by which credential, and what he may do.
type Principal struct {
	User       User
	Roles      []access.Role
	Access     access.Set
	Credential CredentialRef
	Session    Session // its zero value unless the credential is one
	From       Origin

	Expires  time.Time // when the credential comes to its end, if it is not used before; zero: never
	LastUsed time.Time // its last use as it is stored, to the minute
	Encoding *Encoding // nil: the principal is not cached
}

// Origin says where a request comes from.
type Origin struct {
	ClientNetwork string // network address: an IPv4 address, or the /64 of an IPv6 one
	Device        string // what the client calls itself
	Channel       Channel
}

// Channel is how a request came. The token of a session is good in the channel of its
// sign-in alone, so that one that leaks is of no use in the other.
type Channel int

// The channels.
const (
	ChannelAPI     Channel = iota
	ChannelConsole         // pages in a browser, which take no API key
)

// session is the kind of token that a sign-in by the channel gives.
func (c Channel) SessionTokenKind() token.Kind {
	if c == ChannelConsole {
		return token.Console
	}
	return token.Session
}
