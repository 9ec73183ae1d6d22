package account

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

func IgnoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// What storage answers when a caller decides on it.
var (
	ErrNotFound      = errors.New("there is no such row")
	ErrEmailTaken    = errors.New("the e-mail address is taken")
	ErrRoleNameTaken = errors.New("the name of a role is taken")
	ErrReferenced    = errors.New("a row names one that is not there, or is to go")
	// ErrOutcomeUnknown is in the failure of a transaction that may have been
	// committed, or may be so later. It has the code CodeUnavailable.
	ErrOutcomeUnknown = errors.New("nobody has heard how the transaction ended")
)

// Store keeps everything. Reads outside of Write see the last commit.
//
// Every method fails with an [*Error] of CodeUnavailable while the database
// cannot be reached or written.
type Store interface {
	Reader
	// Write runs f in one transaction, which is on disk when Write returns nil.
	// When f fails or panics, or ctx ends before f returns, nothing of it is
	// kept; when a commit ends without an answer it fails with ErrOutcomeUnknown.
	// f must not keep tx nor call Write.
	//
	// Other transactions may run at the same time. Each read sees what was
	// committed when it began, so what must not change between a read and the end
	// is locked before it is read, in the order that docs/architecture.md has. One
	// that is in the way of another all the same is ended and f runs again, from its
	// beginning: it gives each variable of its caller anew, and does nothing that
	// cannot be taken back.
	Write(ctx context.Context, f func(ctx context.Context, tx Tx) error) error
	// Health tells how the database is.
	Health(ctx context.Context) (DatabaseHealth, error)
}

// Reader is what can be read, in a transaction or outside of one.
type Reader interface {
	InstanceReader
	UserReader
	RoleReader
	SessionReader
	APIKeyReader
	OutboxReader
	SettingReader
	ImportReader
	PreferenceReader
	ActivityReader
	AuthChangeReader
}

// Tx is what a transaction can read and write. It is over after any failure but
// ErrNotFound: nothing more runs, and nothing is kept. A change of one thing by
// its id fails with ErrNotFound when it is not there.
//
// Methods take effect in their order, but one that reads nothing may do so with the next
// that reads, or with the end of the transaction. A failure that it does not name can
// come then. So a lock is held when something was read behind it.
type Tx interface {
	Reader
	Writer
}

// Writer is what a transaction can write.
type Writer interface {
	UserWriter
	RoleWriter
	SessionWriter
	APIKeyWriter
	ThrottleWriter
	RecoveryWriter
	OutboxWriter
	InstanceWriter
	SettingWriter
	PreferenceWriter
	ActivityWriter
	ImportWriter
	AuthChangeWriter
}

// UserReader finds users. now decides whether an account is shown as locked.
type UserReader interface {
	// User fails with ErrNotFound.
	User(ctx context.Context, id int64, now time.Time) (User, error)
	// UsersAfter returns at most limit users with greater ids, by id; fewer, but one at
	// least, where there are more than some megabytes of them.
	UsersAfter(ctx context.Context, id int64, limit int, now time.Time) ([]User, error)
	// FindUsers returns the page that a query asks for.
	FindUsers(ctx context.Context, q UserQuery) ([]User, error)
	// Credential and CredentialByEmail fail with ErrNotFound.
	Credential(ctx context.Context, userID int64) (Credential, error)
	CredentialByEmail(ctx context.Context, key EmailKey) (Credential, error)
	// TakenEmails returns those of the keys that users have, in any order.
	TakenEmails(ctx context.Context, keys []EmailKey) ([]EmailKey, error)
	// CountUsers passes over all users.
	CountUsers(ctx context.Context) (UserCounts, error)
	// LockedUsers counts those who are locked at a time, and returns at most limit of
	// them; Until is the time as it is stored.
	LockedUsers(ctx context.Context, now time.Time, limit int) (LockedUsers, error)
}

