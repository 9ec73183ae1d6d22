package auth

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// ChangePassword replaces the caller's own password. It ends their other sessions and
// their recovery tokens, and keeps the current session and all API keys.
//
// A wrong current password fails with CodeWrongPassword and counts as a failed sign-in;
// the fifth ends the session or the key that was used. ChangePassword fails with
// CodeInvalid for a password that may not be set, and with CodeForbidden for a named key.
func (s *Auth) ChangePassword(ctx context.Context, caller *account.Principal, current, next secret.Text, from account.Origin) error {
	if err := account.DenyNamedKey(caller); err != nil {
		return err
	}
	if err := account.ValidateTypedPassword(current, "/oldPassword"); err != nil {
		return err
	}
	if err := account.ValidateNewPassword(next, "/newPassword"); err != nil {
		return err
	}
	if account.NormalizePassword(current).Equal(account.NormalizePassword(next)) {
		return account.Invalid(account.Detail{Path: "/newPassword", Message: "must differ from the current password"})
	}
	id := caller.User.ID
	a := attempt{
		Auth: s, unknownSubject: throttle.UserSubject(id), password: current, network: from.ClientNetwork,
		find: func(ctx context.Context, r account.Reader) (account.Credential, error) { return r.Credential(ctx, id) },
	}
	err := a.run(ctx, &newPassword{Auth: s, caller: caller, password: next})
	if account.ErrorCode(err) == account.CodeInvalidCredentials {
		return s.wrongPassword(ctx, caller)
	}
	if err == nil {
		s.passwordChanged(id)
	}
	return err
}

// newPassword is the [passwordMatch] of a password change.
type newPassword struct {
	*Auth
	caller   *account.Principal
	password secret.Text

	hash string
}

func (n *newPassword) prepare(ctx context.Context, slot *passhash.Slot, _ account.Credential) (err error) {
	n.hash, err = slot.Hash(ctx, account.NormalizePassword(n.password))
	return err
}

func (n *newPassword) apply(ctx context.Context, tx account.Tx, c account.Credential, now time.Time) error {
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
	if caller.Credential.IsKey() { // a key may never expire, and must not end for slips over years
		if err := tx.ClearAPIKeyFailures(ctx, caller.Credential.ID); err != nil {
			return err
		}
	}
	return n.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionPasswordChange, Target: caller.User.Target()})
}

// wrongPassword counts a wrong current password in the caller's session or key.
func (s *Auth) wrongPassword(ctx context.Context, caller *account.Principal) error {
	add, end := account.Tx.AddSessionFailure, account.Tx.DeleteSession
	event := account.Event{Action: account.ActionSessionEnd, Target: caller.Session.Target(caller.User), Changes: nil}
	if caller.Credential.IsKey() {
		add, end = account.Tx.AddAPIKeyFailure, account.Tx.DeleteAPIKey
		event = account.Event{Action: account.ActionKeyEnd, Target: account.Target{Kind: access.EntityAPIKey, ID: caller.Credential.ID, Name: caller.User.Email}, Changes: nil}
	}
	err := s.store.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx account.Tx) error {
		failures, err := add(tx, ctx, caller.Credential.ID)
		if err != nil || failures < maxCredentialFailures {
			return SessionError(err)
		}
		if err := end(tx, ctx, caller.Credential.ID); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, event)
	})
	if err != nil {
		return err
	}
	return &account.Error{
		Code: account.CodeWrongPassword, Message: "The current password is not right.",
		Details: []account.Detail{{Path: "/oldPassword", Message: "is not the current password"}},
	}
}
