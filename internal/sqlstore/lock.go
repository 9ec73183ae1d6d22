package sqlstore

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// fairLock locks rows of a table in the order in which transactions asked for the locks. On its
// own, PostgreSQL grants a shared row lock even while another transaction waits for an exclusive
// one. So a user who repeats requests could delay an administrator's transaction for ever, such as
// one that revokes the user's permissions. PostgreSQL grants advisory locks in order. Each row
// therefore has an advisory lock, which is taken before the row lock.
type fairLock struct {
	table string
	bit   int64 // lowest bit of the advisory lock keys, so that the tables share no key
}

var (
	fairLockUsers = fairLock{table: "users", bit: 0}
	fairLockRoles = fairLock{table: "roles", bit: 1}
)

// lockMode is the SQL for exclusive or for shared locks. Both fields are empty on SQLite, which
// runs one writing transaction at a time.
type lockMode struct {
	key string // the condition that takes the advisory locks
	row string // the end of the SELECT that locks the rows
}

func exclusive(d *sqldb.Dialect) lockMode { return lockMode{key: d.LockKey, row: d.LockRow} }

func shared(d *sqldb.Dialect) lockMode { return lockMode{key: d.ShareKey, row: d.ShareRow} }

// lockSelected runs a statement with clause at its end. clause is the part that takes the locks, on
// rows or on advisory keys. On SQLite clause is empty, and lockSelected does nothing.
func (t *txState) lockSelected(ctx context.Context, clause, statement string, args ...any) error {
	if clause == "" {
		return nil
	}
	return t.execDeferred(ctx, statement+clause, args...)
}

// lockRows locks the rows with the ids, after the advisory locks of these rows. It skips ids
// without a row.
func (t *txState) lockRows(ctx context.Context, mode lockMode, l fairLock, ids []int64) error {
	if mode.row == "" {
		return nil
	}
	where, arg := `id IN `+t.Dialect.IDList("$1"), any(t.Dialect.IDs(ids))
	if len(ids) == 1 { // most calls have one id, which needs no list and no sort
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

// lockHolders locks the rows of the users who have a role.
func (t *txState) lockHolders(ctx context.Context, role int64) error {
	return t.lockSelected(ctx, t.Dialect.LockRow, `
		SELECT id FROM users WHERE id IN (SELECT user_id FROM user_roles WHERE role_id = $1) ORDER BY id`, role)
}

// LockUsers takes exclusive locks on users by id.
func (t userWriter) LockUsers(ctx context.Context, ids ...int64) error {
	return t.lockRows(ctx, exclusive(t.Dialect), fairLockUsers, ids)
}

// ShareLockUser takes a shared lock on a user.
func (t userWriter) ShareLockUser(ctx context.Context, id int64) error {
	return t.lockRows(ctx, shared(t.Dialect), fairLockUsers, []int64{id})
}

// LockAdministrators takes an exclusive lock on the role of the administrators.
func (t userWriter) LockAdministrators(ctx context.Context) error {
	return t.lockRows(ctx, exclusive(t.Dialect), fairLockRoles, []int64{access.AdministratorRole})
}

// LockRoles takes exclusive locks on roles by id.
func (t roleWriter) LockRoles(ctx context.Context, ids ...int64) error {
	return t.lockRows(ctx, exclusive(t.Dialect), fairLockRoles, ids)
}

// ShareLockRoles takes shared locks on roles by id.
func (t roleWriter) ShareLockRoles(ctx context.Context, ids ...int64) error {
	return t.lockRows(ctx, shared(t.Dialect), fairLockRoles, ids)
}