// UserWriter changes users.
type UserWriter interface {
	// InsertUser stores a new user with its roles and returns its id, which was
	// never used before. It fails with ErrEmailTaken.
	InsertUser(ctx context.Context, u User, key EmailKey, passwordHash string, now time.Time) (int64, error)
	// InsertUsers is InsertUser for many in few statements, and returns the ids in
	// the order of the users.
	InsertUsers(ctx context.Context, users []StoredUser, now time.Time) ([]int64, error)
	// UpdateUser stores all fields of u but its roles, LockedOut and
	// NeedPasswordReset, in place of those that were read when the user was locked. It
	// fails with ErrEmailTaken.
	UpdateUser(ctx context.Context, was, u User, key EmailKey, now time.Time) error
	SetPassword(ctx context.Context, userID int64, hash string, needReset bool, now time.Time) error
	// SetUserRoles fails with ErrReferenced for a role that is not there.
	SetUserRoles(ctx context.Context, userID int64, roleIDs []int64) error
	// DeleteUser removes the user with all that is its own, and its id from
	// every permission that lists it.
	DeleteUser(ctx context.Context, id int64) error
	// LockUsers makes every other transaction that wants to change these users, or
	// what is theirs, wait until this one ends. ShareLockUser does so, and lets others
	// hold the user too. One that is not there is passed over; likewise with other
	// locks of things that are named.
	LockUsers(ctx context.Context, ids ...int64) error
	ShareLockUser(ctx context.Context, id int64) error
	// LockAdministrators makes every other transaction that wants the same lock
	// wait until this one ends. Take it before counting.
	LockAdministrators(ctx context.Context) error
	// CountAdministrators counts active local users with a password and role 1.
	CountAdministrators(ctx context.Context) (int, error)
}

// RoleReader finds roles, with their permissions, by id, or summaries of them.
type RoleReader interface {
	// Roles returns those of the ids that exist.
	Roles(ctx context.Context, ids []int64) ([]access.Role, error)
	RolesOf(ctx context.Context, userID int64) ([]access.Role, error)
	// RolesAfter returns at most limit roles with greater ids.
	RolesAfter(ctx context.Context, id int64, limit int) ([]access.Role, error)
	// RoleSummariesAfter is RolesAfter without reading the permissions.
	RoleSummariesAfter(ctx context.Context, id int64, limit int) ([]RoleSummary, error)
	// RolesOfHolders returns every role that anybody has who has this one; none
	// if nobody has it.
	RolesOfHolders(ctx context.Context, id int64) ([]access.Role, error)
}

// RoleWriter changes roles.
type RoleWriter interface {
	// InsertRole stores a new role, under its id if it has one, and returns the id.
	// It fails with ErrRoleNameTaken.
	InsertRole(ctx context.Context, r access.Role) (int64, error)
	// LockRoles makes every other transaction that wants to change one of the roles,
	// or to give it to somebody, wait until this one ends. ShareLockRoles lets others give
	// them, and none change them.
	LockRoles(ctx context.Context, ids ...int64) error
	ShareLockRoles(ctx context.Context, ids ...int64) error
	// UpdateRole stores the name and the description of r. It fails with
	// ErrRoleNameTaken.
	UpdateRole(ctx context.Context, r access.Role) error
	SetRolePermissions(ctx context.Context, id int64, permissions []access.Permission) error
	// ReplaceRole gives everybody who has the role old the other in its place, locks
	// these users, and returns how many they are.
	ReplaceRole(ctx context.Context, old, with int64) (int, error)
	// DeleteRole removes a role, and its id from every permission that lists it.
	// It fails with ErrReferenced for one that somebody has.
	DeleteRole(ctx context.Context, id int64) error
}

// SessionReader finds sessions.
type SessionReader interface {
	// Session and SessionByHash fail with ErrNotFound.
	Session(ctx context.Context, id int64) (Session, error)
	SessionByHash(ctx context.Context, hash token.Hash) (Session, error)
	// SessionsOf returns the newest so many sessions of a user that were created,
	// and last seen, after these times, by id.
	SessionsOf(ctx context.Context, userID int64, created, lastSeen time.Time, limit int) ([]Session, error)
}

// SessionWriter changes sessions.
type SessionWriter interface {
	InsertSession(ctx context.Context, s Session, hash token.Hash) (int64, error)
	// SetSessionHash gives a session another token. It fails with ErrNotFound for one
	// that has not the token before.
	SetSessionHash(ctx context.Context, id int64, before, hash token.Hash) error
	// TouchSession moves LastSeen forward, unless another transaction has the session.
	TouchSession(ctx context.Context, id int64, lastSeen time.Time) error
	// AddSessionFailure counts a wrong password and returns how many there were.
	AddSessionFailure(ctx context.Context, id int64) (int, error)
	DeleteSession(ctx context.Context, id int64) error
	// DeleteSessionsOf ends all sessions of a user but one; 0 spares none.
	DeleteSessionsOf(ctx context.Context, userID, spare int64) error
	// DeleteExpiredSessions ends at most limit of those created, or last seen, no
	// later than these times, and returns how many.
	DeleteExpiredSessions(ctx context.Context, created, lastSeen time.Time, limit int) (int, error)
}

