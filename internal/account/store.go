package account

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// IgnoreNotFound returns err, or nil for ErrNotFound.
func IgnoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Errors of storage that callers decide on.
var (
	ErrNotFound      = errors.New("there is no such row")
	ErrEmailTaken    = errors.New("the e-mail address is taken")
	ErrRoleNameTaken = errors.New("the name of a role is taken")
	ErrReferenced    = errors.New("a row refers to one that does not exist or is being deleted")
	// ErrOutcomeUnknown is in the error of a transaction that may have been committed, or may
	// still be. That error has the code CodeUnavailable.
	ErrOutcomeUnknown = errors.New("the outcome of the transaction is unknown")
)

// Store is the storage of everything: one port for each noun. Reads outside of Write see the last
// commit. A function declares the ports that it needs and takes a Store as one of them.
//
// Every method fails with an [*Error] of CodeUnavailable while the database can't be reached or
// written.
type Store struct {
	Transactor
	HealthReporter

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

// Tx is a transaction: the ports of [Store] that read, and those that write. Any error but
// ErrNotFound ends it: later calls fail, and it is rolled back. A change of one row by its id fails
// with ErrNotFound when there is no such row.
//
// Methods take effect in the order of the calls. A method that returns no data may be deferred until
// the next read or the end of the transaction. Errors that its comment doesn't name are reported
// then. A lock is therefore certain only once a later read has returned.
type Tx struct {
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

// Transactor runs transactions.
type Transactor interface {
	// Write runs f in one transaction, which is durable when Write returns nil. The transaction is
	// rolled back when f fails or panics, or when ctx ends before f returns. Write fails with
	// ErrOutcomeUnknown when the commit gets no answer. f must not retain tx or call Write.
	//
	// Transactions run concurrently, and each read sees the commits before it began. Lock the rows
	// that must not change until the commit, and then read them. docs/architecture.md gives the
	// order of locks.
	//
	// A transaction that conflicts with another one is rolled back, and f runs again. f therefore
	// assigns the variables of its caller each time and has no other effect outside of tx.
	Write(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error
}

// HealthReporter reports the state of the database.
type HealthReporter interface {
	Health(ctx context.Context) (DatabaseHealth, error)
}

// UserReader finds users. now is the time at which LockedOut is evaluated.
type UserReader interface {
	// User fails with ErrNotFound.
	User(ctx context.Context, id int64, now time.Time) (User, error)
	// UsersAfter returns at most limit users with greater ids, by id. It returns fewer when they
	// exceed some megabytes, but at least one when there is one.
	UsersAfter(ctx context.Context, id int64, limit int, now time.Time) ([]User, error)
	// FindUsers returns the page that the query selects.
	FindUsers(ctx context.Context, q UserQuery) ([]User, error)
	// Credential and CredentialByEmail fail with ErrNotFound.
	Credential(ctx context.Context, userID int64) (Credential, error)
	CredentialByEmail(ctx context.Context, key EmailKey) (Credential, error)
	// TakenEmails returns those of the keys that users have, in any order.
	TakenEmails(ctx context.Context, keys []EmailKey) ([]EmailKey, error)
	// CountUsers counts all users. Its duration grows with their number.
	CountUsers(ctx context.Context) (UserCounts, error)
	// LockedUsers counts the users who are locked out at the time now and returns at most limit of
	// them. Until is the stored time.
	LockedUsers(ctx context.Context, now time.Time, limit int) (LockedUsers, error)
}

// UserWriter changes users.
type UserWriter interface {
	// InsertUser stores a new user with their roles and returns the id, which was never used
	// before. It fails with ErrEmailTaken.
	InsertUser(ctx context.Context, u User, key EmailKey, passwordHash string, now time.Time) (int64, error)
	// InsertUsers is InsertUser for many users in few statements. It returns the ids in the order of
	// users.
	InsertUsers(ctx context.Context, users []StoredUser, now time.Time) ([]int64, error)
	// UpdateUser stores all fields of u except RoleIDs, LockedOut and NeedPasswordReset. was is the
	// user as read after locking. It fails with ErrEmailTaken.
	UpdateUser(ctx context.Context, was, u User, key EmailKey, now time.Time) error
	SetPassword(ctx context.Context, userID int64, hash string, needReset bool, now time.Time) error
	// SetUserRoles fails with ErrReferenced when a role doesn't exist.
	SetUserRoles(ctx context.Context, userID int64, roleIDs []int64) error
	// DeleteUser deletes a user with everything that belongs to them, and removes the id from every
	// permission that lists it.
	DeleteUser(ctx context.Context, id int64) error
	// LockUsers locks users and their data against changes by other transactions, until
	// this one ends. ShareLockUser does too, but other transactions can share the lock. Like all
	// locks by id or name, they skip a row that doesn't exist.
	LockUsers(ctx context.Context, ids ...int64) error
	ShareLockUser(ctx context.Context, id int64) error
	// LockAdministrators takes a lock that one transaction can have at a time. Take it before
	// CountAdministrators.
	LockAdministrators(ctx context.Context) error
	// CountAdministrators counts active local users with a password and role 1.
	CountAdministrators(ctx context.Context) (int, error)
}

// RoleReader finds roles with their permissions, or summaries of roles. Results are ordered by id.
type RoleReader interface {
	// Roles returns the roles with these ids. It skips ids without a role.
	Roles(ctx context.Context, ids []int64) ([]access.Role, error)
	RolesOf(ctx context.Context, userID int64) ([]access.Role, error)
	// RolesAfter returns at most limit roles with greater ids.
	RolesAfter(ctx context.Context, id int64, limit int) ([]access.Role, error)
	// RoleSummariesAfter is RolesAfter without reading the permissions.
	RoleSummariesAfter(ctx context.Context, id int64, limit int) ([]RoleSummary, error)
	// RolesOfHolders returns all roles of the users who have the role id. It returns none when no
	// user has it.
	RolesOfHolders(ctx context.Context, id int64) ([]access.Role, error)
}

// RoleWriter changes roles.
type RoleWriter interface {
	// InsertRole stores a new role and returns its id, which is r.ID unless that is 0. It fails with
	// ErrRoleNameTaken.
	InsertRole(ctx context.Context, r access.Role) (int64, error)
	// LockRoles locks roles against changes and assignments by other transactions until this one
	// ends. ShareLockRoles locks them against changes only.
	LockRoles(ctx context.Context, ids ...int64) error
	ShareLockRoles(ctx context.Context, ids ...int64) error
	// UpdateRole stores the name and the description of r. It fails with ErrRoleNameTaken.
	UpdateRole(ctx context.Context, r access.Role) error
	SetRolePermissions(ctx context.Context, id int64, permissions []access.Permission) error
	// ReplaceRole locks all users who have the role old, gives them the role with instead, and
	// returns their number.
	ReplaceRole(ctx context.Context, old, with int64) (int, error)
	// DeleteRole deletes a role and removes its id from every permission that lists it. It fails
	// with ErrReferenced while a user has the role.
	DeleteRole(ctx context.Context, id int64) error
}

// SessionReader finds sessions.
type SessionReader interface {
	// Session and SessionByHash fail with ErrNotFound.
	Session(ctx context.Context, id int64) (Session, error)
	SessionByHash(ctx context.Context, hash token.Hash) (Session, error)
	// SessionsOf returns the newest limit sessions of a user, by id, that were created after the
	// time created and last seen after the time lastSeen.
	SessionsOf(ctx context.Context, userID int64, created, lastSeen time.Time, limit int) ([]Session, error)
}

// SessionWriter changes sessions.
type SessionWriter interface {
	InsertSession(ctx context.Context, s Session, hash token.Hash) (int64, error)
	// SetSessionHash replaces a session's token hash before by hash. It fails with ErrNotFound when
	// the session has another one.
	SetSessionHash(ctx context.Context, id int64, before, hash token.Hash) error
	// TouchSession moves LastSeen forward. It skips a session that another transaction has locked.
	TouchSession(ctx context.Context, id int64, lastSeen time.Time) error
	// AddSessionFailure counts a wrong password and returns the count.
	AddSessionFailure(ctx context.Context, id int64) (int, error)
	DeleteSession(ctx context.Context, id int64) error
	// DeleteSessionsOf deletes all sessions of a user except the session spare. 0 spares none.
	DeleteSessionsOf(ctx context.Context, userID, spare int64) error
	// DeleteExpiredSessions deletes at most limit sessions that were created no later than the time
	// created or last seen no later than the time lastSeen. It returns their number.
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
	// CountNamedKeys counts the named keys of a user that have not expired.
	CountNamedKeys(ctx context.Context, userID int64, now time.Time) (int, error)
	InsertAPIKey(ctx context.Context, k APIKey) (int64, error)
	// SealAPIKey stores the sealed text of the contract's key.
	SealAPIKey(ctx context.Context, id int64, sealed keyring.Sealed) error
	// TouchAPIKey moves LastUsed forward. It skips a key that another transaction has locked.
	TouchAPIKey(ctx context.Context, id int64, lastUsed time.Time) error
	// AddAPIKeyFailure counts a wrong password and returns the count since ClearAPIKeyFailures.
	AddAPIKeyFailure(ctx context.Context, id int64) (int, error)
	ClearAPIKeyFailures(ctx context.Context, id int64) error
	DeleteAPIKey(ctx context.Context, id int64) error
	DeleteAPIKeysOf(ctx context.Context, userID int64) error
	// DeleteExpiredAPIKeys deletes at most limit keys that expired no later than the time before. It
	// returns their number.
	DeleteExpiredAPIKeys(ctx context.Context, before time.Time, limit int) (int, error)
}

// ThrottleWriter stores the counters of failed sign-ins and the known client networks of each user.
type ThrottleWriter interface {
	// Throttle returns the counter of a key, or an empty counter.
	Throttle(ctx context.Context, key string) (lockout.Counter, error)
	// LockThrottle is Throttle, and locks the key until the transaction ends.
	LockThrottle(ctx context.Context, key string) (lockout.Counter, error)
	SaveThrottle(ctx context.Context, t lockout.Counter) error
	// DeleteThrottlesOf deletes every counter whose key begins with subject.
	DeleteThrottlesOf(ctx context.Context, subject string) error
	// DeleteIdleThrottles deletes at most limit counters that are unlocked at the time now and
	// unchanged since before. It returns their number.
	DeleteIdleThrottles(ctx context.Context, before, now time.Time, limit int) (int, error)
	// CountUnknownThrottles counts the counters of addresses without an account.
	// DeleteUnknownThrottles deletes the limit oldest of them that are unlocked at the time now.
	CountUnknownThrottles(ctx context.Context) (int, error)
	DeleteUnknownThrottles(ctx context.Context, now time.Time, limit int) (int, error)

	// IsKnownNetwork reports whether the user signed in from a client network since the time since.
	IsKnownNetwork(ctx context.Context, userID int64, source string, since time.Time) (bool, error)
	SaveKnownNetwork(ctx context.Context, userID int64, source string, now time.Time) error
	// DeleteKnownNetworks deletes at most limit known networks that were last used before the time
	// before. It returns their number.
	DeleteKnownNetworks(ctx context.Context, before time.Time, limit int) (int, error)
}

// RecoveryWriter stores recovery tokens, each for one use.
type RecoveryWriter interface {
	InsertRecovery(ctx context.Context, r Recovery, hash token.Hash) error
	// RecoveryByHash fails with ErrNotFound.
	RecoveryByHash(ctx context.Context, hash token.Hash) (Recovery, error)
	// LimitRecoveries deletes all but the newest keep tokens of a kind of a user.
	LimitRecoveries(ctx context.Context, userID int64, kind MailKind, keep int) error
	// DeleteRecoveriesOf deletes all tokens of a user, of every kind.
	DeleteRecoveriesOf(ctx context.Context, userID int64) error
	// DeleteExpiredRecoveries deletes at most limit tokens that expired no later than the time
	// before. It returns their number.
	DeleteExpiredRecoveries(ctx context.Context, before time.Time, limit int) (int, error)
}

// OutboxReader reads messages of the outbox, whose contents are sealed.
type OutboxReader interface {
	// Mails returns the newest limit messages, newest first.
	Mails(ctx context.Context, limit int) ([]Mail, error)
	// Mail fails with ErrNotFound.
	Mail(ctx context.Context, id int64) (Mail, error)
	// DueMail returns the first message whose next attempt is due, or fails with ErrNotFound.
	DueMail(ctx context.Context, now time.Time) (Mail, error)
	// CountOutbox counts the messages by their state. It counts messages that were given up since
	// failedSince only.
	CountOutbox(ctx context.Context, failedSince time.Time) (MailCounts, error)
}

// OutboxWriter moves messages through the outbox.
type OutboxWriter interface {
	// LockDueMail locks and returns the first due message that no other transaction has locked. It
	// fails as DueMail does.
	LockDueMail(ctx context.Context, now time.Time) (Mail, error)
	InsertMail(ctx context.Context, m Mail) (int64, error)
	// UpdateMail stores every field of m if the row still has the state and attempts of was. It
	// fails with ErrNotFound when another worker has changed them.
	UpdateMail(ctx context.Context, m, was Mail) error
	DeleteMail(ctx context.Context, id int64) error
	// CountMails counts the rendered messages of a kind to a user that were created after since.
	CountMails(ctx context.Context, userID int64, kind MailKind, since time.Time) (int, error)
	// DeleteFinishedMails deletes at most limit messages that were delivered or given up before the
	// time before. It returns their number.
	DeleteFinishedMails(ctx context.Context, before time.Time, limit int) (int, error)
}

// SettingReader reads settings, each group as JSON.
type SettingReader interface {
	// Setting fails with ErrNotFound for a group that was never set.
	Setting(ctx context.Context, name string) (string, error)
	// SettingSecret fails with ErrNotFound for a secret that is not set.
	SettingSecret(ctx context.Context, name string) (keyring.Sealed, error)
}

// SettingWriter changes settings.
type SettingWriter interface {
	// LockSettings locks groups, whether or not they were ever set, until the transaction ends.
	LockSettings(ctx context.Context, names ...string) error
	SaveSetting(ctx context.Context, name, value string) error
	SaveSettingSecret(ctx context.Context, name string, sealed keyring.Sealed) error
	DeleteSettingSecret(ctx context.Context, name string) error
}

// PreferenceReader reads the preferences of users.
type PreferenceReader interface {
	// Preferences fails with ErrNotFound for a user who never set any.
	Preferences(ctx context.Context, userID int64) (Preferences, error)
}

// PreferenceWriter changes the preferences of users.
type PreferenceWriter interface {
	SavePreferences(ctx context.Context, userID int64, p Preferences) error
}

// InstanceReader reads the properties of the database as a whole.
type InstanceReader interface {
	// KeyChecks returns the checks of the server keys in use. A database that was never set up has
	// none.
	KeyChecks(ctx context.Context) ([]keyring.Check, error)
}

// InstanceWriter changes the properties of the database as a whole.
type InstanceWriter interface {
	// InsertKeyCheck stores the check of a key unless it is already stored.
	InsertKeyCheck(ctx context.Context, c keyring.Check, now time.Time) error
}

// AuthChangeReader reads the changes that invalidate cached principals.
type AuthChangeReader interface {
	// AuthChanges returns at most limit changes with numbers above after, which is the last number
	// of an earlier batch. Where after is 0 it returns the changes of the last period age.
	AuthChanges(ctx context.Context, after int64, age time.Duration, limit int) (AuthChangeBatch, error)
}

// AuthChangeWriter announces changes that invalidate cached principals to every node.
type AuthChangeWriter interface {
	// InsertAuthChange announces a change when the transaction is committed. Every method of Tx that
	// affects principals calls it.
	InsertAuthChange(ctx context.Context, c AuthChange) error
	// InsertedAuthChanges returns the changes of this transaction, in any order.
	InsertedAuthChanges() []AuthChange
	// DeleteAuthChanges deletes at most limit changes that are at least as old as age. It returns
	// their number.
	DeleteAuthChanges(ctx context.Context, age time.Duration, limit int) (int, error)
}

// Env is the environment that the operations of every noun run in: storage, keys, time and
// randomness. All fields are required.
type Env struct {
	Store *Store
	Keys  *keyring.Ring
	Log   *slog.Logger
	// Now is the current time in UTC, truncated to microseconds as storage keeps it.
	Now    func() time.Time
	Random io.Reader
	// Monotonic is this machine's monotonic clock. Its zero point is arbitrary; compare two
	// readings only.
	Monotonic func() time.Time
}
