package account

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// ChangePassword replaces the caller's own password. It ends his other sessions
// and the recovery tokens, and keeps this session. A wrong current password
// fails with CodeWrongPassword, counts as a failed sign-in, and the fifth ends
// the session.
func (s *Service) ChangePassword(ctx context.Context, caller *Principal, current, next secret.Text, from Origin) error {
	if err := checkTypedPassword(current, "/oldPassword"); err != nil {
		return err
	}
	if err := checkNewPassword(next, "/newPassword"); err != nil {
		return err
	}
	if normalPassword(current).Equal(normalPassword(next)) {
		return Invalid(Detail{"/newPassword", "must differ from the current password"})
	}
	id := caller.User.ID
	find := func(ctx context.Context, r Reader) (Credential, error) { return r.Credential(ctx, id) }
	err := s.verify(ctx, try{find, throttle.UserSubject(id), current, from.Source},
		func(ticket *passhash.Ticket, c Credential) (settle, error) {
			hash, err := ticket.Hash(ctx, normalPassword(next))
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context, tx Tx, now time.Time) error {
				if _, err := tx.Session(ctx, caller.Session.ID); err != nil {
					return endedSession(err)
				}
				if err := tx.SetPassword(ctx, id, hash, false, now); err != nil {
					return err
				}
				if err := tx.DeleteSessionsOf(ctx, id, caller.Session.ID); err != nil {
					return err
				}
				if err := tx.DeleteRecoveriesOf(ctx, id, 0); err != nil {
					return err
				}
				return s.record(ctx, tx, caller, Event{Action: ActionPasswordChange, Target: caller.User.target()})
			}, nil
		})
	if ErrorCode(err) == CodeInvalidCredentials {
		return s.wrongPassword(ctx, caller)
	}
	if err == nil {
		s.passwordChanged(id)
	}
	return err
}

// wrongPassword counts a wrong current password in the caller's session.
func (s *Service) wrongPassword(ctx context.Context, caller *Principal) error {
	err := s.store.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx Tx) error {
		failures, err := tx.AddSessionFailure(ctx, caller.Session.ID)
		if err != nil || failures < maxSessionFailures {
			return endedSession(err)
		}
		return tx.DeleteSession(ctx, caller.Session.ID)
	})
	if err != nil {
		return err
	}
	return &Error{
		Code: CodeWrongPassword, Message: "The current password is not right.",
		Details: []Detail{{"/oldPassword", "is not the current password"}},
	}
}

// hashNew hashes one password that is to be set.
func (s *Service) hashNew(ctx context.Context, password secret.Text) (string, error) {
	ticket, err := s.enter("administration")
	if err != nil {
		return "", err
	}
	defer ticket.Leave()
	return ticket.Hash(ctx, normalPassword(password))
}

// resetPassword sets a password without the current one, and ends all that let
// somebody in by the old one.
func (s *Service) resetPassword(ctx context.Context, tx Tx, userID int64, hash string, needReset bool) error {
	if err := tx.SetPassword(ctx, userID, hash, needReset, s.now()); err != nil {
		return err
	}
	return endAccess(ctx, tx, userID)
}
