// Package recovery lets users choose a password with a token from a message. The message is either
// an invitation, or a recovery message that a user has requested after forgetting the password.
//
// Neither the response to a request nor its timing tells whether an account exists. The
// request only writes one row to the outbox. A worker looks up the account later, when it
// prepares the message.
package recovery

import (
	"io"
	"log/slog"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/outbox"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// Options are the dependencies of [New], in addition to those in [account.Env].
type Options struct {
	Outbox   *outbox.Outbox
	Settings *settings.Settings
	Auth     *auth.Auth
	Audit    *audit.Log
	// PasswordChanged is called with the user's id after a password was set.
	PasswordChanged func(userID int64)
}

// Recovery issues and redeems recovery tokens. Its methods are safe for concurrent use.
type Recovery struct {
	store           account.Transactor
	log             *slog.Logger
	now             func() time.Time
	random          io.Reader
	outbox          *outbox.Outbox
	settings        *settings.Settings
	auth            *auth.Auth
	audit           *audit.Log
	passwordChanged func(userID int64)
	monotonic       func() time.Time
	invitations     *auth.RateLimit // by the id of the caller who sends them
}

// New returns the password recovery of one database.
func New(env account.Env, o Options) *Recovery {
	return &Recovery{
		store: env.Store, log: env.Log, now: env.Now, random: env.Random,
		outbox: o.Outbox, settings: o.Settings, auth: o.Auth, audit: o.Audit, passwordChanged: o.PasswordChanged,
		monotonic: env.Monotonic,
		invitations: auth.NewRateLimit(invitationWindow/maxInvitationsByCaller, maxInvitationsByCaller,
			"You have sent too many invitations in a short time. Wait before you send more."),
	}
}
