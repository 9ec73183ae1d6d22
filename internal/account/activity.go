package account

import (
	"context"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// Action is the kind of an activity, as "noun.verb".
type Action string

// The actions of the activity log. Their values are stored and exported.
const (
	ActionUserCreate      Action = "user.create"
	ActionUserUpdate      Action = "user.update"
	ActionUserRoles       Action = "user.roles"
	ActionUserDelete      Action = "user.delete"
	ActionUserInvite      Action = "user.invite"
	ActionPasswordChange  Action = "password.change"
	ActionPasswordReset   Action = "password.reset"   // by an administrator or an operator
	ActionPasswordRecover Action = "password.recover" // with a token from a mail

	ActionSignIn       Action = "session.create"
	ActionSignInFailed Action = "session.refuse" // the wrong passwords of one minute
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
	ActionSettingsRenew     Action = "settings.renew" // a certificate was renewed

	ActionImportBegin  Action = "import.begin"
	ActionImportFinish Action = "import.finish"
	ActionImportUndo   Action = "import.undo"
)

// Actor is the author of an activity, as known at that time. ID is 0 for an operator who works on
// the data itself and for an unknown person.
type Actor struct {
	ID            int64
	Name          string // e-mail address
	Credential    CredentialRef
	ClientNetwork string // network address
}

// Operator is the actor of changes to the data itself, without the server.
var Operator = Actor{Credential: CredentialRef{Kind: CredentialOperator}}

// Target is the thing that an activity changed. Name is its name at that time, since the thing may
// be deleted later. ID is 0 for a kind with one instance only.
type Target struct {
	Kind access.Entity
	ID   int64
	Name string
}

// FieldChange is a changed field with its values before and after. They are text, numbers, booleans,
// lists of these, or nil. A secret's values are never recorded: its From and To are nil.
type FieldChange struct {
	Field string `json:"field"`
	From  any    `json:"from,omitempty"`
	To    any    `json:"to,omitempty"`
}

// ChangeList collects the fields that an update changed.
type ChangeList []FieldChange

// Add appends the field if from and to differ. Both must be comparable values.
func (l *ChangeList) Add(field string, from, to any) {
	if from != to {
		*l = append(*l, FieldChange{Field: field, From: from, To: to})
	}
}

// AddIDs is [ChangeList.Add] for lists of ids, which must be sorted.
func (l *ChangeList) AddIDs(field string, from, to []int64) {
	if !slices.Equal(from, to) {
		*l = append(*l, FieldChange{Field: field, From: from, To: to})
	}
}

// AddWithoutValues appends the field without its values if they differ. It is for long texts.
func (l *ChangeList) AddWithoutValues(field string, from, to *string) {
	if ValueOrNil(from) != ValueOrNil(to) {
		*l = append(*l, FieldChange{Field: field})
	}
}

// Event is a change that an operation reports to the activity log.
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
	Count int // number of occurrences; above 1 for merged failed sign-ins only
}

// StoredActivity is a stored entry with its place in the chain of seals.
type StoredActivity struct {
	Activity
	// ChangesText is Changes in JSON as they were written. The seal covers this text. The
	// store does not set Changes itself.
	ChangesText string
	Number      int64 // position in the chain, from 1; 0: not sealed yet
	KeyID       string
	Seal        []byte
}

// ActivityFilter selects entries that match all of its fields. A zero field matches every entry.
type ActivityFilter struct {
	ActorID    int64  // user id
	Action     string // "user.create", or "user.*" for all actions of that noun
	TargetKind access.Entity
	TargetID   int64
	From, To   time.Time // From is included, To is not
}

// MaxActivityPage is the largest number of entries on a page.
const MaxActivityPage = 1000

// ActivityQuery selects entries of the activity log for the store, newest first by default.
type ActivityQuery struct {
	ActivityFilter
	Actors      []int64 // ids of the actors whose entries are visible; nil: all
	ByTime      bool    // order by time and then id, instead of by id
	OldestFirst bool
	After       ActivityPosition // with OldestFirst: the entries after this one
	Before      ActivityPosition // otherwise: the entries before this one; zero: all
	Limit       int
}

