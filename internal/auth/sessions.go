package auth

import (
	"context"
	"errors"
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

// EndSession ends a session. It fails as [Allow] says.
func (s *Auth) EndSession(ctx context.Context, caller *account.Principal, id int64) error {
	if err := account.Allow(caller, access.ActionDelete, access.EntitySession, access.Any); err != nil {
		return err
	}
	found, err := findSession(ctx, s.store, id)
	if err != nil {
		return err
	}
	return s.UpdateUserAs(ctx, caller, found.UserID, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		if err := account.Allow(caller, access.ActionDelete, access.EntitySession, access.Any); err != nil {
			return err
		}
		session, err := findSession(ctx, tx, id)
		if err != nil {
			return err
		}
		owner, err := s.AllowEnd(ctx, tx, caller, access.EntitySession, session.UserID)
		if err != nil {
			return err
		}
		if err := tx.DeleteSession(ctx, id); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionSessionEnd, Target: session.Target(owner)})
	})
}

func findSession(ctx context.Context, r account.Reader, id int64) (account.Session, error) {
	session, err := r.Session(ctx, id)
	if errors.Is(err, account.ErrNotFound) {
		return account.Session{}, account.NotFound()
	}
	return session, err
}

// EndSessions ends all sessions of a user, but for the one that the caller came
// by if he keeps it. It fails as [Allow] says.
func (s *Auth) EndSessions(ctx context.Context, caller *account.Principal, userID int64, keepCurrent bool) error {
	if err := account.Allow(caller, access.ActionDelete, access.EntitySession, userID); err != nil {
		return err
	}
	return s.UpdateUserAs(ctx, caller, userID, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		owner, err := s.AllowEnd(ctx, tx, caller, access.EntitySession, userID)
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
