package auth

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

const (

	// touchInterval is how exactly the last use of a credential is kept, so that a
	// read is not a write each time.
	touchInterval = time.Minute

	// maxCredentialFailures wrong passwords by a session or a key end it: whoever
	// holds a stolen token must not use it to guess.
	maxCredentialFailures = 5
)

// authenticateSession is Authenticate for the token of a session.
func (s *Auth) authenticateSession(ctx context.Context, hash token.Hash, from account.Origin) (*account.Principal, error) {
	now := s.now()
	session, err := s.store.SessionByHash(ctx, hash)
	if err != nil {
		return nil, SessionError(err)
	}
	p, err := s.sessionPrincipal(ctx, s.store, session, from, now)
	if err != nil {
		return nil, err
	}
	p.LastUsed = s.touch(ctx, p.Credential, session.LastSeen, now)
	return p, nil
}

// touch keeps the use of a session or a key, unless one was kept a moment ago. One
// that cannot be touched while the database cannot be written still lets its owner
// read, without waiting for it. It returns the last use that is kept.
func (s *Auth) touch(ctx context.Context, c account.CredentialRef, last, now time.Time) time.Time {
	if now.Sub(last) < touchInterval {
		return last
	}
	brief, cancel := context.WithTimeout(ctx, s.touchTimeout)
	defer cancel()
	err := s.store.Write(brief, func(ctx context.Context, tx account.Tx) error {
		if c.IsKey() {
			return tx.TouchAPIKey(ctx, c.ID, now)
		}
		return tx.TouchSession(ctx, c.ID, now)
	})
	if err == nil {
		return now
	}
	if account.ErrorCode(err) != account.CodeUnavailable { // else the server tells once that nothing can be written, and not at each read
		s.log.WarnContext(ctx, "the last use of a credential was not kept", "kind", c.Kind, "id", c.ID, "error", err)
	}
	return last
}

// sessionPrincipal loads who a session belongs to. It fails with
// CodeUnauthorized when the session is over or its owner may not come in.
func (s *Auth) sessionPrincipal(ctx context.Context, r account.Reader, session account.Session, from account.Origin, now time.Time) (*account.Principal, error) {
	settings, err := account.LoadServerSettings(ctx, r)
	if err != nil {
		return nil, err
	}
	expires := session.ExpiresAt(settings)
	if !now.Before(expires) {
		return nil, account.Unauthorized()
	}
	p, err := s.principal(ctx, r, session.UserID, from, now)
	if err != nil {
		return nil, err
	}
	p.Credential, p.Session, p.Expires = account.CredentialRef{Kind: account.CredentialSession, ID: session.ID}, session, expires
	return p, nil
}

// ended gives the failure of a look-up of a session or a key its meaning: one that
// is not there has ended.
func SessionError(err error) error {
	if errors.Is(err, account.ErrNotFound) {
		return account.Unauthorized()
	}
	return err
}

// SignOut ends the caller's session. A key goes on to work: it is ended by
// [Service.EndKey].
func (s *Auth) SignOut(ctx context.Context, caller *account.Principal) error {
	if caller.Credential.Kind != account.CredentialSession {
		return nil
	}
	return s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		if err := tx.DeleteSession(ctx, caller.Session.ID); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionSessionEnd, Target: caller.Session.Target(caller.User)})
	})
}

// RenewSession gives the caller's session another token in place of the current one, and
// returns it. The one before lets nobody in any more: who had got hold of it is out when a
// password was changed (OWASP ASVS 5.0, 7.2.4). It fails with CodeUnauthorized for a
// session that has ended, or has another token by now, and for a caller who came by
// something else.
func (s *Auth) RenewSession(ctx context.Context, caller *account.Principal, current secret.Text) (secret.Text, error) {
	was, err := token.Parse(caller.From.Channel.SessionTokenKind(), current)
	if err != nil || caller.Credential.Kind != account.CredentialSession {
		return secret.Text{}, account.Unauthorized()
	}
	text, hash, err := token.New(caller.From.Channel.SessionTokenKind(), s.random)
	if err != nil {
		return secret.Text{}, err
	}
	err = s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		if _, err := s.Reload(ctx, tx, caller); err != nil {
			return err
		}
		return SessionError(tx.SetSessionHash(ctx, caller.Session.ID, was, hash))
	})
	if err != nil {
		return secret.Text{}, err
	}
	return text, nil
}
