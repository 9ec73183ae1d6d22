package account

import (
	"context"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// Action names what happened in an entry of the activity log, as "noun.verb".
type Action string

// The actions that the activity log records. The store and exports contain these values.
const (
	ActionUserCreate      Action = "user.create"
	ActionUserUpdate      Action = "user.update"
	ActionUserRoles       Action = "user.roles"
	ActionUserDelete      Action = "user.delete"
	ActionUserInvite      Action = "user.invite"
	ActionPasswordChange  Action = "password.change"
	ActionPasswordReset   Action = "password.reset"   // by an administrator or an operator
	ActionPasswordRecover Action = "password.recover" // by the user, with a token from a recovery or invitation mail

	ActionSignIn       Action = "session.create"
	ActionSignInFailed Action = "session.refuse" // wrong passwords of one minute, merged into one entry
	ActionSessionEnd   Action = "session.end"

	ActionReadRefused Action = "read.refuse" // reads of one minute that lacked a permission, merged into one entry

	ActionKeyCreate Action = "api-key.create"
	ActionKeyRead   Action = "api-key.read" // the owner read their contract key in plain text
	ActionKeyEnd    Action = "api-key.end"

	ActionRoleCreate      Action = "role.create"
	ActionRoleUpdate      Action = "role.update"
	ActionRolePermissions Action = "role.permissions"
	ActionRoleDelete      Action = "role.delete"

	ActionPreferencesUpdate Action = "preferences.update"
	ActionSettingsUpdate    Action = "settings.update"
	ActionSettingsTest      Action = "settings.test"  // an administrator sent a test message
	ActionSettingsRenew     Action = "settings.renew" // an administrator renewed the SAML certificate

	ActionServerKeyRotate Action = "server-key.rotate" // a new server key seals all data from now on
	ActionServerKeyRetire Action = "server-key.retire" // the former server key opens nothing any more

	ActionImportBegin  Action = "import.begin"
	ActionImportFinish Action = "import.finish"
	ActionImportUndo   Action = "import.undo"
)

// Actor is who caused an entry of the activity log, as known at that time. ID is 0 for an operator
// who works on the data itself, and for a person who is not known.
type Actor struct {
	ID            int64
	Name          string // e-mail address of the user
	Credential    CredentialRef
	ClientNetwork string // IPv4 address, or /64 prefix of an IPv6 address
}

// Operator is the actor of changes that a command makes to the database without the server.
var Operator = Actor{Credential: CredentialRef{Kind: CredentialOperator}}

// Target is the entity that an entry of the activity log is about. Name is the entity's name at
// that time, because it may be deleted later. ID is 0 for entities that exist once, such as the
// settings.
type Target struct {
	Kind access.Entity
	ID   int64
	Name string
}

// FieldChange is a changed field with its values before and after: text, numbers, booleans, lists
// of these, or nil. The values of a secret are never recorded: From and To are then nil.
type FieldChange struct {
	Field string `json:"field"`
	From  any    `json:"from,omitempty"`
	To    any    `json:"to,omitempty"`
}

// ChangeList collects the changed fields of an update.
type ChangeList []FieldChange

// Add appends the field if its values from and to differ. Both values must be comparable.
func (l *ChangeList) Add(field string, from, to any) {
	if from != to {
		*l = append(*l, FieldChange{Field: field, From: from, To: to})
	}
}

// AddIDs appends the field if its lists of ids from and to differ. Both lists must be sorted.
func (l *ChangeList) AddIDs(field string, from, to []int64) {
	if !slices.Equal(from, to) {
		*l = append(*l, FieldChange{Field: field, From: from, To: to})
	}
}

// AddWithoutValues appends the field without its values if from and to differ. It is for long
// texts.
func (l *ChangeList) AddWithoutValues(field string, from, to *string) {
	if ValueOrNil(from) != ValueOrNil(to) {
		*l = append(*l, FieldChange{Field: field})
	}
}

// Event is one change by an operation, as the operation reports it to the activity log.
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
	Count int // number of occurrences; more than 1 only for failed sign-ins and refused reads that were merged
}

// StoredActivity is an entry with its place in the chain of seals, in which each seal is a
// signature.
type StoredActivity struct {
	Activity
	// ChangesText is the JSON of Changes exactly as it was inserted. The seal signs this text. The
	// store sets ChangesText and leaves Changes empty.
	ChangesText string
	Number      int64 // place in the chain, from 1; 0: not sealed yet
	KeyID       string
	Seal        []byte
}

// ActivityFilter selects the entries that match all of its fields. A zero field matches every
// entry.
type ActivityFilter struct {
	ActorID    int64  // user id of the actor
	Action     string // "user.create", or "user.*" for all actions of that noun
	TargetKind access.Entity
	TargetID   int64
	From, To   time.Time // only entries at or after From and before To
}

// MaxActivityPage is the largest number of entries on one page of the activity log.
const MaxActivityPage = 1000

// ActivityQuery tells the store which entries of the activity log to return. The newest come first
// unless OldestFirst is set.
type ActivityQuery struct {
	ActivityFilter
	Actors      []int64 // ids of the actors whose entries the caller may see; nil: all actors
	ByTime      bool    // order by time and then id, instead of by id
	OldestFirst bool
	After       ActivityPosition // with OldestFirst: only entries after this position
	Before      ActivityPosition // without OldestFirst: only entries before this position; zero: all
	Limit       int
}

// ActivityPosition is a position in an ordered list of entries, given by the entry there.
type ActivityPosition struct {
	ID int64
	At time.Time // set only with [ActivityQuery.ByTime]
}

