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

// IgnoreNotFound returns nil if err is ErrNotFound, and err otherwise.
func IgnoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Errors of storage that callers check for.
var (
	ErrNotFound      = errors.New("there is no such row")
	ErrEmailTaken    = errors.New("the e-mail address is taken")
	ErrRoleNameTaken = errors.New("the name of a role is taken")
	ErrReferenced    = errors.New("a row refers to one that does not exist or is being deleted")
	// ErrOutcomeUnknown is in the error of a transaction that may have been committed, or may still
	// be committed later. That error has the code CodeUnavailable.
	ErrOutcomeUnknown = errors.New("the outcome of the transaction is unknown")
)

// Store is the whole storage, as one interface for each noun. A read outside of Write sees the
// latest commit. A function takes only the interfaces that it needs; a Store satisfies each of
// them.
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

// Tx is a transaction. It has the reading interfaces of [Store], and those that write. Any error
// except ErrNotFound ends the transaction: later calls fail, and it is rolled back. A method that
// changes one row by its id fails with ErrNotFound when the row doesn't exist.
//
// Methods take effect in the order of their calls. A method that returns no data may be deferred
// until the next read or the end of the transaction. Its errors are reported then, except those
// that its comment names. A lock is therefore certain only after a later read has returned.
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
	// Write runs f in one transaction. When Write returns nil, the transaction is durable. It is
	// rolled back when f fails or panics, or when ctx ends before f returns. Write fails with
	// ErrOutcomeUnknown when the connection is lost during the commit. f must not retain tx or call
	// Write.
	//
	// Transactions run concurrently. Each read sees what was committed before the read began. Lock
	// rows that must not change until the commit, and read them only after that.
	// docs/architecture.md defines the order of locks.
	//
	// A transaction that conflicts with another one is rolled back, and f runs again. f must
	// therefore assign its results each time and have no other effect outside of tx.
	Write(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error
}

// HealthReporter reports the state of the database.
type HealthReporter interface {
	Health(ctx context.Context) (DatabaseHealth, error)
}

// UserReader finds users. now is the time for which LockedOut is computed.
type UserReader interface {
	// User returns the user with this id. If there is none, it fails with ErrNotFound.
	User(ctx context.Context, id int64, now time.Time) (User, error)
	// UsersAfter returns at most limit users with ids above id, by id. It returns fewer when their
	// size exceeds some megabytes, but at least one if there is one.
	UsersAfter(ctx context.Context, id int64, limit int, now time.Time) ([]User, error)
	// FindUsers returns the page of users that the query selects.
	FindUsers(ctx context.Context, q UserQuery) ([]User, error)
	// Credential and CredentialByEmail return a user's credential. They fail with ErrNotFound.
	Credential(ctx context.Context, userID int64) (Credential, error)
	CredentialByEmail(ctx context.Context, key EmailKey) (Credential, error)
	// TakenEmails returns the keys that users already have, in any order.
	TakenEmails(ctx context.Context, keys []EmailKey) ([]EmailKey, error)
	// CountUsers counts all users. It takes longer the more users there are.
	CountUsers(ctx context.Context) (UserCounts, error)
	// LockedUsers counts the users who are locked out at the time now. It returns at most limit of
	// them, with the stored end of the lock in Until.
	LockedUsers(ctx context.Context, now time.Time, limit int) (LockedUsers, error)
}

// UserWriter changes users.
type UserWriter interface {
	// InsertUser stores a new user with their roles and returns the user's id, which no user had
	// before. It fails with ErrEmailTaken.
	InsertUser(ctx context.Context, u User, key EmailKey, passwordHash string, now time.Time) (int64, error)
	// InsertUsers inserts many users with few statements. It returns their ids in the order of
	// users, and fails as InsertUser does.
	InsertUsers(ctx context.Context, users []StoredUser, now time.Time) ([]int64, error)
	// UpdateUser stores all fields of u except RoleIDs, LockedOut and NeedPasswordReset. was is the
	// user as it was read after the lock was taken. UpdateUser fails with ErrEmailTaken.
	UpdateUser(ctx context.Context, was, u User, key EmailKey, now time.Time) error
	SetPassword(ctx context.Context, userID int64, hash string, needReset bool, now time.Time) error
	// SetUserRoles replaces a user's roles. It fails with ErrReferenced when a role doesn't exist.
	SetUserRoles(ctx context.Context, userID int64, roleIDs []int64) error
	// DeleteUser deletes a user and all of that user's data. It also removes the id from every
	// permission that lists the id.
	DeleteUser(ctx context.Context, id int64) error
	// LockUsers locks users and their data against changes by other transactions, until this one
	// ends. ShareLockUser does the same, but several transactions can have a shared lock on one
	// user. Methods that lock rows by id or name skip rows that don't exist.
	LockUsers(ctx context.Context, ids ...int64) error
	ShareLockUser(ctx context.Context, id int64) error
	// LockAdministrators takes a lock that only one transaction can have at a time. Call it before
	// CountAdministrators, so that two transactions don't each remove one of the last two
	// administrators.
	LockAdministrators(ctx context.Context) error
	// CountAdministrators counts the active local users who have a password and role 1.
	CountAdministrators(ctx context.Context) (int, error)
}

