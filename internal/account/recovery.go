package account

import "time"

// Lifetimes of recovery tokens.
const (
	RecoveryLifetime   = 30 * time.Minute   // after a forgotten password
	InvitationLifetime = 7 * 24 * time.Hour // of an invitation
)

// Recovery is a token with which its bearer chooses a new password, once.
type Recovery struct {
	UserID  int64
	Kind    MailKind // of the message that carries it: MailRecovery or MailInvitation
	Created time.Time
	Expires time.Time
}