// ChainEnd names one end of the chain of seals. Each seal is a signature that covers the entry and
// the previous seal.
type ChainEnd string

// The ends of the chain. The store keeps both, signed with the server key.
const (
	ChainAnchor ChainEnd = "anchor" // the last entry that retention removed; the first remaining entry follows it
	ChainHead   ChainEnd = "head"   // the last sealed entry
)

// Resealing is how far a rotation of the server key has sealed the chain again. The entry with
// this number, and all before, have seals of the current key. The next entry was sealed after
// Former, the seal that the entry with this number had before. The signature covers all fields.
type Resealing struct {
	Number    int64 // number of the last entry that was sealed again, or of the anchor
	Seal      []byte
	Former    []byte
	Signature keyring.Signature
}

// FormerCheckpoint shows that a checkpoint from before a rotation of the server key was one of this
// activity log. Its entry had the seal Former, and has the seal Seal now. The signature is that of
// the current key, and covers all fields.
type FormerCheckpoint struct {
	Checkpoint
	Former []byte
}

// ActivityReader reads the activity log.
type ActivityReader interface {
	Activity(ctx context.Context, q ActivityQuery) ([]StoredActivity, error)
	// UnsealedActivity returns at most limit entries that are not sealed yet, by id.
	UnsealedActivity(ctx context.Context, limit int) ([]StoredActivity, error)
	CountUnsealedActivity(ctx context.Context) (int, error)
	// SealedActivity returns up to limit entries of the sealed chain, ordered by their number in
	// the chain, then by id, from the first one after the given number and id. Two entries have
	// the same number only after tampering.
	SealedActivity(ctx context.Context, number, id int64, limit int) ([]StoredActivity, error)
	// ChainEnd returns one end of the chain. It fails with ErrNotFound only if tampering has
	// deleted the row of this end.
	ChainEnd(ctx context.Context, end ChainEnd) (Checkpoint, error)
	// Checkpoints returns at most limit checkpoints, by number. Their numbers are greater than
	// lower and at most upper.
	Checkpoints(ctx context.Context, lower, upper int64, limit int) ([]Checkpoint, error)
	// CheckpointBefore returns the checkpoint with the highest number that is at most number. It
	// fails with ErrNotFound when there is none.
	CheckpointBefore(ctx context.Context, number int64) (Checkpoint, error)
	// Resealing returns how far a rotation of the server key has sealed the chain again. It fails
	// with ErrNotFound when no rotation is doing that.
	Resealing(ctx context.Context) (Resealing, error)
	// FormerCheckpoints returns the former checkpoints of entries, by number. The numbers of these
	// entries are above after and at most upTo.
	FormerCheckpoints(ctx context.Context, after, upTo int64) ([]FormerCheckpoint, error)
	// FailedSignIns returns at most limit counts of failed sign-ins, of minutes before the given
	// time.
	FailedSignIns(ctx context.Context, before time.Time, limit int) ([]FailedSignIns, error)
	// SignIns counts the sign-ins in each [SignInInterval] of a period, which begins at from and
	// ends before to. from must be the start of an interval. The result includes failures that are
	// not merged into entries yet.
	SignIns(ctx context.Context, from, to time.Time) ([]SignInCount, error)
}

// ActivityWriter adds entries to the activity log. No method changes an entry except to seal it, or
// deletes an entry except for retention. A method that changes the chain needs LockChain first.
type ActivityWriter interface {
	// InsertActivity adds entries in the given order. Every change calls it, also without entries
	// while the log is off.
	InsertActivity(ctx context.Context, entries ...Activity) error
	// LockChain locks the chain of seals until the transaction ends, and returns the chain's head.
	// It fails as ChainEnd does.
	LockChain(ctx context.Context) (Checkpoint, error)
	// SealActivity stores the number and the seal of an entry that is not sealed yet.
	SealActivity(ctx context.Context, a StoredActivity) error
	// ResealActivity replaces the seal of an entry that is sealed.
	ResealActivity(ctx context.Context, a StoredActivity) error
	SaveChainEnd(ctx context.Context, end ChainEnd, c Checkpoint) error
	SaveCheckpoint(ctx context.Context, c Checkpoint) error
	// SaveResealing stores how far the chain is sealed again. DeleteResealing deletes that at the
	// end.
	SaveResealing(ctx context.Context, r Resealing) error
	DeleteResealing(ctx context.Context) error
	// SaveFormerCheckpoint stores a former checkpoint, or replaces the one of the same number and
	// former seal.
	SaveFormerCheckpoint(ctx context.Context, c FormerCheckpoint) error
	// DeleteSealedActivity deletes all entries and checkpoints with numbers of at most upTo.
	DeleteSealedActivity(ctx context.Context, upTo int64) error
	// CountFailedSignIn adds one failure to the count for its minute, account and client network.
	CountFailedSignIn(ctx context.Context, f FailedSignIns) error
	// TakeFailedSignIns deletes and returns at most limit counts of failed sign-ins, of minutes
	// before the given time. It skips counts that another transaction is taking.
	TakeFailedSignIns(ctx context.Context, before time.Time, limit int) ([]FailedSignIns, error)
}

// FailedSignIns counts the wrong passwords for one account from one client network in one minute.
// It does not keep the submitted address, because users type passwords into that field by mistake.
//
// Every counted failure costs the server one password hash, and 20 failures lock a client network.
// So the server's hash rate limits the number of counts per minute.
type FailedSignIns struct {
	Minute        time.Time // start of the minute
	ClientNetwork string
	UserID        int64 // 0: no account has the submitted address
	Count         int
}