// RoleReader finds roles, with their permissions or as summaries. All results are ordered by id.
type RoleReader interface {
	// Roles returns the roles with these ids. It skips ids that no role has.
	Roles(ctx context.Context, ids []int64) ([]access.Role, error)
	RolesOf(ctx context.Context, userID int64) ([]access.Role, error)
	// RolesAfter returns at most limit roles with ids above id.
	RolesAfter(ctx context.Context, id int64, limit int) ([]access.Role, error)
	// RoleSummariesAfter is RolesAfter for summaries. It doesn't read the permissions.
	RoleSummariesAfter(ctx context.Context, id int64, limit int) ([]RoleSummary, error)
	// RolesOfHolders returns all roles of all users who have the role id: this role and any others.
	// It returns none when no user has the role.
	RolesOfHolders(ctx context.Context, id int64) ([]access.Role, error)
}

// RoleWriter changes roles.
type RoleWriter interface {
	// InsertRole stores a new role and returns its id: r.ID, or a new id if r.ID is 0. It fails
	// with ErrRoleNameTaken.
	InsertRole(ctx context.Context, r access.Role) (int64, error)
	// LockRoles locks roles until this transaction ends: other transactions can neither change nor
	// assign them. ShareLockRoles only prevents changes.
	LockRoles(ctx context.Context, ids ...int64) error
	ShareLockRoles(ctx context.Context, ids ...int64) error
	// UpdateRole stores the name and the description of a role. It fails with ErrRoleNameTaken.
	UpdateRole(ctx context.Context, r access.Role) error
	SetRolePermissions(ctx context.Context, id int64, permissions []access.Permission) error
	// ReplaceRole locks all users who have the role oldID, gives them the role newID in its place,
	// and returns the number of these users.
	ReplaceRole(ctx context.Context, oldID, newID int64) (int, error)
	// DeleteRole deletes a role, and removes its id from every permission that lists the id. It
	// fails with ErrReferenced while a user has the role.
	DeleteRole(ctx context.Context, id int64) error
}

// SessionReader finds sessions.
type SessionReader interface {
	// Session and SessionByHash return one session. They fail with ErrNotFound.
	Session(ctx context.Context, id int64) (Session, error)
	SessionByHash(ctx context.Context, hash token.Hash) (Session, error)
	// SessionsOf returns the newest limit sessions of a user, by id. It considers only sessions
	// that were created after created and last seen after lastSeen.
	SessionsOf(ctx context.Context, userID int64, created, lastSeen time.Time, limit int) ([]Session, error)
}

// SessionWriter changes sessions.
type SessionWriter interface {
	InsertSession(ctx context.Context, s Session, hash token.Hash) (int64, error)
	// SetSessionHash replaces the token hash of a session by newHash if it is still oldHash. It
	// fails with ErrNotFound when the session has another token hash.
	SetSessionHash(ctx context.Context, id int64, oldHash, newHash token.Hash) error
	// TouchSession sets LastSeen to a later time. It skips a session that another transaction has
	// locked.
	TouchSession(ctx context.Context, id int64, lastSeen time.Time) error
	// AddSessionFailure counts one wrong password in a session and returns the count.
	AddSessionFailure(ctx context.Context, id int64) (int, error)
	DeleteSession(ctx context.Context, id int64) error
	// DeleteSessionsOf deletes all sessions of a user except the session with the id spare. spare
	// is 0 to delete all of them.
	DeleteSessionsOf(ctx context.Context, userID, spare int64) error
	// LimitSessions deletes sessions of a user so that the newest most are left, at most limit of
	// them at once. It returns the ids of the deleted ones.
	LimitSessions(ctx context.Context, userID int64, most, limit int) ([]int64, error)
	// DeleteExpiredSessions deletes at most limit sessions that were created no later than created,
	// or last seen no later than lastSeen. It returns their number.
	DeleteExpiredSessions(ctx context.Context, created, lastSeen time.Time, limit int) (int, error)
}

