package account

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

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

func (c CredentialRef) isKey() bool {
	return c.Kind == CredentialContractKey || c.Kind == CredentialNamedKey
}

// session is the id of the session that the credential is, or 0.
func (c CredentialRef) session() int64 {
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

	expires  time.Time // when the credential comes to its end, if it is not used before; zero: never
	used     time.Time // its last use as it is stored, to the minute
	Encoding *Encoding // nil: the principal is not cached
}

// Authenticate returns the principal of a credential. It fails with
// CodeUnauthorized for every one that does not let anybody in by the channel of
// from, and does not tell why.
func (s *Service) Authenticate(ctx context.Context, credential secret.Text, from Origin) (*Principal, error) {
	if hash, err := token.Parse(from.Channel.session(), credential); err == nil {
		return s.remember(ctx, hash, from, s.authenticateSession)
	}
	if hash, err := token.Parse(token.APIKey, credential); err == nil && from.Channel == ChannelAPI {
		return s.remember(ctx, hash, from, s.authenticateKey)
	}
	return nil, unauthorized()
}

// remember returns who is remembered to be let in by a credential, or else reads it.
func (s *Service) remember(ctx context.Context, hash token.Hash, from Origin,
	read func(context.Context, token.Hash, Origin) (*Principal, error),
) (*Principal, error) {
	p, moment := s.principals.find(hash, s.monotonic(), s.now())
	if p != nil {
		p.From = from
		return p, nil
	}
	p, err := read(ctx, hash, from)
	if err != nil {
		return nil, err
	}
	s.principals.keep(hash, p, moment, s.monotonic(), s.now())
	return p, nil
}

// reload reads the principal anew: what he may do now, if he may still come in.
func (s *Service) reload(ctx context.Context, r Reader, p *Principal) (*Principal, error) {
	if p.Credential.isKey() {
		key, err := r.APIKey(ctx, p.Credential.ID)
		if err != nil {
			return nil, ended(err)
		}
		return s.keyPrincipal(ctx, r, key, p.From, s.now())
	}
	session, err := r.Session(ctx, p.Credential.ID)
	if err != nil {
		return nil, ended(err)
	}
	return s.sessionPrincipal(ctx, r, session, p.From, s.now())
}

// principal loads what every credential of a user gives. It fails with
// CodeUnauthorized when the user may not come in.
func (s *Service) principal(ctx context.Context, r Reader, userID int64, from Origin, now time.Time) (*Principal, error) {
	user, err := r.User(ctx, userID, now)
	if errors.Is(err, ErrNotFound) || err == nil && !user.Active {
		return nil, unauthorized()
	}
	if err != nil {
		return nil, err
	}
	roles, err := r.RolesOf(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	return &Principal{User: user, Roles: roles, Access: access.Of(roles), From: from}, nil
}
