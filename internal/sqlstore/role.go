package sqlstore

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// roleReader implements [account.RoleReader].
type roleReader struct{ *querier }

// roleWriter implements [account.RoleWriter].
type roleWriter struct{ *txState }

var (
	_ account.RoleReader = roleReader{}
	_ account.RoleWriter = roleWriter{}
)

// roleRow is a row of selectRole: a role, one of its permissions, and one of the ids that the permission lists. The
// fields are nil if the role has no permissions, or if the permission lists no ids.
type roleRow struct {
	id                    int64
	name, description     string
	permission            *int64
	entity, action, scope *string
	entityID              *int64
}

// selectRole and orderRole are the beginning and the end of the statements that read roles. A role has a row for each
// of its permissions, or for each id that a permission lists.
const (
	selectRole = `
	SELECT r.id, r.name, r.description, p.id, p.entity_name, p.action, p.scope, i.entity_id
	FROM roles r
	LEFT JOIN role_permissions p ON p.role_id = r.id
	LEFT JOIN role_permission_ids i ON i.permission_id = p.id`
	orderRole = ` ORDER BY r.id, p.id, i.entity_id`
)

func scanRole(row sqldb.Row) (r roleRow, err error) {
	return r, row.Scan(&r.id, &r.name, &r.description, &r.permission, &r.entity, &r.action, &r.scope, &r.entityID)
}

// groupRoles combines rows into roles. The rows must be in the order of orderRole.
func groupRoles(rows []roleRow) []access.Role {
	var roles []access.Role
	var permission int64
	for _, row := range rows {
		if len(roles) == 0 || roles[len(roles)-1].ID != row.id {
			roles = append(roles, access.Role{ID: row.id, Name: row.name, Description: row.description})
		}
		if row.permission == nil {
			continue
		}
		role := &roles[len(roles)-1]
		if *row.permission != permission {
			permission = *row.permission
			role.Permissions = append(role.Permissions, access.Permission{
				Entity: access.Entity(*row.entity), Action: access.Action(*row.action), Scope: access.Scope(*row.scope),
			})
		}
		if row.entityID != nil {
			p := &role.Permissions[len(role.Permissions)-1]
			p.IDs = append(p.IDs, *row.entityID)
		}
	}
	return roles
}

func (r roleReader) Roles(ctx context.Context, ids []int64) ([]access.Role, error) {
	var roles []access.Role
	for _, id := range ids {
		rows, err := all(ctx, r.querier, scanRole, selectRole+` WHERE r.id = $1`+orderRole, id)
		if err != nil {
			return nil, err
		}
		roles = append(roles, groupRoles(rows)...)
	}
	return roles, nil
}

func (r roleReader) RolesOf(ctx context.Context, userID int64) ([]access.Role, error) {
	rows, err := all(ctx, r.querier, scanRole,
		selectRole+` WHERE r.id IN (SELECT role_id FROM user_roles WHERE user_id = $1)`+orderRole, userID)
	return groupRoles(rows), err
}

func (r roleReader) RolesAfter(ctx context.Context, id int64, limit int) ([]access.Role, error) {
	rows, err := all(ctx, r.querier, scanRole,
		selectRole+` WHERE r.id IN (SELECT id FROM roles WHERE id > $1 ORDER BY id LIMIT $2)`+orderRole, id, limit)
	return groupRoles(rows), err
}

func (r roleReader) RoleSummariesAfter(ctx context.Context, id int64, limit int) ([]account.RoleSummary, error) {
	return all(ctx, r.querier, scanRoleSummary, `
		SELECT r.id, r.name, r.description, (SELECT COUNT(*) FROM role_permissions p WHERE p.role_id = r.id)
		FROM roles r WHERE r.id > $1 ORDER BY r.id LIMIT $2`, id, limit)
}

func scanRoleSummary(row sqldb.Row) (r account.RoleSummary, err error) {
	return r, row.Scan(&r.ID, &r.Name, &r.Description, &r.Permissions)
}

func (r roleReader) RolesOfHolders(ctx context.Context, id int64) ([]access.Role, error) {
	rows, err := all(ctx, r.cancellable(), scanRole, selectRole+`
		WHERE r.id IN (
			SELECT o.role_id FROM user_roles h JOIN user_roles o ON o.user_id = h.user_id WHERE h.role_id = $1)`+orderRole, id)
	return groupRoles(rows), err
}

func (t roleWriter) InsertRole(ctx context.Context, r access.Role) (int64, error) {
	columns, values := "name, name_key, description", "$1, $2, $3"
	args := []any{r.Name, account.RoleNameKey(r.Name), r.Description}
	if r.ID != 0 {
		columns, values, args = "id, "+columns, "$4, "+values, append(args, r.ID)
	}
	roleID, err := one(ctx, &t.querier, scanInt, `INSERT INTO roles (`+columns+`) VALUES (`+values+`) RETURNING id`,
		args...)
	if err != nil {
		return 0, err
	}
	return roleID, t.insertPermissions(ctx, roleID, r.Permissions)
}

