package account

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// Lifetimes of a session that nobody has set (NIST SP 800-63B, 2.2.3, at AAL2: at most 24 h without
// use asks for a new sign-in; ours is half of it).
const (
	SessionIdle     = 12 * time.Hour
	SessionAbsolute = 30 * 24 * time.Hour

	// touchInterval is how exactly the last use of a credential is kept, so that a
	// read is not a write each time.
	touchInterval = time.Minute

	// maxCredentialFailures wrong passwords by a session or a key end it: whoever
	// holds a stolen token must not use it to guess.
	maxCredentialFailures = 5
)

// touchTime is how long a read waits for it. The tests, which run on busy machines, wait
// longer.
var touchTime = 100 * time.Millisecond

// Session is one sign-in, from its token's making to its end.
type Session struct {
	ID            int64
	UserID        int64
	Created       time.Time
	LastSeen      time.Time
	ClientNetwork string // network address that signed in
	Device        string // what the client called itself
}

// target names a session in the activity log by its owner.
func (s Session) target(owner User) Target { return Target{access.EntitySession, s.ID, owner.Email} }

// expires is when the session is over unless it is used before.
func (s Session) expires(settings ServerSettings) time.Time {
	idle, absolute := s.LastSeen.Add(settings.SessionIdle), s.Created.Add(settings.SessionAbsolute)
	if idle.Before(absolute) {
		return idle
	}
	return absolute
}

// authenticateSession is Authenticate for the token of a session.
func (s *Service) authenticateSession(ctx context.Context, hash token.Hash, from Origin) (*Principal, error) {
	now := s.now()
	session, err := s.store.SessionByHash(ctx, hash)
	if err != nil {
		return nil, ended(err)
	}
	p, err := s.sessionPrincipal(ctx, s.store, session, from, now)
	if err != nil {
		return nil, err
	}
	p.used = s.touch(ctx, p.Credential, session.LastSeen, now)
	return p, nil
}

// touch keeps the use of a session or a key, unless one was kept a moment ago. One
// that cannot be touched while the database cannot be written still lets its owner
// read, without waiting for it. It returns the last use that is kept.
func (s *Service) touch(ctx context.Context, c CredentialRef, last, now time.Time) time.Time {
	if now.Sub(last) < touchInterval {
		return last
	}
	brief, cancel := context.WithTimeout(ctx, touchTime)
	defer cancel()
	err := s.store.Write(brief, func(ctx context.Context, tx Tx) error {
		if c.isKey() {
			return tx.TouchAPIKey(ctx, c.ID, now)
		}
		return tx.TouchSession(ctx, c.ID, now)
	})
	if err == nil {
		return now
	}
	if ErrorCode(err) != CodeUnavailable { // else the server tells once that nothing can be written, and not at each read
		s.log.WarnContext(ctx, "the last use of a credential was not kept", "kind", c.Kind, "id", c.ID, "error", err)
	}
	return last
}

// sessionPrincipal loads who a session belongs to. It fails with
// CodeUnauthorized when the session is over or its owner may not come in.
func (s *Service) sessionPrincipal(ctx context.Context, r Reader, session Session, from Origin, now time.Time) (*Principal, error) {
	settings, err := loadServerSettings(ctx, r)
	if err != nil {
		return nil, err
	}
	expires := session.expires(settings)
	if !now.Before(expires) {
		return nil, unauthorized()
	}
	p, err := s.principal(ctx, r, session.UserID, from, now)
	if err != nil {
		return nil, err
	}
	p.Credential, p.Session, p.expires = CredentialRef{CredentialSession, session.ID}, session, expires
	return p, nil
}

// ended gives the failure of a look-up of a session or a key its meaning: one that
// is not there has ended.
func ended(err error) error {
	if errors.Is(err, ErrNotFound) {
		return unauthorized()
	}
	return err
}

// SignOut ends the caller's session. A key goes on to work: it is ended by
// [Service.EndKey].
func (s *Service) SignOut(ctx context.Context, caller *Principal) error {
	if caller.Credential.Kind != CredentialSession {
		return nil
	}
	return s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.DeleteSession(ctx, caller.Session.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, caller, Event{Action: ActionSessionEnd, Target: caller.Session.target(caller.User)})
	})
}

// RenewSession gives the caller's session another token in place of the current one, and
// returns it. The one before lets nobody in any more: who had got hold of it is out when a
// password was changed (OWASP ASVS 5.0, 7.2.4). It fails with CodeUnauthorized for a
// session that has ended, or has another token by now, and for a caller who came by
// something else.
func (s *Service) RenewSession(ctx context.Context, caller *Principal, current secret.Text) (secret.Text, error) {
	was, err := token.Parse(caller.From.Channel.session(), current)
	if err != nil || caller.Credential.Kind != CredentialSession {
		return secret.Text{}, unauthorized()
	}
	text, hash, err := token.New(caller.From.Channel.session(), s.random)
	if err != nil {
		return secret.Text{}, err
	}
	err = s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		if _, err := s.reload(ctx, tx, caller); err != nil {
			return err
		}
		return ended(tx.SetSessionHash(ctx, caller.Session.ID, was, hash))
	})
	if err != nil {
		return secret.Text{}, err
	}
	return text, nil
}