// APIKeyReader finds API keys.
type APIKeyReader interface {
	// APIKey, APIKeyByHash and ContractKey return one key. They fail with ErrNotFound.
	APIKey(ctx context.Context, id int64) (APIKey, error)
	APIKeyByHash(ctx context.Context, hash token.Hash) (APIKey, error)
	// ContractKey returns the contract key of a user: the one API key that its owner can read again.
	ContractKey(ctx context.Context, userID int64) (APIKey, error)
	// APIKeysOf returns all keys of a user, expired ones too, by id.
	APIKeysOf(ctx context.Context, userID int64) ([]APIKey, error)
	// OutdatedAPIKeys returns at most limit contract keys with ids above after whose texts are not
	// sealed with the server key keyID, by id.
	OutdatedAPIKeys(ctx context.Context, keyID string, after int64, limit int) ([]APIKey, error)
}

// APIKeyWriter changes API keys.
type APIKeyWriter interface {
	// CountNamedKeys counts the named keys of a user that have not expired at the time now.
	CountNamedKeys(ctx context.Context, userID int64, now time.Time) (int, error)
	InsertAPIKey(ctx context.Context, k APIKey) (int64, error)
	// SealAPIKey stores the encrypted text of a contract key.
	SealAPIKey(ctx context.Context, id int64, sealed keyring.Sealed) error
	// ResealAPIKey replaces the encrypted text was of a key. It fails with ErrNotFound when the
	// stored text is another one, or the key is gone.
	ResealAPIKey(ctx context.Context, id int64, was, sealed keyring.Sealed) error
	// TouchAPIKey sets LastUsed to a later time. It skips a key that another transaction has
	// locked.
	TouchAPIKey(ctx context.Context, id int64, lastUsed time.Time) error
	// AddAPIKeyFailure counts one wrong password with a key. It returns the count since the last
	// ClearAPIKeyFailures.
	AddAPIKeyFailure(ctx context.Context, id int64) (int, error)
	ClearAPIKeyFailures(ctx context.Context, id int64) error
	DeleteAPIKey(ctx context.Context, id int64) error
	DeleteAPIKeysOf(ctx context.Context, userID int64) error
	// DeleteExpiredAPIKeys deletes at most limit keys that expired before or at the given time. It
	// returns their number.
	DeleteExpiredAPIKeys(ctx context.Context, before time.Time, limit int) (int, error)
}

// ThrottleWriter stores the counters of failed sign-ins, and the client networks from which each
// user signed in before.
type ThrottleWriter interface {
	// Throttle returns the counter with a key, or an empty counter.
	Throttle(ctx context.Context, key string) (lockout.Counter, error)
	// LockThrottle is Throttle, but also locks the key until the transaction ends.
	LockThrottle(ctx context.Context, key string) (lockout.Counter, error)
	SaveThrottle(ctx context.Context, t lockout.Counter) error
	// DeleteThrottlesOf deletes every counter whose key begins with subject.
	DeleteThrottlesOf(ctx context.Context, subject string) error
	// DeleteIdleThrottles deletes at most limit counters that are not locked at the time now and
	// have not changed since the time idleSince. It returns their number.
	DeleteIdleThrottles(ctx context.Context, idleSince, now time.Time, limit int) (int, error)
	// CountThrottles counts the counters whose keys begin with prefix. DeleteOldestThrottles deletes
	// the limit oldest of these counters that are not locked at the time now, by their last change.
	CountThrottles(ctx context.Context, prefix string) (int, error)
	DeleteOldestThrottles(ctx context.Context, prefix string, now time.Time, limit int) (int, error)
	// DeleteOutdatedThrottles deletes at most limit counters of addresses without an account whose
	// keys do not begin with subject. It returns their number.
	DeleteOutdatedThrottles(ctx context.Context, subject string, limit int) (int, error)

	// IsKnownNetwork reports whether the user has signed in from this client network since the
	// given time.
	IsKnownNetwork(ctx context.Context, userID int64, source string, since time.Time) (bool, error)
	SaveKnownNetwork(ctx context.Context, userID int64, source string, now time.Time) error
	// DeleteKnownNetworks deletes at most limit known networks that were last used before the given
	// time. It returns their number.
	DeleteKnownNetworks(ctx context.Context, before time.Time, limit int) (int, error)
}

