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

// principalReader is the part of the storage from which a principal is loaded.
type principalReader interface {
	account.SettingReader
	User(ctx context.Context, id int64, now time.Time) (account.User, error)
	RolesOf(ctx context.Context, userID int64) ([]access.Role, error)
}

// loader reads the principal of a credential from the database.
type loader func(ctx context.Context, hash token.Hash, from account.Origin) (*account.Principal, error)

// Authenticate returns the principal of a session token or an API key, from the cache if
// possible. It fails with CodeUnauthorized for every credential that is not valid in
// from.Channel (the API or the console). The error doesn't tell the cause.
func (s *Auth) Authenticate(
	ctx context.Context, credential secret.Text, from account.Origin,
) (*account.Principal, error) {
	if hash, err := token.Parse(from.Channel.SessionTokenKind(), credential); err == nil {
		return s.cached(ctx, hash, from, s.authenticateSession)
	}
	if hash, err := token.Parse(token.APIKey, credential); err == nil && from.Channel == account.ChannelAPI {
		return s.cached(ctx, hash, from, s.authenticateKey)
	}
	return nil, account.Unauthorized()
}

// cached returns the cached principal of a credential, or loads and caches it.
func (s *Auth) cached(
	ctx context.Context, hash token.Hash, from account.Origin, load loader,
) (*account.Principal, error) {
	p, generation := s.principals.find(hash, s.monotonic(), s.now())
	if p != nil {
		p.From = from
		return p, nil
	}
	p, err := load(ctx, hash, from)
	if err != nil {
		return nil, err
	}
	s.principals.store(hash, p, generation, s.monotonic(), s.now())
	return p, nil
}

// authenticateSession is the [loader] for session tokens.
func (s *Auth) authenticateSession(
	ctx context.Context, hash token.Hash, from account.Origin,
) (*account.Principal, error) {
	now := s.now()
	session, err := s.store.SessionByHash(ctx, hash)
	if err != nil {
		return nil, credentialError(err)
	}
	p, err := s.sessionPrincipal(ctx, s.store, session, from, now)
	if err != nil {
		return nil, err
	}
	p.LastUsed = s.touch(ctx, p.Credential, session.LastSeen, now)
	return p, nil
}

// authenticateKey is the [loader] for API keys.
func (s *Auth) authenticateKey(ctx context.Context, hash token.Hash, from account.Origin) (*account.Principal, error) {
	now := s.now()
	key, err := s.store.APIKeyByHash(ctx, hash)
	if err != nil {
		return nil, credentialError(err)
	}
	p, err := s.keyPrincipal(ctx, s.store, key, from, now)
	if err != nil {
		return nil, err
	}
	p.LastUsed = s.touch(ctx, p.Credential, key.LastUsed, now)
	return p, nil
}

// Reload reads the principal p again in the transaction, with the rights that p has now. It
// fails with CodeUnauthorized when the credential is no longer valid.
func (s *Auth) Reload(ctx context.Context, tx *account.Tx, p *account.Principal) (*account.Principal, error) {
	if p.Credential.IsKey() {
		key, err := tx.APIKey(ctx, p.Credential.ID)
		if err != nil {
			return nil, credentialError(err)
		}
		return s.keyPrincipal(ctx, tx, key, p.From, s.now())
	}
	session, err := tx.Session(ctx, p.Credential.ID)
	if err != nil {
		return nil, credentialError(err)
	}
	return s.sessionPrincipal(ctx, tx, session, p.From, s.now())
}

// sessionPrincipal loads the principal of a session. It fails with CodeUnauthorized when
// the session has expired or its owner is not active.
func (s *Auth) sessionPrincipal(
	ctx context.Context, r principalReader, session account.Session, from account.Origin, now time.Time,
) (*account.Principal, error) {
	settings, err := account.LoadServerSettings(ctx, r)
	if err != nil {
		return nil, err
	}
	expires := session.ExpiresAt(settings)
	if !now.Before(expires) {
		return nil, account.Unauthorized()
	}
	p, err := loadPrincipal(ctx, r, session.UserID, from, now)
	if err != nil {
		return nil, err
	}
	p.Credential = account.CredentialRef{Kind: account.CredentialSession, ID: session.ID}
	p.Session, p.Expires = session, expires
	return p, nil
}

// keyPrincipal loads the principal of an API key. Its permissions are those that both the owner
// and the key have. keyPrincipal fails with CodeUnauthorized when the key has expired, or its
// owner is not active or may no longer have keys.
func (s *Auth) keyPrincipal(
	ctx context.Context, r principalReader, key account.APIKey, from account.Origin, now time.Time,
) (*account.Principal, error) {
	if key.Expired(now) {
		return nil, account.Unauthorized()
	}
	p, err := loadPrincipal(ctx, r, key.UserID, from, now)
	if err != nil {
		return nil, err
	}
	owner := p.User.ID
	if p.Access.Decide(access.ActionCreate, access.EntityAPIKey, owner, owner) != access.Granted {
		return nil, account.Unauthorized()
	}
	if key.Permissions != nil {
		p.Access, p.Narrowed = access.Intersect(p.Access, access.Set{Permissions: key.Permissions}, owner), true
	}
	p.Credential, p.Expires = key.Ref(), key.Expires
	return p, nil
}

// loadPrincipal loads the part of a principal that doesn't depend on the credential: the user,
// the roles and the permissions. It fails with CodeUnauthorized when the user is not active.
func loadPrincipal(
	ctx context.Context, r principalReader, userID int64, from account.Origin, now time.Time,
) (*account.Principal, error) {
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

// touch stores now as the last use of a session or a key and returns the stored time. It skips
// the write when the stored time is less than touchInterval old. While the database refuses
// writes, touch gives up after touchTimeout, so that the request continues.
func (s *Auth) touch(ctx context.Context, c account.CredentialRef, last, now time.Time) time.Time {
	if now.Sub(last) < touchInterval {
		return last
	}
	brief, cancel := context.WithTimeout(ctx, s.touchTimeout)
	defer cancel()
	err := s.store.Write(brief, func(ctx context.Context, tx *account.Tx) error {
		if c.IsKey() {
			return tx.TouchAPIKey(ctx, c.ID, now)
		}
		return tx.TouchSession(ctx, c.ID, now)
	})
	if err == nil {
		return now
	}
	// Another part of the server logs once that the database refuses writes.
	if account.ErrorCode(err) != account.CodeUnavailable {
		s.log.WarnContext(ctx, "the last use of a credential was not kept", "kind", c.Kind, "id", c.ID, "error", err)
	}
	return last
}

// credentialError returns the error for callers when a look-up of a session or a key fails:
// CodeUnauthorized for one that doesn't exist, and err otherwise.
func credentialError(err error) error {
	if errors.Is(err, account.ErrNotFound) {
		return account.Unauthorized()
	}
	return err
}
