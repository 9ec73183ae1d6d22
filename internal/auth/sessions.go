package auth

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// maxListedSessions is how many sessions of a user are listed: the newest.
const maxListedSessions = 1000

// LiveSession is a session as it is shown.
type LiveSession struct {
	account.Session
	Expires time.Time // unless it is used before
	Current bool      // the one that the caller came by
}

// Sessions returns the newest 1000 sessions of a user that are not over, by id.
// It fails as [Allow] says.
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
	sessions, err := s.store.SessionsOf(ctx, userID, now.Add(-settings.SessionAbsolute), now.Add(-settings.SessionIdle), maxListedSessions)
	if err != nil {
		return nil, err
	}
	live := make([]LiveSession, len(sessions))
	for i, session := range sessions {
		current := caller.Credential == account.CredentialRef{Kind: account.CredentialSession, ID: session.ID}
		live[i] = LiveSession{session, session.ExpiresAt(settings), current}
	}
	return live, nil
}

// EndSession ends a session. It fails as [EndCredential] does.
func (s *Auth) EndSession(ctx context.Context, caller *account.Principal, id int64) error {
	return EndCredential(ctx, s, caller, Ending[account.Session]{
		Entity: access.EntitySession,
		Find: func(ctx context.Context, r account.Reader) (account.Session, error) {
			return r.Session(ctx, id)
		},
		Owner:  func(session account.Session) int64 { return session.UserID },
		Delete: func(ctx context.Context, tx account.Tx) error { return tx.DeleteSession(ctx, id) },
		Event: func(session account.Session, owner account.User) account.Event {
			return account.Event{Action: account.ActionSessionEnd, Target: session.Target(owner)}
		},
	})
}

// EndSessions ends all sessions of a user. With keepCurrent it spares the session that
// the request came with. It fails as [EndCredential] does.
func (s *Auth) EndSessions(ctx context.Context, caller *account.Principal, userID int64, keepCurrent bool) error {
	permit, err := Allowed(caller, access.ActionDelete, access.EntitySession, userID)
	if err != nil {
		return err
	}
	return s.UpdateUserAs(ctx, permit, userID, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
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
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionSessionEnd, Target: account.Session{}.Target(owner)})
	})
}