// RecoveryWriter stores recovery tokens. Each token can be used once.
type RecoveryWriter interface {
	InsertRecovery(ctx context.Context, r Recovery, hash token.Hash) error
	// RecoveryByHash returns the token with this hash. If there is none, it fails with ErrNotFound.
	RecoveryByHash(ctx context.Context, hash token.Hash) (Recovery, error)
	// LimitRecoveries deletes a user's tokens of one kind, except the newest keep tokens.
	LimitRecoveries(ctx context.Context, userID int64, kind MailKind, keep int) error
	// DeleteRecoveriesOf deletes all tokens of a user, whatever their kind.
	DeleteRecoveriesOf(ctx context.Context, userID int64) error
	// DeleteExpiredRecoveries deletes at most limit tokens that expired before or at the given
	// time. It returns their number.
	DeleteExpiredRecoveries(ctx context.Context, before time.Time, limit int) (int, error)
}

// OutboxReader reads messages of the outbox. Their contents are encrypted.
type OutboxReader interface {
	// Mails returns the newest limit messages, newest first.
	Mails(ctx context.Context, limit int) ([]Mail, error)
	// Mail returns the message with this id. If there is none, it fails with ErrNotFound.
	Mail(ctx context.Context, id int64) (Mail, error)
	// DueMail returns the first message whose next attempt is due at the time now. It fails with
	// ErrNotFound when there is none.
	DueMail(ctx context.Context, now time.Time) (Mail, error)
	// OutdatedMails returns at most limit messages with ids above after that are not sealed with
	// the server key keyID, by id.
	OutdatedMails(ctx context.Context, keyID string, after int64, limit int) ([]Mail, error)
	// CountOutbox counts the messages by their state. Among the messages that were given up, it
	// counts only those given up since failedSince.
	CountOutbox(ctx context.Context, failedSince time.Time) (MailCounts, error)
}

// OutboxWriter adds messages to the outbox and changes their state.
type OutboxWriter interface {
	// LockDueMail locks and returns the first due message that no other transaction has locked. It
	// fails as DueMail does.
	LockDueMail(ctx context.Context, now time.Time) (Mail, error)
	// LockMail locks a message until the transaction ends, and returns it as Mail does. A change
	// that stores a message which was read before must lock the message first: a rotation of the
	// server key may seal the message again at any time.
	LockMail(ctx context.Context, id int64) (Mail, error)
	// ResealMail replaces the encrypted content was of a message. It fails with ErrNotFound when
	// the stored content is another one, or the message is gone.
	ResealMail(ctx context.Context, id int64, was, sealed keyring.Sealed) error
	InsertMail(ctx context.Context, m Mail) (int64, error)
	// UpdateMail stores every field of m if the stored message still has the state and attempts of
	// was. It fails with ErrNotFound when another worker has changed them.
	UpdateMail(ctx context.Context, m, was Mail) error
	DeleteMail(ctx context.Context, id int64) error
	// CountMails counts the messages of a kind to a user that were created after the given time. It
	// doesn't count those that are only requested.
	CountMails(ctx context.Context, userID int64, kind MailKind, since time.Time) (int, error)
	// DeleteFinishedMails deletes at most limit messages that were delivered or given up before the
	// given time. It returns their number.
	DeleteFinishedMails(ctx context.Context, before time.Time, limit int) (int, error)
	// DeleteExcessRequests deletes at most limit requested messages, and none of the newest keep. It
	// returns their number.
	DeleteExcessRequests(ctx context.Context, keep, limit int) (int, error)
}

