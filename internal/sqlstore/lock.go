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
	_, err := all(ctx, t.queries, scanInt, statement+way, args...)
	return err
}

func (t *tx) LockUsers(ctx context.Context, ids ...int64) error {
	return t.lock(ctx, t.dialect.lockRow, `SELECT id FROM users WHERE id IN `+t.dialect.idList("$1")+` ORDER BY id`, jsonIDs(ids))
}

func (t *tx) HoldUser(ctx context.Context, id int64) error {
	return t.lock(ctx, t.dialect.shareRow, `SELECT id FROM users WHERE id = $1`, id)
}

func (t *tx) LockRoles(ctx context.Context, ids ...int64) error {
	return t.lock(ctx, t.dialect.lockRow, `SELECT id FROM roles WHERE id IN `+t.dialect.idList("$1")+` ORDER BY id`, jsonIDs(ids))
}

func (t *tx) HoldRoles(ctx context.Context, ids ...int64) error {
	return t.lock(ctx, t.dialect.shareRow, `SELECT id FROM roles WHERE id IN `+t.dialect.idList("$1")+` ORDER BY id`, jsonIDs(ids))
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
