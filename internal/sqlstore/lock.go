package sqlstore

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// fairLock locks rows of a table in the order in which the transactions asked. PostgreSQL grants a
// shared row lock ahead of a transaction that waits for an exclusive one. A user who repeats a few
// requests could so keep an administrator from ever reducing the user's rights. Advisory locks are
// queues, so each row has one that is taken before the row is locked.
type fairLock struct {
	table string
	bit   int64 // the last bit of the keys of its advisory locks: no two tables share a key
}

var (
	fairLockUsers = fairLock{table: "users", bit: 0}
	fairLockRoles = fairLock{table: "roles", bit: 1}
)

// lockMode says how rows are locked. Both parts are empty on an engine that runs one writing
// transaction at a time.
type lockMode struct {
	key string // the condition that takes the advisory locks
	row string // the end of the SELECT that locks the rows
}

func exclusive(d *sqldb.Dialect) lockMode { return lockMode{key: d.LockKey, row: d.LockRow} }

func shared(d *sqldb.Dialect) lockMode { return lockMode{key: d.ShareKey, row: d.ShareRow} }

// lockSelected locks the rows that a statement selects. clause is the end of the statement that
// does so; if it is empty there is nothing to do.
func (t *txState) lockSelected(ctx context.Context, clause, statement string, args ...any) error {
	if clause == "" {
		return nil
	}
	return t.execDeferred(ctx, statement+clause, args...)
}

// lockRows locks rows, by id, behind their advisory locks. Missing rows are skipped.
func (t *txState) lockRows(ctx context.Context, mode lockMode, l fairLock, ids []int64) error {
	if mode.row == "" {
		return nil
	}
	where, arg := `id IN `+t.Dialect.IDList("$1"), any(t.Dialect.IDs(ids))
	if len(ids) == 1 { // most calls; it needs no plan for a list and no sort
		where, arg = `id = $1`, ids[0]
	}
	err := t.lockSelected(ctx, mode.key, `
		SELECT count(*) FROM (
			SELECT id * 2 + $2 AS number FROM `+l.table+` WHERE `+where+` ORDER BY id OFFSET 0) AS gate
		WHERE `, arg, l.bit)
	if err != nil {
		return err
	}
	return t.lockSelected(ctx, mode.row, `SELECT id FROM `+l.table+` WHERE `+where+` ORDER BY id`, arg)
}

// lockHolders locks the users who have a role.
func (t *txState) lockHolders(ctx context.Context, role int64) error {
	return t.lockSelected(ctx, t.Dialect.LockRow, `
		SELECT id FROM users WHERE id IN (SELECT user_id FROM user_roles WHERE role_id = $1) ORDER BY id`, role)
}

// LockUsers locks users by id, against all other transactions.
func (t userWriter) LockUsers(ctx context.Context, ids ...int64) error {
	return t.lockRows(ctx, exclusive(t.Dialect), fairLockUsers, ids)
}

// ShareLockUser locks a user and lets other transactions share the lock.
func (t userWriter) ShareLockUser(ctx context.Context, id int64) error {
	return t.lockRows(ctx, shared(t.Dialect), fairLockUsers, []int64{id})
}

// LockAdministrators locks the role of the administrators.
func (t userWriter) LockAdministrators(ctx context.Context) error {
	return t.lockRows(ctx, exclusive(t.Dialect), fairLockRoles, []int64{access.AdministratorRole})
}

// LockRoles locks roles by id, against all other transactions.
func (t roleWriter) LockRoles(ctx context.Context, ids ...int64) error {
	return t.lockRows(ctx, exclusive(t.Dialect), fairLockRoles, ids)
}

// ShareLockRoles locks roles by id and lets other transactions share the locks.
func (t roleWriter) ShareLockRoles(ctx context.Context, ids ...int64) error {
	return t.lockRows(ctx, shared(t.Dialect), fairLockRoles, ids)
}
