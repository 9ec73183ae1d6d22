package recovery

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// Numbers of invitations.
const (
	invitationsAnHour = 3 // messages a user
	invitationWindow  = time.Hour
)

// InviteUser sends a user a message with which he chooses his password: the first
// one, where he has none. It fails as [Allow] says and with CodeUsePasswordChange
// for oneself, with CodeNotLocalUser and CodeInactiveUser, and with
// CodeTooManyRequests after three messages in an hour.
func (s *Recovery) InviteUser(ctx context.Context, caller *account.Principal, id int64) error {
	permit, err := auth.Allowed(caller, access.ActionEditAccess, access.EntityUser, id)
	if err != nil {
		return err
	}
	err = s.auth.UpdateUserAs(ctx, permit, id, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
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
			return &account.Error{Code: account.CodeInactiveUser, Message: "This user is not active and could not sign in. Activate it first."}
		}
		sent, err := tx.CountMails(ctx, id, account.MailInvitation, s.now().Add(-invitationWindow))
		if err != nil {
			return err
		}
		if sent >= invitationsAnHour {
			return account.TooManyRequests(invitationWindow)
		}
		if err := s.SendInvitation(ctx, tx, user, caller.From.ClientNetwork); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionUserInvite, Target: user.Target()})
	})
	if err == nil {
		s.outbox.Wake()
	}
	return err
}

// sendInvitation puts an invitation to a user into the outbox. Its token is one of
// password recovery that lives longer, and that no forgotten password pushes out:
// anybody who knows the address can ask for those.
func (s *Recovery) SendInvitation(ctx context.Context, tx account.Tx, user account.User, source string) error {
	content, expires, err := s.newRecovery(ctx, tx, user.ID, account.MailInvitation, account.InvitationLifetime)
	if err != nil {
		return err
	}
	content.ClientNetwork = source
	return s.outbox.Enqueue(ctx, tx, account.MailInvitation, user, content, expires)
}
