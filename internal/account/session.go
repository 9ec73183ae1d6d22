package account

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/secret"
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

func (s Session) expired(now time.Time) bool {
	return now.Sub(s.Created) >= SessionAbsolute || now.Sub(s.LastSeen) >= SessionIdle
}

// Principal is who makes a request, by which credential, and what he may do.
type Principal struct {
	User    User
	Roles   []access.Role
	Access  access.Set
	Session Session
}

// Authenticate returns the principal of a session's token. It fails with
// CodeUnauthorized for every token that does not let anybody in, and does not
// tell why.
func (s *Service) Authenticate(ctx context.Context, credential secret.Text) (*Principal, error) {
	hash, err := token.Parse(token.Session, credential)
	if err != nil {
		return nil, unauthorized()
	}
	now := s.now()
	session, err := s.store.SessionByHash(ctx, hash)
	if err != nil {
		return nil, endedSession(err)
	}
	p, err := s.principal(ctx, s.store, session, now)
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

// principal loads who a session belongs to. It fails with CodeUnauthorized when
// the session is over or its owner may not come in.
func (s *Service) principal(ctx context.Context, r Reader, session Session, now time.Time) (*Principal, error) {
	if session.expired(now) {
		return nil, unauthorized()
	}
	user, err := r.User(ctx, session.UserID, now)
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
	return &Principal{User: user, Roles: roles, Access: access.Of(roles), Session: session}, nil
}

// change runs f in one transaction on behalf of the caller, whose rights are
// read anew in it: a right taken away a moment ago no longer counts.
func (s *Service) change(ctx context.Context, caller *Principal, f func(ctx context.Context, tx Tx, caller *Principal) error) error {
	return s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		session, err := tx.Session(ctx, caller.Session.ID)
		if err != nil {
			return endedSession(err)
		}
		now, err := s.principal(ctx, tx, session, s.now())
		if err != nil {
			return err
		}
		return f(ctx, tx, now)
	})
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
		return tx.DeleteSession(ctx, caller.Session.ID)
	})
}
