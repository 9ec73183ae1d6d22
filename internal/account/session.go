package account

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// Lifetimes of a session (NIST SP 800-63B, 2.2.3, at AAL2: at most 24 h without
// use asks for a new sign-in; ours is half of it).
const (
	SessionIdle     = 12 * time.Hour
	SessionAbsolute = 30 * 24 * time.Hour

	// touchInterval is how exactly the last use of a session is kept, so that a
	// read is not a write each time.
	touchInterval = time.Minute
	touchTime     = 100 * time.Millisecond // that a read waits for it

	// maxSessionFailures wrong passwords in a session end it: whoever holds a
	// stolen token must not use it to guess.
	maxSessionFailures = 5
)

// Session is one sign-in, from its token's making to its end.
type Session struct {
	ID       int64
	UserID   int64
	Created  time.Time
	LastSeen time.Time
	Source   string // network address that signed in
	Device   string // what the client called itself
}

// target names a session in the activity log by its owner.
func (s Session) target(owner User) Target { return Target{access.EntitySession, s.ID, owner.Email} }

func (s Session) expired(now time.Time) bool {
	return now.Sub(s.Created) >= SessionAbsolute || now.Sub(s.LastSeen) >= SessionIdle
}

// authenticateSession is Authenticate for the token of a session.
func (s *Service) authenticateSession(ctx context.Context, hash token.Hash, from Origin) (*Principal, error) {
	now := s.now()
	session, err := s.store.SessionByHash(ctx, hash)
	if err != nil {
		return nil, endedSession(err)
	}
	p, err := s.sessionPrincipal(ctx, s.store, session, from, now)
	if err != nil {
		return nil, err
	}
	if now.Sub(session.LastSeen) >= touchInterval {
		// A session that cannot be touched while the database cannot be written
		// still lets its owner read, without waiting for it.
		brief, cancel := context.WithTimeout(ctx, touchTime)
		defer cancel()
		err := s.store.Write(brief, func(ctx context.Context, tx Tx) error {
			return tx.TouchSession(ctx, session.ID, now)
		})
		if err != nil {
			s.log.WarnContext(ctx, "the last use of a session was not kept", "session", session.ID, "error", err)
		}
	}
	return p, nil
}

// sessionPrincipal loads who a session belongs to. It fails with
// CodeUnauthorized when the session is over or its owner may not come in.
func (s *Service) sessionPrincipal(ctx context.Context, r Reader, session Session, from Origin, now time.Time) (*Principal, error) {
	if session.expired(now) {
		return nil, unauthorized()
	}
	p, err := s.principal(ctx, r, session.UserID, from, now)
	if err != nil {
		return nil, err
	}
	p.Credential, p.Session = CredentialRef{CredentialSession, session.ID}, session
	return p, nil
}

// endedSession gives the failure of a look-up of a session its meaning: one that
// is not there has ended.
func endedSession(err error) error {
	if errors.Is(err, ErrNotFound) {
		return unauthorized()
	}
	return err
}

// SignOut ends the caller's session.
func (s *Service) SignOut(ctx context.Context, caller *Principal) error {
	return s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.DeleteSession(ctx, caller.Session.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, caller, Event{Action: ActionSessionEnd, Target: caller.Session.target(caller.User)})
	})
}
