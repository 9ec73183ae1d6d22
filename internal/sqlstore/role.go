package sqlstore

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// roleRow is a role with one of its permissions and one of its ids, each of
// which may be missing.
type roleRow struct {
	id                    int64
	name, description     string
	permission            *int64
	entity, action, scope *string
	entityID              *int64
}

// The parts of the statements that read roles, in order of role, permission and id.
const (
	selectRole = `
	SELECT r.id, r.name, r.description, p.id, p.entity_name, p.action, p.scope, i.entity_id
	FROM roles r
	LEFT JOIN role_permissions p ON p.role_id = r.id
	LEFT JOIN role_permission_ids i ON i.permission_id = p.id`
	orderRole = ` ORDER BY r.id, p.id, i.entity_id`
)

func scanRole(row scanner) (r roleRow, err error) {
	return r, row.Scan(&r.id, &r.name, &r.description, &r.permission, &r.entity, &r.action, &r.scope, &r.entityID)
}

// foldRoles makes roles of their rows.
func foldRoles(rows []roleRow) []access.Role {
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

func (r reader) Roles(ctx context.Context, ids []int64) ([]access.Role, error) {
	var roles []access.Role
	for _, id := range ids {
		rows, err := all(ctx, r.queries, scanRole, selectRole+` WHERE r.id = $1`+orderRole, id)
		if err != nil {
			return nil, err
		}
		roles = append(roles, foldRoles(rows)...)
	}
	return roles, nil
}

func (r reader) RolesOf(ctx context.Context, userID int64) ([]access.Role, error) {
	rows, err := all(ctx, r.queries, scanRole,
		selectRole+` WHERE r.id IN (SELECT role_id FROM user_roles WHERE user_id = $1)`+orderRole, userID)
	return foldRoles(rows), err
}

func (r reader) RolesAfter(ctx context.Context, id int64, limit int) ([]access.Role, error) {
	rows, err := all(ctx, r.queries, scanRole,
		selectRole+` WHERE r.id IN (SELECT id FROM roles WHERE id > $1 ORDER BY id LIMIT $2)`+orderRole, id, limit)
	return foldRoles(rows), err
}

func (r reader) RoleSummariesAfter(ctx context.Context, id int64, limit int) ([]account.RoleSummary, error) {
	return all(ctx, r.queries, scanRoleSummary, `
		SELECT r.id, r.name, r.description, (SELECT COUNT(*) FROM role_permissions p WHERE p.role_id = r.id)
		FROM roles r WHERE r.id > $1 ORDER BY r.id LIMIT $2`, id, limit)
}

func scanRoleSummary(row scanner) (r account.RoleSummary, err error) {
	return r, row.Scan(&r.ID, &r.Name, &r.Description, &r.Permissions)
}

func (r reader) RolesOfHolders(ctx context.Context, id int64) ([]access.Role, error) {
	rows, err := all(ctx, r.atLength(), scanRole, selectRole+`
		WHERE r.id IN (SELECT o.role_id FROM user_roles h JOIN user_roles o ON o.user_id = h.user_id WHERE h.role_id = $1)`+orderRole, id)
	return foldRoles(rows), err
}

func (t *tx) InsertRole(ctx context.Context, r access.Role) (int64, error) {
	columns, values := "name, name_key, description", "$1, $2, $3"
	args := []any{r.Name, account.RoleNameKey(r.Name), r.Description}
	if r.ID != 0 {
		columns, values, args = "id, "+columns, "$4, "+values, append(args, r.ID)
	}
	roleID, err := one(ctx, t.queries, scanInt, `INSERT INTO roles (`+columns+`) VALUES (`+values+`) RETURNING id`, args...)
	if err != nil {
		return 0, err
	}
	return roleID, t.insertPermissions(ctx, roleID, r.Permissions)
}

func (t *tx) insertPermissions(ctx context.Context, roleID int64, permissions []access.Permission) error {
	for _, p := range permissions {
		permissionID, err := one(ctx, t.queries, scanInt, `
			INSERT INTO role_permissions (role_id, entity_name, action, scope) VALUES ($1, $2, $3, $4) RETURNING id`,
			roleID, string(p.Entity), string(p.Action), string(p.Scope))
		if err != nil {
			return err
		}
		if len(p.IDs) == 0 {
			continue
		}
		err = t.run(ctx, `
			INSERT INTO role_permission_ids (permission_id, entity_id)
			SELECT CAST($1 AS BIGINT), value FROM `+t.dialect.idList("$2")+` AS ids`, permissionID, t.dialect.ids(p.IDs))
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) UpdateRole(ctx context.Context, r access.Role) error {
	if err := t.changed(ctx, account.AuthRole, r.ID); err != nil {
		return err
	}
	return t.runOne(ctx, `UPDATE roles SET name = $2, name_key = $3, description = $4 WHERE id = $1`,
		r.ID, r.Name, account.RoleNameKey(r.Name), r.Description)
}

func (t *tx) SetRolePermissions(ctx context.Context, id int64, permissions []access.Permission) error {
	if _, err := one(ctx, t.queries, scanInt, `SELECT id FROM roles WHERE id = $1`+t.dialect.lockRow, id); err != nil {
		return err
	}
	if err := t.changed(ctx, account.AuthRole, id); err != nil {
		return err
	}
	if err := t.run(ctx, `DELETE FROM role_permissions WHERE role_id = $1`, id); err != nil {
		return err
	}
	return t.insertPermissions(ctx, id, permissions)
}

func (t *tx) ReplaceRole(ctx context.Context, old, with int64) (int, error) {
	if err := t.changed(ctx, account.AuthRole, old); err != nil {
		return 0, err
	}
	if err := t.lockHolders(ctx, old); err != nil {
		return 0, err
	}
	err := t.atLength().run(ctx, `
		INSERT INTO user_roles (user_id, role_id) SELECT user_id, CAST($2 AS BIGINT) FROM user_roles WHERE role_id = $1
		ON CONFLICT (user_id, role_id) DO NOTHING`, old, with)
	if err != nil {
		return 0, err
	}
	return t.atLength().exec(ctx, `DELETE FROM user_roles WHERE role_id = $1`, old)
}

func (t *tx) DeleteRole(ctx context.Context, id int64) error {
	if err := t.changed(ctx, account.AuthRole, id); err != nil {
		return err
	}
	if err := t.forgetID(ctx, access.EntityRole, id); err != nil {
		return err
	}
	return t.runOne(ctx, `DELETE FROM roles WHERE id = $1`, id)
}

// forgetID removes an id from the permissions for an entity that list it, and
// the permissions that list nothing any more: they must not come to mean all. It
// locks their roles, so that of two ids of one permission the second to go sees that
// the first has.
func (t *tx) forgetID(ctx context.Context, entity access.Entity, id int64) error {
	roles, err := all(ctx, t.queries, scanInt, `
		SELECT id FROM roles WHERE id IN (
			SELECT p.role_id FROM role_permission_ids i JOIN role_permissions p ON p.id = i.permission_id
			WHERE i.entity_id = $2 AND p.entity_name = $1 AND p.scope = 'ids')
		ORDER BY id`+t.dialect.lockRow, string(entity), id)
	if err != nil {
		return err
	}
	for _, role := range roles {
		if err := t.changed(ctx, account.AuthRole, role); err != nil {
			return err
		}
	}
	err = t.run(ctx, `
		DELETE FROM role_permission_ids
		WHERE entity_id = $2 AND permission_id IN (SELECT id FROM role_permissions WHERE entity_name = $1 AND scope = 'ids')`,
		string(entity), id)
	if err != nil {
		return err
	}
	return t.run(ctx, `
		DELETE FROM role_permissions
		WHERE entity_name = $1 AND scope = 'ids'
		  AND NOT EXISTS (SELECT 1 FROM role_permission_ids i WHERE i.permission_id = role_permissions.id)`, string(entity))
}
