package auth

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

const (
	// touchInterval is the precision with which the last use of a credential is stored. Most
	// requests therefore need no write.
	touchInterval = time.Minute

	// maxCredentialFailures wrong current passwords end the session or key that they came with,
	// so that a stolen token can't be used to guess the password.
	maxCredentialFailures = 5

	// maxSessions is the number of sessions that a user may have at a time. maxEndedSessions is
	// how many more a sign-in ends; an earlier release had no limit.
	maxSessions      = 100
	maxEndedSessions = 100

	// maxListedSessions is the number of sessions that a list shows, the newest ones.
	maxListedSessions = 1000
)

// SignOut ends the caller's session. It does nothing for an API key, which stays valid.
func (s *Auth) SignOut(ctx context.Context, caller *account.Principal) error {
	if caller.Credential.Kind != account.CredentialSession {
		return nil
	}
	return s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		if err := tx.DeleteSession(ctx, caller.Session.ID); err != nil {
			return err
		}
		event := account.Event{Action: account.ActionSessionEnd, Target: caller.Session.Target(caller.User)}
		return s.audit.Record(ctx, tx, caller, event)
	})
}

// RenewSession replaces the token of the caller's session and returns the new one. Call it after
// a password change: somebody who stole the current token can no longer use it (OWASP ASVS 5.0,
// 7.2.4). RenewSession fails with CodeUnauthorized when the session has ended, when current is
// not its token, and for a caller without a session.
func (s *Auth) RenewSession(ctx context.Context, caller *account.Principal, current secret.Text) (secret.Text, error) {
	was, err := token.Parse(caller.From.Channel.SessionTokenKind(), current)
	if err != nil || caller.Credential.Kind != account.CredentialSession {
		return secret.Text{}, account.Unauthorized()
	}
	text, hash, err := token.New(caller.From.Channel.SessionTokenKind(), s.random)
	if err != nil {
		return secret.Text{}, err
	}
	err = s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		if _, err := s.Reload(ctx, tx, caller); err != nil {
			return err
		}
		return credentialError(tx.SetSessionHash(ctx, caller.Session.ID, was, hash))
	})
	if err != nil {
		return secret.Text{}, err
	}
	return text, nil
}

// LiveSession is a session that has not expired, with the fields that a list of sessions shows.
type LiveSession struct {
	account.Session
	Expires time.Time // when the session expires if it is not used until then
	Current bool      // whether the request came with this session
}

// Sessions returns the sessions of a user that have not expired, in the order of their ids. It
// returns at most the newest maxListedSessions. It fails as [account.Allow] does.
func (s *Auth) Sessions(ctx context.Context, caller *account.Principal, userID int64) ([]LiveSession, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntitySession, userID); err != nil {
		return nil, err
	}
	if _, err := account.FindUser(ctx, s.store, userID, s.now()); err != nil {
		return nil, err
	}
	settings, err := account.LoadServerSettings(ctx, s.store)
	if err != nil {
		return nil, err
	}
	now := s.now()
	createdAfter, seenAfter := now.Add(-settings.SessionAbsolute), now.Add(-settings.SessionIdle)
	sessions, err := s.store.SessionsOf(ctx, userID, createdAfter, seenAfter, maxListedSessions)
	if err != nil {
		return nil, err
	}
	live := make([]LiveSession, len(sessions))
	for i, session := range sessions {
		current := caller.Credential == account.CredentialRef{Kind: account.CredentialSession, ID: session.ID}
		live[i] = LiveSession{Session: session, Expires: session.ExpiresAt(settings), Current: current}
	}
	return live, nil
}

// EndSession ends a session. It fails as [EndCredential] does.
func (s *Auth) EndSession(ctx context.Context, caller *account.Principal, id int64) error {
	return EndCredential(ctx, s, caller, Ending[account.Session]{
		Entity: access.EntitySession,
		Find: func(ctx context.Context, r CredentialReader) (account.Session, error) {
			return r.Session(ctx, id)
		},
		Owner:  func(session account.Session) int64 { return session.UserID },
		Delete: func(ctx context.Context, tx *account.Tx) error { return tx.DeleteSession(ctx, id) },
		Event: func(session account.Session, owner account.User) account.Event {
			return account.Event{Action: account.ActionSessionEnd, Target: session.Target(owner)}
		},
	})
}

// EndSessions ends all sessions of a user. With keepCurrent it keeps the session that the
// request came with. It fails as [EndCredential] does.
func (s *Auth) EndSessions(ctx context.Context, caller *account.Principal, userID int64, keepCurrent bool) error {
	permit, err := Allowed(caller, access.ActionDelete, access.EntitySession, userID)
	if err != nil {
		return err
	}
	return s.UpdateUserAs(ctx, permit, userID, func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		owner, err := s.requireMayEnd(ctx, tx, caller, access.EntitySession, userID)
		if err != nil {
			return err
		}
		spare := int64(0)
		if keepCurrent {
			spare = caller.Credential.SessionID()
		}
		if err := tx.DeleteSessionsOf(ctx, userID, spare); err != nil {
			return err
		}
		event := account.Event{Action: account.ActionSessionEnd, Target: account.Session{}.Target(owner)}
		return s.audit.Record(ctx, tx, caller, event)
	})
}