// SettingReader reads settings. Each group of settings is one JSON text.
type SettingReader interface {
	// Setting returns a group of settings. It fails with ErrNotFound for a group that was never
	// set.
	Setting(ctx context.Context, name string) (string, error)
	// SettingSecret returns an encrypted secret. It fails with ErrNotFound for a secret that is not
	// set.
	SettingSecret(ctx context.Context, name string) (keyring.Sealed, error)
}

// SettingWriter changes settings.
type SettingWriter interface {
	// LockSettings locks groups of settings until the transaction ends, even those that were never
	// set.
	LockSettings(ctx context.Context, names ...string) error
	SaveSetting(ctx context.Context, name, value string) error
	SaveSettingSecret(ctx context.Context, name string, sealed keyring.Sealed) error
	DeleteSettingSecret(ctx context.Context, name string) error
}

// PreferenceReader reads the preferences of users.
type PreferenceReader interface {
	// Preferences returns a user's preferences. It fails with ErrNotFound for a user who never set
	// any.
	Preferences(ctx context.Context, userID int64) (Preferences, error)
}

// PreferenceWriter changes the preferences of users.
type PreferenceWriter interface {
	SavePreferences(ctx context.Context, userID int64, p Preferences) error
}

// InstanceReader reads data about the database as a whole.
type InstanceReader interface {
	// ServerKeys returns the server keys of the database, retired ones too, ordered by the
	// beginning of their state. With a check value the server detects that it was started with
	// another key. A database that was never set up has none.
	ServerKeys(ctx context.Context) ([]keyring.StoredKey, error)
	// KeyHolders returns the answers of servers to the announcement of a server key at the given
	// time.
	KeyHolders(ctx context.Context, keyID string, announced time.Time) ([]keyring.Holder, error)
	// KeyUses counts the sealed and signed rows by table and server key, except those of the
	// activity log itself.
	KeyUses(ctx context.Context) ([]keyring.Usage, error)
}

// InstanceWriter changes data about the database as a whole.
type InstanceWriter interface {
	// SealingKey returns the id of the current server key, which must seal all data that the
	// transaction writes. The key stays current until the transaction ends. SealingKey fails with
	// ErrNotFound before the database is set up.
	SealingKey(ctx context.Context) (string, error)
	// LockServerKeys locks all server keys until the transaction ends, and returns them as
	// ServerKeys does. It waits for transactions that have called SealingKey.
	LockServerKeys(ctx context.Context) ([]keyring.StoredKey, error)
	// SaveServerKey stores a server key, or the state of one that is stored already.
	SaveServerKey(ctx context.Context, k keyring.StoredKey) error
	// SaveKeyHolder stores the answer of a server to the announcement of a server key at the given
	// time. DeleteKeyHolders deletes the answers to all announcements.
	SaveKeyHolder(ctx context.Context, keyID string, announced time.Time, h keyring.Holder) error
	DeleteKeyHolders(ctx context.Context) error
}

// AuthChangeReader reads the changes that invalidate cached principals.
type AuthChangeReader interface {
	// AuthChanges returns at most limit changes with numbers greater than last, which is the field
	// Last of an earlier batch. If last is 0, it returns the changes that are at most age old.
	AuthChanges(ctx context.Context, last int64, age time.Duration, limit int) (AuthChangeBatch, error)
}

// AuthChangeWriter inserts changes that invalidate cached principals. Every node polls them and
// drops its cached copies.
type AuthChangeWriter interface {
	// InsertAuthChange records a change, so that every node drops its cached copies after the
	// commit. Every method of Tx that affects principals calls it.
	InsertAuthChange(ctx context.Context, c AuthChange) error
	// InsertedAuthChanges returns the changes that this transaction inserted, in any order.
	InsertedAuthChanges() []AuthChange
	// DeleteAuthChanges deletes at most limit changes that are at least as old as age. It returns
	// their number.
	DeleteAuthChanges(ctx context.Context, age time.Duration, limit int) (int, error)
}

// Env is the environment in which the operations of every noun run: storage, keys, time and
// randomness. All fields are required.
type Env struct {
	Store *Store
	Keys  *keyring.Ring
	Log   *slog.Logger
	// Now returns the current time in UTC, truncated to microseconds. The store keeps times with
	// that precision.
	Now    func() time.Time
	Random io.Reader
	// Monotonic is this machine's monotonic clock. Its zero point is arbitrary, so only the
	// difference between two readings has a meaning.
	Monotonic func() time.Time
}
