package account

import (
	"context"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// Action says what was done, as "noun.verb".
type Action string

// The actions of the activity log.
const (
	ActionUserCreate     Action = "user.create"
	ActionUserUpdate     Action = "user.update"
	ActionUserRoles      Action = "user.roles"
	ActionUserDelete     Action = "user.delete"
	ActionUserInvite     Action = "user.invite"
	ActionPasswordChange Action = "password.change"
	ActionPasswordReset  Action = "password.reset"   // by an administrator or an operator
	ActionPasswordChoose Action = "password.recover" // by a token out of a mail

	ActionSignIn       Action = "session.create"
	ActionSignInFailed Action = "session.refuse" // one or more wrong passwords of a minute
	ActionSessionEnd   Action = "session.end"

	ActionKeyCreate Action = "api-key.create"
	ActionKeyRead   Action = "api-key.read" // the contract's key in clear
	ActionKeyEnd    Action = "api-key.end"

	ActionRoleCreate      Action = "role.create"
	ActionRoleUpdate      Action = "role.update"
	ActionRolePermissions Action = "role.permissions"
	ActionRoleDelete      Action = "role.delete"

	ActionPreferencesUpdate Action = "preferences.update"
	ActionSettingsUpdate    Action = "settings.update"
	ActionSettingsTest      Action = "settings.test"  // a test message was sent
	ActionSettingsRenew     Action = "settings.renew" // a new certificate

	ActionImportBegin  Action = "import.begin"
	ActionImportFinish Action = "import.finish"
	ActionImportUndo   Action = "import.undo"
)

// Actor is who did something, under the name of that time. ID is 0 for nobody
// known: an operator on the data itself, or a stranger.
type Actor struct {
	ID            int64
	Name          string // e-mail address
	Credential    CredentialRef
	ClientNetwork string // network address
}

// Target is what something was done to. ID is 0 for things that there is only one
// of. Name is the one it had then, since the thing itself may be gone.
type Target struct {
	Kind access.Entity
	ID   int64
	Name string
}

// FieldChange is a field that a change gave another value. From and To are text,
// numbers, truth values, lists of these, or nil, and never a secret: of a secret
// it is only told that it changed.
type FieldChange struct {
	Field string `json:"field"`
	From  any    `json:"from,omitempty"`
	To    any    `json:"to,omitempty"`
}

// Event is what a change tells the activity log of itself.
type Event struct {
	Action  Action
	Target  Target
	Changes []FieldChange
}

// Activity is an entry of the activity log.
type Activity struct {
	ID    int64
	At    time.Time
	Actor Actor
	Event
	Count int // how often; more than 1 for failed sign-ins that were merged
}

// record writes what the caller does into the activity log, in the transaction
// that does it.
func (s *Service) record(ctx context.Context, tx Tx, caller *Principal, events ...Event) error {
	return s.recordAs(ctx, tx, caller.actor(), events...)
}

// recordAs is record for who is not signed in.
func (s *Service) recordAs(ctx context.Context, tx Tx, actor Actor, events ...Event) error {
	kept, err := s.keepsActivity(ctx, tx)
	if err != nil || !kept {
		return err
	}
	entries := make([]Activity, len(events))
	for i, e := range events {
		e.Changes = cutChanges(e.Changes)
		entries[i] = Activity{At: s.now(), Actor: actor, Event: e, Count: 1}
	}
	return tx.InsertActivity(ctx, entries...)
}

// maxChangeText is how many characters of a text an entry has: it tells that it
// changed, and is no archive of biographies.
const maxChangeText = 256

// cutChanges returns the changes with texts that are cut.
func cutChanges(changes []FieldChange) []FieldChange {
	changes = slices.Clone(changes)
	for i := range changes {
		changes[i].From, changes[i].To = cutText(changes[i].From), cutText(changes[i].To)
	}
	return changes
}

// cutText cuts a value that is a text.
func cutText(value any) any {
	text, isText := value.(string)
	if !isText || len(text) <= maxChangeText {
		return value
	}
	if runes := []rune(text); len(runes) > maxChangeText {
		return string(runes[:maxChangeText]) + "…"
	}
	return text
}

// keepsActivity reports whether the settings, as the transaction sees them, want
// the activity log kept. So the change that turns it off is recorded before it is
// stored, and the one that turns it on behind.
func (s *Service) keepsActivity(ctx context.Context, r Reader) (bool, error) {
	settings, err := loadApplicationSettings(ctx, r)
	return settings.KeepActivity, err
}

func (p *Principal) actor() Actor {
	return Actor{ID: p.User.ID, Name: p.User.Email, Credential: p.Credential, ClientNetwork: p.From.ClientNetwork}
}

// operator is the actor of what is done on the data itself.
var operator = Actor{Credential: CredentialRef{Kind: CredentialOperator}}

// target names a user in the activity log.
func (u User) target() Target { return Target{access.EntityUser, u.ID, u.Email} }

func (c Credential) target() Target { return Target{access.EntityUser, c.UserID, c.Email} }
