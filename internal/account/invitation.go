package account

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// Numbers of invitations.
const (
	InvitationLifetime = 7 * 24 * time.Hour
	invitationsAnHour  = 3 // messages a user
	invitationWindow   = time.Hour
)

// InviteUser sends a user a message with which he chooses his password: the first
// one, where he has none. It fails as [Allow] says and with CodeUsePasswordChange
// for oneself, with CodeNotLocalUser and CodeInactiveUser, and with
// CodeTooManyRequests after three messages in an hour.
func (s *Service) InviteUser(ctx context.Context, caller *Principal, id int64) error {
	err := s.updateUserAs(ctx, caller, id, func(ctx context.Context, tx Tx, caller *Principal) error {
		if err := Allow(caller, access.ActionEditAccess, access.EntityUser, id); err != nil {
			return err
		}
		if id == caller.User.ID {
			return usePasswordChange()
		}
		user, err := findUser(ctx, tx, id, s.now())
		if err != nil {
			return err
		}
		if err := requireCoversUser(ctx, tx, caller, id); err != nil {
			return err
		}
		switch {
		case user.Provider != ProviderLocal:
			return notLocalUser()
		case !user.Active:
			return &Error{Code: CodeInactiveUser, Message: "This user is not active and could not sign in. Activate it first."}
		}
		sent, err := tx.CountMails(ctx, id, MailInvitation, s.now().Add(-invitationWindow))
		if err != nil {
			return err
		}
		if sent >= invitationsAnHour {
			return tooMany(invitationWindow)
		}
		if err := s.sendInvitation(ctx, tx, user, caller.From.ClientNetwork); err != nil {
			return err
		}
		return s.record(ctx, tx, caller, Event{Action: ActionUserInvite, Target: user.target()})
	})
	if err == nil {
		s.wakeMail()
	}
	return err
}

// sendInvitation puts an invitation to a user into the outbox. Its token is one of
// password recovery that lives longer, and that no forgotten password pushes out:
// anybody who knows the address can ask for those.
func (s *Service) sendInvitation(ctx context.Context, tx Tx, user User, source string) error {
	content, expires, err := s.newRecovery(ctx, tx, user.ID, MailInvitation, InvitationLifetime)
	if err != nil {
		return err
	}
	content.ClientNetwork = source
	return s.sendMail(ctx, tx, MailInvitation, user, content, expires)
}
