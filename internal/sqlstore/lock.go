package sqlstore

import (
	"context"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// lock locks the rows whose ids a statement selects, in the way that ends it. Where
// there is none, one transaction writes at a time, and there is nothing to do.
func (t *tx) lock(ctx context.Context, way, statement string, args ...any) error {
	if way == "" {
		return nil
	}
	return t.run(ctx, statement+way, args...)
}

// gated is a table whose rows have a gate each, which is passed before they are
// locked. PostgreSQL gives a row that some hold to others who want to hold it, before
// the one who waits to change it: a few requests at once, again and again, would keep
// an administrator from ever taking anything from their maker. Gates are queues.
type gated struct {
	table string
	gate  int64 // the last bit of its numbers, so that no two tables share one
}

var (
	gatedUsers = gated{"users", 0}
	gatedRoles = gated{"roles", 1}
)

// lockRows passes the gates of rows, and locks them, by id.
func (t *tx) lockRows(ctx context.Context, way, pass string, g gated, ids []int64) error {
	if way == "" {
		return nil
	}
	which, arg := `id IN `+t.dialect.idList("$1"), any(t.dialect.ids(ids))
	if len(ids) == 1 { // nearly always, and then there is nothing to plan or to sort
		which, arg = `id = $1`, ids[0]
	}
	err := t.lock(ctx, pass, `SELECT count(*) FROM (SELECT id * 2 + $2 AS number FROM `+g.table+` WHERE `+which+` ORDER BY id OFFSET 0) AS gate WHERE `, arg, g.gate)
	if err != nil {
		return err
	}
	return t.lock(ctx, way, `SELECT id FROM `+g.table+` WHERE `+which+` ORDER BY id`, arg)
}

func (t *tx) LockUsers(ctx context.Context, ids ...int64) error {
	return t.lockRows(ctx, t.dialect.lockRow, t.dialect.lockGate, gatedUsers, ids)
}

func (t *tx) ShareLockUser(ctx context.Context, id int64) error {
	return t.lockRows(ctx, t.dialect.shareRow, t.dialect.shareGate, gatedUsers, []int64{id})
}

func (t *tx) LockRoles(ctx context.Context, ids ...int64) error {
	return t.lockRows(ctx, t.dialect.lockRow, t.dialect.lockGate, gatedRoles, ids)
}

func (t *tx) ShareLockRoles(ctx context.Context, ids ...int64) error {
	return t.lockRows(ctx, t.dialect.shareRow, t.dialect.shareGate, gatedRoles, ids)
}

func (t *tx) LockAdministrators(ctx context.Context) error {
	return t.LockRoles(ctx, access.AdministratorRole)
}

// lockHolders locks the users who have a role.
func (t *tx) lockHolders(ctx context.Context, role int64) error {
	return t.lock(ctx, t.dialect.lockRow, `
		SELECT id FROM users WHERE id IN (SELECT user_id FROM user_roles WHERE role_id = $1) ORDER BY id`, role)
}

// LockSettings writes each row to lock it, since it may not be there yet. An empty
// object has every default.
func (t *tx) LockSettings(ctx context.Context, names ...string) error {
	if t.dialect.lockRow == "" {
		return nil
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		err := t.run(ctx, `
			INSERT INTO settings (name, value) VALUES ($1, '{}') ON CONFLICT (name) DO UPDATE SET name = excluded.name`, name)
		if err != nil {
			return err
		}
	}
	return nil
}