// ActivityPosition is the position of an entry in an ordered list.
type ActivityPosition struct {
	ID int64
	At time.Time // used with [ActivityQuery.ByTime] only
}

// ChainEnd names one end of the chain of seals.
type ChainEnd string

// The ends of the chain.
const (
	ChainAnchor ChainEnd = "anchor" // the last entry that retention removed, which precedes the first kept one
	ChainHead   ChainEnd = "head"   // the last sealed entry
)

// ActivityReader reads the activity log.
type ActivityReader interface {
	Activity(ctx context.Context, q ActivityQuery) ([]StoredActivity, error)
	// UnsealedActivity returns the first limit entries without a seal, by id.
	UnsealedActivity(ctx context.Context, limit int) ([]StoredActivity, error)
	CountUnsealedActivity(ctx context.Context) (int, error)
	// SealedActivity returns the first limit sealed entries after the pair of number and id, in
	// the order of these pairs. Numbers repeat only where entries were tampered with.
	SealedActivity(ctx context.Context, number, id int64, limit int) ([]StoredActivity, error)
	// ChainEnd returns one end of the chain. The row always exists unless it was deleted by
	// tampering; ChainEnd then fails with ErrNotFound.
	ChainEnd(ctx context.Context, end ChainEnd) (Checkpoint, error)
	// Checkpoints returns the first limit checkpoints whose numbers are above after and at most
	// upTo, by number.
	Checkpoints(ctx context.Context, after, upTo int64, limit int) ([]Checkpoint, error)
	// CheckpointBefore returns the checkpoint with the highest number up to the given one, or
	// fails with ErrNotFound.
	CheckpointBefore(ctx context.Context, number int64) (Checkpoint, error)
	// FailedSignIns returns at most limit counts of minutes before the given time.
	FailedSignIns(ctx context.Context, before time.Time, limit int) ([]FailedSignIns, error)
	// SignIns counts the sign-ins of each [SignInInterval] from from, which starts an interval,
	// until before to. Failures count before they are merged into entries.
	SignIns(ctx context.Context, from, to time.Time) ([]SignInCount, error)
}

// ActivityWriter adds to the activity log. Only sealing modifies an entry, and only retention
// deletes one.
type ActivityWriter interface {
	// InsertActivity adds entries in the given order.
	InsertActivity(ctx context.Context, entries ...Activity) error
	// LockChain locks the chain of seals until the transaction ends, and returns its head. It
	// fails as ChainEnd does.
	LockChain(ctx context.Context) (Checkpoint, error)
	// SealActivity stores the number and the seal of an unsealed entry.
	SealActivity(ctx context.Context, a StoredActivity) error
	SaveChainEnd(ctx context.Context, end ChainEnd, c Checkpoint) error
	SaveCheckpoint(ctx context.Context, c Checkpoint) error
	// DeleteSealedActivity deletes all entries and checkpoints up to the number upTo.
	DeleteSealedActivity(ctx context.Context, upTo int64) error
	// CountFailedSignIn adds one failure to the count of its minute.
	CountFailedSignIn(ctx context.Context, f FailedSignIns) error
	// TakeFailedSignIns deletes and returns at most limit counts of minutes before the given
	// time. It skips counts that another transaction is taking.
	TakeFailedSignIns(ctx context.Context, before time.Time, limit int) ([]FailedSignIns, error)
}

// FailedSignIns counts the wrong passwords for one account from one client network in one minute.
// It does not keep the submitted address, which may be a password in the wrong field.
//
// Each count costs its sender one password hash, and a client network is locked after 20 failures.
// The number of counts per minute is therefore bounded by the server's hash rate.
type FailedSignIns struct {
	Minute        time.Time // its beginning
	ClientNetwork string
	UserID        int64 // 0: no account has the submitted address
	Count         int
}
