package account

import (
	"context"
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

// operator is the actor of what is done on the data itself.
var Operator = Actor{Credential: CredentialRef{Kind: CredentialOperator}}

// ActivityFilter selects entries by what all of its fields say; a zero field says
// nothing.
type ActivityFilter struct {
	ActorID    int64  // user id
	Action     string // "user.create", or "user.*" for all of that noun
	TargetKind access.Entity
	TargetID   int64
	From, To   time.Time // from the first on, and before the second
}

// MaxActivityPage is how many entries a page has at most.
const MaxActivityPage = 1000

// StoredActivity is an entry as the store keeps it, with its place in the chain
// of seals.
type StoredActivity struct {
	Activity
	// ChangesText is Changes as they were written, in JSON: the seal is over it.
	// Changes itself is not set.
	ChangesText string
	Number      int64 // place in the chain; 0: not sealed yet
	KeyID       string
	Seal        []byte
}

// ActivityQuery selects entries of the activity log.
type ActivityQuery struct {
	ActivityFilter
	Actors   []int64 // whose entries alone may be seen; nil: everybody's
	ByTime   bool    // in the order of their times, and of their ids where these are equal; else of their ids
	Forward  bool    // oldest first, those behind After
	After    ActivityPlace
	Backward ActivityPlace // without Forward: newest first, those before this; zero: any
	Limit    int
}

// ActivityPlace is where in the log an entry stands.
type ActivityPlace struct {
	ID int64
	At time.Time // matters by time alone
}

// ChainEnd names an end of the chain of seals.
type ChainEnd string

// The ends.
const (
	// ChainAnchor is the entry before the first that is kept: what retention
	// removed last.
	ChainAnchor ChainEnd = "anchor"
	ChainHead   ChainEnd = "head" // the entry that was sealed last
)

// ActivityReader reads the activity log.
type ActivityReader interface {
	Activity(ctx context.Context, q ActivityQuery) ([]StoredActivity, error)
	// UnsealedActivity returns the first so many entries without a seal, by id.
	UnsealedActivity(ctx context.Context, limit int) ([]StoredActivity, error)
	CountUnsealedActivity(ctx context.Context) (int, error)
	// SealedActivity returns the first so many sealed entries behind a number,
	// or behind an id under this number, by number and id.
	SealedActivity(ctx context.Context, number, id int64, limit int) ([]StoredActivity, error)
	// ChainEnd fails with ErrNotFound when somebody has removed it.
	ChainEnd(ctx context.Context, end ChainEnd) (Checkpoint, error)
	// Checkpoints returns the first so many with numbers behind one and up to
	// another, by number.
	Checkpoints(ctx context.Context, after, upTo int64, limit int) ([]Checkpoint, error)
	// CheckpointBefore returns the last one of at most this number, or fails with
	// ErrNotFound.
	CheckpointBefore(ctx context.Context, number int64) (Checkpoint, error)
	// FailedSignIns returns at most limit counts of minutes before the time.
	FailedSignIns(ctx context.Context, before time.Time, limit int) ([]FailedSignIns, error)
	// SignIns counts the sign-ins of each [SignInUnit] that begins from the first time on,
	// which is such a beginning, and before the second. Failures count before they are
	// entries.
	SignIns(ctx context.Context, from, to time.Time) ([]SignInCount, error)
}

// ActivityWriter adds to the activity log. Nothing changes an entry but the
// sealer, and nothing removes one but retention.
type ActivityWriter interface {
	// InsertActivity adds entries in their order.
	InsertActivity(ctx context.Context, entries ...Activity) error
	// LockChain holds the chain of seals against other transactions until this
	// one ends, and returns its head. It fails as ChainEnd does.
	LockChain(ctx context.Context) (Checkpoint, error)
	// SealActivity stores the number and the seal of an entry without one.
	SealActivity(ctx context.Context, a StoredActivity) error
	SaveChainEnd(ctx context.Context, end ChainEnd, c Checkpoint) error
	SaveCheckpoint(ctx context.Context, c Checkpoint) error
	// DeleteSealedActivity removes all entries and checkpoints up to a number.
	DeleteSealedActivity(ctx context.Context, upTo int64) error
	// CountFailedSignIn adds one failure to the count of its minute.
	CountFailedSignIn(ctx context.Context, f FailedSignIns) error
	// TakeFailedSignIns removes at most limit counts of minutes before the time,
	// but those that another transaction takes, and returns them.
	TakeFailedSignIns(ctx context.Context, before time.Time, limit int) ([]FailedSignIns, error)
}

// FailedSignIns counts the wrong passwords for one account from one source within
// one minute. The address that was typed is not kept: it may be a password in
// the wrong field.
//
// Each count costs its sender a password hash, and a source is stopped after 20,
// so a minute has no more counts than the processor has time for hashes.
type FailedSignIns struct {
	Minute        time.Time // its beginning
	ClientNetwork string
	UserID        int64 // 0: there is no such account
	Count         int
}
