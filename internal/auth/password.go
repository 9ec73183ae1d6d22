package auth

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// PasswordChange is the input of [Auth.ChangePassword].
type PasswordChange struct {
	Current, Next secret.Text
	RevokeKeys    bool // whether the caller's API keys end, also one that the request came with
}

// PasswordNotifier tells users about changes of their passwords.
type PasswordNotifier interface {
	// NotifyPasswordChange sends a message to the user in the transaction of the change. user is
	// the user before the change. network is the client network of the person who makes the change,
	// or "".
	NotifyPasswordChange(ctx context.Context, tx *account.Tx, user account.User, network string) error
}

// NotifyWith sets the notifier. Call it before any operation. It is not an option of [New], because
// the notifier itself needs the Auth.
func (s *Auth) NotifyWith(n PasswordNotifier) { s.notifier = n }

// ChangePassword replaces the caller's own password. It ends their other sessions and their
// recovery tokens, and keeps the current session. It sends the caller a message.
//
// A wrong current password fails with CodeWrongPassword and counts as a failed sign-in. The
// fifth wrong password ends the session or the key that the request came with. ChangePassword
// fails with CodeInvalid for a new password that violates the policy, with CodeForbidden for a
// named key, and with CodeTooManyRequests when the caller has made too many changes.
func (s *Auth) ChangePassword(
	ctx context.Context, caller *account.Principal, change PasswordChange, from account.Origin,
) error {
	if err := account.DenyNamedKey(caller); err != nil {
		return err
	}
	if err := account.ValidateTypedPassword(change.Current, "/oldPassword"); err != nil {
		return err
	}
	if err := account.ValidateNewPassword(change.Next, "/newPassword"); err != nil {
		return err
	}
	if account.NormalizePassword(change.Current).Equal(account.NormalizePassword(change.Next)) {
		return account.Invalid(account.Detail{Path: "/newPassword", Message: "must differ from the current password"})
	}
	if err := s.checkChanges(caller); err != nil {
		return err
	}
	id := caller.User.ID
	a := attempt{
		Auth: s, unknownSubject: lockout.UserSubject(id), password: change.Current, network: from.ClientNetwork,
		find: func(ctx context.Context, r account.UserReader) (account.Credential, error) {
			return r.Credential(ctx, id)
		},
	}
	err := a.run(ctx, &newPassword{Auth: s, caller: caller, change: change, network: from.ClientNetwork})
	if account.ErrorCode(err) == account.CodeInvalidCredentials {
		return s.wrongPassword(ctx, caller)
	}
	if err == nil {
		s.countChange(caller)
		s.passwordChanged(id)
	}
	return err
}

// newPassword is the [passwordMatch] that completes a password change.
type newPassword struct {
	*Auth
	caller  *account.Principal
	change  PasswordChange
	network string // the client network of the request

	hash string
}

func (n *newPassword) prepare(ctx context.Context, slot *passhash.Slot, _ account.Credential) (err error) {
	n.hash, err = slot.Hash(ctx, account.NormalizePassword(n.change.Next))
	return err
}

func (n *newPassword) apply(ctx context.Context, tx *account.Tx, c account.Credential, now time.Time) error {
	caller, err := n.Reload(ctx, tx, n.caller)
	if err != nil {
		return err
	}
	if err := tx.SetPassword(ctx, c.UserID, n.hash, false, now); err != nil {
		return err
	}
	if err := tx.DeleteSessionsOf(ctx, c.UserID, caller.Credential.SessionID()); err != nil {
		return err
	}
	if err := tx.DeleteRecoveriesOf(ctx, c.UserID); err != nil {
		return err
	}
	if caller.Credential.IsKey() { // a key may last for years, so a few wrong passwords over that time must not end it
		if err := tx.ClearAPIKeyFailures(ctx, caller.Credential.ID); err != nil {
			return err
		}
	}
	events := []account.Event{{Action: account.ActionPasswordChange, Target: caller.User.Target()}}
	if n.change.RevokeKeys {
		revoked, err := revokeKeys(ctx, tx, caller.User)
		if err != nil {
			return err
		}
		events = append(events, revoked...)
	}
	if err := n.notifier.NotifyPasswordChange(ctx, tx, caller.User, n.network); err != nil {
		return err
	}
	return n.audit.Record(ctx, tx, caller, events...)
}

// wrongPassword counts a wrong current password against the caller's session or key. At
// maxCredentialFailures it ends that session or key.
func (s *Auth) wrongPassword(ctx context.Context, caller *account.Principal) error {
	id := caller.Credential.ID
	err := s.store.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx *account.Tx) error {
		if caller.Credential.IsKey() {
			failures, err := tx.AddAPIKeyFailure(ctx, id)
			if err != nil || failures < maxCredentialFailures {
				return credentialError(err)
			}
			if err := tx.DeleteAPIKey(ctx, id); err != nil {
				return err
			}
			target := account.Target{Kind: access.EntityAPIKey, ID: id, Name: caller.User.Email}
			return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionKeyEnd, Target: target})
		}
		failures, err := tx.AddSessionFailure(ctx, id)
		if err != nil || failures < maxCredentialFailures {
			return credentialError(err)
		}
		if err := tx.DeleteSession(ctx, id); err != nil {
			return err
		}
		target := caller.Session.Target(caller.User)
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionSessionEnd, Target: target})
	})
	if err != nil {
		return err
	}
	return &account.Error{
		Code: account.CodeWrongPassword, Message: "The current password is not right.",
		Details: []account.Detail{{Path: "/oldPassword", Message: "is not the current password"}},
	}
}

// PasswordReset is the input of [Auth.ResetPassword].
type PasswordReset struct {
	Hash      string
	NeedReset bool // whether the user must choose another password at the next sign-in
	KeepKeys  bool // whether the user's API keys stay valid
	// ClientNetwork is that of the person who resets the password; "" for an operator.
	ClientNetwork string
}

// ResetPassword sets a user's password without asking for the current one. It ends the user's
// sessions and recovery tokens, and unless KeepKeys is set also the API keys. It sends a message to
// the address in user, which is the user before the change.
func (s *Auth) ResetPassword(ctx context.Context, tx *account.Tx, user account.User, r PasswordReset) error {
	if err := tx.SetPassword(ctx, user.ID, r.Hash, r.NeedReset, s.now()); err != nil {
		return err
	}
	if !r.KeepKeys {
		if err := tx.DeleteAPIKeysOf(ctx, user.ID); err != nil {
			return err
		}
	}
	if err := EndAccess(ctx, tx, user.ID); err != nil {
		return err
	}
	return s.notifier.NotifyPasswordChange(ctx, tx, user, r.ClientNetwork)
}

// EndAccess ends a user's sessions and recovery tokens, but not the API keys.
func EndAccess(ctx context.Context, tx *account.Tx, userID int64) error {
	if err := tx.DeleteSessionsOf(ctx, userID, 0); err != nil {
		return err
	}
	return tx.DeleteRecoveriesOf(ctx, userID)
}

// HashNew hashes a new password. It fails with CodeUnavailable when the hash queue is full.
func (s *Auth) HashNew(ctx context.Context, password secret.Text) (string, error) {
	slot, err := s.AcquireHashSlot("administration")
	if err != nil {
		return "", err
	}
	defer slot.Release()
	return slot.Hash(ctx, account.NormalizePassword(password))
}