// APIKeyReader finds API keys.
type APIKeyReader interface {
	// APIKey, APIKeyByHash and ContractKey fail with ErrNotFound.
	APIKey(ctx context.Context, id int64) (APIKey, error)
	APIKeyByHash(ctx context.Context, hash token.Hash) (APIKey, error)
	// ContractKey returns the contract's key of a user.
	ContractKey(ctx context.Context, userID int64) (APIKey, error)
	// APIKeysOf returns all keys of a user, by id.
	APIKeysOf(ctx context.Context, userID int64) ([]APIKey, error)
}

// APIKeyWriter changes API keys.
type APIKeyWriter interface {
	// CountNamedKeys counts those of a user that have not expired.
	CountNamedKeys(ctx context.Context, userID int64, now time.Time) (int, error)
	InsertAPIKey(ctx context.Context, k APIKey) (int64, error)
	// SealAPIKey stores the sealed text of the contract's key.
	SealAPIKey(ctx context.Context, id int64, sealed keyring.Sealed) error
	// TouchAPIKey moves LastUsed forward, unless another transaction has the key.
	TouchAPIKey(ctx context.Context, id int64, lastUsed time.Time) error
	// AddAPIKeyFailure counts a wrong password and returns how many there were
	// since ClearAPIKeyFailures.
	AddAPIKeyFailure(ctx context.Context, id int64) (int, error)
	ClearAPIKeyFailures(ctx context.Context, id int64) error
	DeleteAPIKey(ctx context.Context, id int64) error
	DeleteAPIKeysOf(ctx context.Context, userID int64) error
	// DeleteExpiredAPIKeys removes at most limit of those that expired no later
	// than before, and returns how many.
	DeleteExpiredAPIKeys(ctx context.Context, before time.Time, limit int) (int, error)
}

// ThrottleWriter keeps the counters of failed sign-ins, and the sources from
// which an account is known to sign in.
type ThrottleWriter interface {
	// Throttle returns the counter of a key; one that has counted nothing if
	// there is none.
	Throttle(ctx context.Context, key string) (throttle.Counter, error)
	// LockThrottle is Throttle, and holds the key against other transactions
	// until this one ends.
	LockThrottle(ctx context.Context, key string) (throttle.Counter, error)
	SaveThrottle(ctx context.Context, t throttle.Counter) error
	// DeleteThrottlesOf forgets every counter whose key begins with the subject.
	DeleteThrottlesOf(ctx context.Context, subject string) error
	// DeleteIdleThrottles forgets at most limit of the unlocked counters without
	// a change since before, and returns how many.
	DeleteIdleThrottles(ctx context.Context, before, now time.Time, limit int) (int, error)
	// CountUnknownThrottles counts those of addresses without an account, and
	// DeleteUnknownThrottles forgets the limit oldest unlocked ones of them.
	CountUnknownThrottles(ctx context.Context) (int, error)
	DeleteUnknownThrottles(ctx context.Context, now time.Time, limit int) (int, error)

	// IsKnownNetwork reports whether the user came from the source since then.
	IsKnownNetwork(ctx context.Context, userID int64, source string, since time.Time) (bool, error)
	SaveKnownNetwork(ctx context.Context, userID int64, source string, now time.Time) error
	// DeleteKnownNetworks forgets at most limit of those not seen since before,
	// and returns how many.
	DeleteKnownNetworks(ctx context.Context, before time.Time, limit int) (int, error)
}

// RecoveryWriter keeps the tokens of password recovery, each good for one use.
type RecoveryWriter interface {
	InsertRecovery(ctx context.Context, r Recovery, hash token.Hash) error
	// RecoveryByHash fails with ErrNotFound.
	RecoveryByHash(ctx context.Context, hash token.Hash) (Recovery, error)
	// LimitRecoveries removes the tokens of a kind of a user but for the newest so
	// many.
	LimitRecoveries(ctx context.Context, userID int64, kind MailKind, keep int) error
	// DeleteRecoveriesOf removes all tokens of a user, of every kind.
	DeleteRecoveriesOf(ctx context.Context, userID int64) error
	// DeleteExpiredRecoveries removes at most limit of those that expired no
	// later than before, and returns how many.
	DeleteExpiredRecoveries(ctx context.Context, before time.Time, limit int) (int, error)
}