func (t roleWriter) insertPermissions(ctx context.Context, roleID int64, permissions []access.Permission) error {
	for _, p := range permissions {
		permissionID, err := one(ctx, &t.querier, scanInt, `
			INSERT INTO role_permissions (role_id, entity_name, action, scope) VALUES ($1, $2, $3, $4) RETURNING id`,
			roleID, string(p.Entity), string(p.Action), string(p.Scope))
		if err != nil {
			return err
		}
		if len(p.IDs) == 0 {
			continue
		}
		err = t.execDeferred(ctx, `
			INSERT INTO role_permission_ids (permission_id, entity_id)
			SELECT CAST($1 AS BIGINT), value FROM `+t.Dialect.IDList("$2")+` AS ids`, permissionID, t.Dialect.IDs(p.IDs))
		if err != nil {
			return err
		}
	}
	return nil
}

func (t roleWriter) UpdateRole(ctx context.Context, r access.Role) error {
	if err := t.changed(ctx, account.AuthRole, r.ID); err != nil {
		return err
	}
	return t.execOne(ctx, `UPDATE roles SET name = $2, name_key = $3, description = $4 WHERE id = $1`,
		r.ID, r.Name, account.RoleNameKey(r.Name), r.Description)
}

func (t roleWriter) SetRolePermissions(ctx context.Context, id int64, permissions []access.Permission) error {
	if _, err := one(ctx, &t.querier, scanInt, `SELECT id FROM roles WHERE id = $1`+t.Dialect.LockRow, id); err != nil {
		return err
	}
	if err := t.changed(ctx, account.AuthRole, id); err != nil {
		return err
	}
	if err := t.execDeferred(ctx, `DELETE FROM role_permissions WHERE role_id = $1`, id); err != nil {
		return err
	}
	return t.insertPermissions(ctx, id, permissions)
}

func (t roleWriter) ReplaceRole(ctx context.Context, oldID, newID int64) (int, error) {
	if err := t.changed(ctx, account.AuthRole, oldID); err != nil {
		return 0, err
	}
	if err := t.lockHolders(ctx, oldID); err != nil {
		return 0, err
	}
	err := t.cancellable().execDeferred(ctx, `
		INSERT INTO user_roles (user_id, role_id) SELECT user_id, CAST($2 AS BIGINT) FROM user_roles WHERE role_id = $1
		ON CONFLICT (user_id, role_id) DO NOTHING`, oldID, newID)
	if err != nil {
		return 0, err
	}
	return t.cancellable().exec(ctx, `DELETE FROM user_roles WHERE role_id = $1`, oldID)
}

func (t roleWriter) DeleteRole(ctx context.Context, id int64) error {
	if err := t.changed(ctx, account.AuthRole, id); err != nil {
		return err
	}
	if err := t.removeListedID(ctx, access.EntityRole, id); err != nil {
		return err
	}
	return t.execOne(ctx, `DELETE FROM roles WHERE id = $1`, id)
}

// removeListedID removes a deleted id from the permissions for entity that list it. It also deletes the permissions
// whose list becomes empty, since an empty list would mean every id. It locks the roles first. If two transactions
// remove ids from the same permission, the second one then sees the list that the first one has left.
func (t *txState) removeListedID(ctx context.Context, entity access.Entity, id int64) error {
	roles, err := all(ctx, &t.querier, scanInt, `
		SELECT id FROM roles WHERE id IN (
			SELECT p.role_id FROM role_permission_ids i JOIN role_permissions p ON p.id = i.permission_id
			WHERE i.entity_id = $2 AND p.entity_name = $1 AND p.scope = 'ids')
		ORDER BY id`+t.Dialect.LockRow, string(entity), id)
	if err != nil {
		return err
	}
	for _, role := range roles {
		if err := t.changed(ctx, account.AuthRole, role); err != nil {
			return err
		}
	}
	err = t.execDeferred(ctx, `
		DELETE FROM role_permission_ids
		WHERE entity_id = $2 AND permission_id IN (SELECT id FROM role_permissions WHERE entity_name = $1 AND scope = 'ids')`,
		string(entity), id)
	if err != nil {
		return err
	}
	return t.execDeferred(ctx, `
		DELETE FROM role_permissions
		WHERE entity_name = $1 AND scope = 'ids'
		  AND NOT EXISTS (SELECT 1 FROM role_permission_ids i WHERE i.permission_id = role_permissions.id)`, string(entity))
}
