package auth

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// authenticateKey is Authenticate for an API key.
func (s *Auth) authenticateKey(ctx context.Context, hash token.Hash, from account.Origin) (*account.Principal, error) {
	now := s.now()
	key, err := s.store.APIKeyByHash(ctx, hash)
	if err != nil {
		return nil, SessionError(err)
	}
	p, err := s.keyPrincipal(ctx, s.store, key, from, now)
	if err != nil {
		return nil, err
	}
	p.LastUsed = s.touch(ctx, p.Credential, key.LastUsed, now)
	return p, nil
}

// keyPrincipal loads who a key belongs to and what it may do. It fails with
// CodeUnauthorized when the key has expired, or its owner may not come in or not
// have keys any more.
func (s *Auth) keyPrincipal(ctx context.Context, r account.Reader, key account.APIKey, from account.Origin, now time.Time) (*account.Principal, error) {
	if key.Expired(now) {
		return nil, account.Unauthorized()
	}
	p, err := s.principal(ctx, r, key.UserID, from, now)
	if err != nil {
		return nil, err
	}
	owner := p.User.ID
	if p.Access.Decide(access.ActionCreate, access.EntityAPIKey, owner, owner) != access.Granted {
		return nil, account.Unauthorized()
	}
	if key.Permissions != nil {
		p.Access = access.Intersect(p.Access, access.Set{Permissions: key.Permissions}, owner)
	}
	p.Credential, p.Expires = key.Ref(), key.Expires
	return p, nil
}

// Authenticate returns the principal of a credential. It fails with
// CodeUnauthorized for every one that does not let anybody in by the channel of
// from, and does not tell why.
func (s *Auth) Authenticate(ctx context.Context, credential secret.Text, from account.Origin) (*account.Principal, error) {
	if hash, err := token.Parse(from.Channel.SessionTokenKind(), credential); err == nil {
		return s.remember(ctx, hash, from, s.authenticateSession)
	}
	if hash, err := token.Parse(token.APIKey, credential); err == nil && from.Channel == account.ChannelAPI {
		return s.remember(ctx, hash, from, s.authenticateKey)
	}
	return nil, account.Unauthorized()
}

// remember returns who is remembered to be let in by a credential, or else reads it.
func (s *Auth) remember(ctx context.Context, hash token.Hash, from account.Origin,
	read func(context.Context, token.Hash, account.Origin) (*account.Principal, error),
) (*account.Principal, error) {
	p, generation := s.principals.find(hash, s.monotonic(), s.now())
	if p != nil {
		p.From = from
		return p, nil
	}
	p, err := read(ctx, hash, from)
	if err != nil {
		return nil, err
	}
	s.principals.store(hash, p, generation, s.monotonic(), s.now())
	return p, nil
}

// reload reads the principal anew: what he may do now, if he may still come in.
func (s *Auth) Reload(ctx context.Context, r account.Reader, p *account.Principal) (*account.Principal, error) {
	if p.Credential.IsKey() {
		key, err := r.APIKey(ctx, p.Credential.ID)
		if err != nil {
			return nil, SessionError(err)
		}
		return s.keyPrincipal(ctx, r, key, p.From, s.now())
	}
	session, err := r.Session(ctx, p.Credential.ID)
	if err != nil {
		return nil, SessionError(err)
	}
	return s.sessionPrincipal(ctx, r, session, p.From, s.now())
}

// principal loads what every credential of a user gives. It fails with
// CodeUnauthorized when the user may not come in.
func (s *Auth) principal(ctx context.Context, r account.Reader, userID int64, from account.Origin, now time.Time) (*account.Principal, error) {
	user, err := r.User(ctx, userID, now)
	if errors.Is(err, account.ErrNotFound) || err == nil && !user.Active {
		return nil, account.Unauthorized()
	}
	if err != nil {
		return nil, err
	}
	roles, err := r.RolesOf(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	return &account.Principal{User: user, Roles: roles, Access: access.Union(roles), From: from}, nil
}