// OutboxReader shows the messages that wait or went out, never what they say.
type OutboxReader interface {
	// Mails returns the newest so many, the newest first.
	Mails(ctx context.Context, limit int) ([]Mail, error)
	// Mail fails with ErrNotFound.
	Mail(ctx context.Context, id int64) (Mail, error)
	// DueMail returns the first message whose next attempt is due, or ErrNotFound.
	DueMail(ctx context.Context, now time.Time) (Mail, error)
	// CountOutbox counts the messages by how they are, of those that were given up the
	// ones since then.
	CountOutbox(ctx context.Context, failedSince time.Time) (MailCounts, error)
}

// OutboxWriter moves messages through the outbox.
type OutboxWriter interface {
	// LockDueMail is DueMail among those that no other transaction has locked, and
	// locks the message.
	LockDueMail(ctx context.Context, now time.Time) (Mail, error)
	InsertMail(ctx context.Context, m Mail) (int64, error)
	// UpdateMail stores every field of m, provided that the row still has the
	// state and attempts of was; it fails with ErrNotFound when somebody else
	// was faster.
	UpdateMail(ctx context.Context, m, was Mail) error
	DeleteMail(ctx context.Context, id int64) error
	// CountMails counts the rendered messages of a kind to a user since then.
	CountMails(ctx context.Context, userID int64, kind MailKind, since time.Time) (int, error)
	// DeleteFinishedMails removes at most limit of those delivered or given up
	// before, and returns how many.
	DeleteFinishedMails(ctx context.Context, before time.Time, limit int) (int, error)
}

// SettingReader reads settings, each group as text.
type SettingReader interface {
	// Setting fails with ErrNotFound for a group that was never set.
	Setting(ctx context.Context, name string) (string, error)
	// SettingSecret fails with ErrNotFound for a secret that is not set.
	SettingSecret(ctx context.Context, name string) (keyring.Sealed, error)
}

// SettingWriter changes settings.
type SettingWriter interface {
	// LockSettings holds groups, whether they were ever set or not, against other
	// transactions that want to lock them until this one ends.
	LockSettings(ctx context.Context, names ...string) error
	SaveSetting(ctx context.Context, name, value string) error
	SaveSettingSecret(ctx context.Context, name string, sealed keyring.Sealed) error
	DeleteSettingSecret(ctx context.Context, name string) error
}

// PreferenceReader reads what users prefer.
type PreferenceReader interface {
	// Preferences fails with ErrNotFound for a user who never chose.
	Preferences(ctx context.Context, userID int64) (Preferences, error)
}

// PreferenceWriter changes what users prefer.
type PreferenceWriter interface {
	SavePreferences(ctx context.Context, userID int64, p Preferences) error
}

// InstanceReader tells what is true of the database as a whole.
type InstanceReader interface {
	// KeyChecks returns the checks of the server keys in use; none in a database
	// that was never set up.
	KeyChecks(ctx context.Context) ([]keyring.Check, error)
}

// InstanceWriter changes what is true of the database as a whole.
type InstanceWriter interface {
	// InsertKeyCheck does nothing for a key whose check is there.
	InsertKeyCheck(ctx context.Context, c keyring.Check, now time.Time) error
}

// AuthChangeReader tells of changes by which credentials let in another principal
// than before, or nobody.
type AuthChangeReader interface {
	// AuthChanges returns at most limit of what was changed since the news of which
	// after is the last number, or in the time before where it is 0.
	AuthChanges(ctx context.Context, after int64, age time.Duration, limit int) (AuthChangeBatch, error)
}

// AuthChangeWriter tells every node of such changes.
type AuthChangeWriter interface {
	// InsertAuthChange tells of a change as soon as the transaction is committed.
	// Every method of Writer that makes one has called it.
	InsertAuthChange(ctx context.Context, c AuthChange) error
	// InsertedAuthChanges returns those of this transaction, in any order.
	InsertedAuthChanges() []AuthChange
	// DeleteAuthChanges forgets at most limit of those that are as old, and returns
	// how many.
	DeleteAuthChanges(ctx context.Context, age time.Duration, limit int) (int, error)
}
