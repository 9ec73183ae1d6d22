package recovery

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// Limits of invitations.
const (
	maxInvitations   = 3 // per user in invitationWindow
	invitationWindow = time.Hour

	// maxInvitationsByCaller is how many invitations a caller may send at once, and in an hour.
	maxInvitationsByCaller = 100
)

// InviteUser sends a user a message with a token to choose a password. The user may already
// have a password.
//
// It fails like [account.Allow] if the caller may not edit the user's access. It fails with
// CodeUsePasswordChange if the user is the caller. It fails with CodeNotLocalUser or
// CodeInactiveUser if the user cannot sign in with a password. It fails with CodeForbidden if the
// user has permissions that the caller lacks. It fails with CodeTooManyRequests after maxInvitations
// to the user in an hour, and after maxInvitationsByCaller on this server unless the caller may
// create users.
func (s *Recovery) InviteUser(ctx context.Context, caller *account.Principal, id int64) error {
	permit, err := auth.Allowed(caller, access.ActionEditAccess, access.EntityUser, id)
	if err != nil {
		return err
	}
	creator := account.Allow(caller, access.ActionCreate, access.EntityUser, access.All) == nil
	if !creator {
		if err := s.invitations.Check(caller.User.ID, s.monotonic()); err != nil {
			return err
		}
	}
	invite := func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		if id == caller.User.ID {
			return account.UsePasswordChange()
		}
		user, err := account.FindUser(ctx, tx, id, s.now())
		if err != nil {
			return err
		}
		if err := account.RequireCoversUser(ctx, tx, caller, id); err != nil {
			return err
		}
		switch {
		case user.Provider != account.ProviderLocal:
			return account.NotLocalUser()
		case !user.Active:
			return &account.Error{
				Code:    account.CodeInactiveUser,
				Message: "This user is not active and could not sign in. Activate it first.",
			}
		}
		sent, err := tx.CountMails(ctx, id, account.MailInvitation, s.now().Add(-invitationWindow))
		if err != nil {
			return err
		}
		if sent >= maxInvitations {
			return account.TooManyRequests(invitationWindow)
		}
		if err := s.SendInvitation(ctx, tx, user, caller.From.ClientNetwork); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionUserInvite, Target: user.Target()})
	}
	if err := s.auth.UpdateUserAs(ctx, permit, id, invite); err != nil {
		return err
	}
	if !creator {
		s.invitations.Count(caller.User.ID, s.monotonic())
	}
	s.outbox.Wake()
	return nil
}

// SendInvitation puts an invitation to a user into the outbox. clientNetwork is the network
// of the administrator who invites the user.
//
// The invitation contains a recovery token with a longer lifetime. A token for a forgotten password
// does not replace it: anyone who knows the address can request such a token, and could thereby
// revoke the invitation.
func (s *Recovery) SendInvitation(ctx context.Context, tx *account.Tx, user account.User, clientNetwork string) error {
	content, expires, err := s.issueToken(ctx, tx, user.ID, account.MailInvitation, account.InvitationLifetime)
	if err != nil {
		return err
	}
	content.ClientNetwork = clientNetwork
	return s.outbox.Enqueue(ctx, tx, account.MailInvitation, user, content, expires)
}
