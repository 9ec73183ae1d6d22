package account

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// ChangePassword replaces the caller's own password. It ends his other sessions
// and the recovery tokens, and keeps this session and his keys. A wrong current
// password fails with CodeWrongPassword, counts as a failed sign-in, and the fifth
// ends the session or the key. By a named key it fails with CodeForbidden.
func (s *Service) ChangePassword(ctx context.Context, caller *Principal, current, next secret.Text, from Origin) error {
	if err := denyNamedKey(caller); err != nil {
		return err
	}
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
	err := s.verify(ctx, attempt{find, throttle.UserSubject(id), current, from.ClientNetwork},
		func(ticket *passhash.Slot, c Credential) (onMatch, error) {
			hash, err := ticket.Hash(ctx, normalPassword(next))
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context, tx Tx, now time.Time) error {
				caller, err := s.reload(ctx, tx, caller)
				if err != nil {
					return err
				}
				if err := tx.SetPassword(ctx, id, hash, false, now); err != nil {
					return err
				}
				if err := tx.DeleteSessionsOf(ctx, id, caller.Credential.session()); err != nil {
					return err
				}
				if err := tx.DeleteRecoveriesOf(ctx, id); err != nil {
					return err
				}
				if caller.Credential.isKey() { // it may live for ever, and must not end for slips of years
					if err := tx.ClearAPIKeyFailures(ctx, caller.Credential.ID); err != nil {
						return err
					}
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

// wrongPassword counts a wrong current password in the caller's session or key.
func (s *Service) wrongPassword(ctx context.Context, caller *Principal) error {
	add, end := Tx.AddSessionFailure, Tx.DeleteSession
	event := Event{ActionSessionEnd, caller.Session.target(caller.User), nil}
	if caller.Credential.isKey() {
		add, end = Tx.AddAPIKeyFailure, Tx.DeleteAPIKey
		event = Event{ActionKeyEnd, Target{access.EntityAPIKey, caller.Credential.ID, caller.User.Email}, nil}
	}
	err := s.store.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx Tx) error {
		failures, err := add(tx, ctx, caller.Credential.ID)
		if err != nil || failures < maxCredentialFailures {
			return ended(err)
		}
		if err := end(tx, ctx, caller.Credential.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, caller, event)
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
	ticket, err := s.acquireHashSlot("administration")
	if err != nil {
		return "", err
	}
	defer ticket.Release()
	return ticket.Hash(ctx, normalPassword(password))
}

// reset is a password that is set without the current one.
type reset struct {
	hash      string
	needReset bool // its owner must choose another at the next sign-in
	keepKeys  bool
}

// resetPassword sets a password, and ends all that let somebody in by the old
// one.
func (s *Service) resetPassword(ctx context.Context, tx Tx, userID int64, r reset) error {
	if err := tx.SetPassword(ctx, userID, r.hash, r.needReset, s.now()); err != nil {
		return err
	}
	if !r.keepKeys {
		if err := tx.DeleteAPIKeysOf(ctx, userID); err != nil {
			return err
		}
	}
	return endAccess(ctx, tx, userID)
}
