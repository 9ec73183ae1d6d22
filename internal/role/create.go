package role

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// CreateRoles creates all of the roles or none, and returns them in their order.
// It fails with CodeInvalid and CodeRoleNameTaken, naming what is at fault.
func (s *Roles) CreateRoles(ctx context.Context, caller *account.Principal, roles []account.NewRole) ([]access.Role, error) {
	permit, err := auth.Allowed(caller, access.ActionCreate, access.EntityRole, access.All)
	if err != nil {
		return nil, err
	}
	if err := checkNewRoles(roles); err != nil {
		return nil, err
	}
	var created []access.Role
	err = s.auth.UpdateAs(ctx, permit, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		created = make([]access.Role, len(roles))
		for i, r := range roles {
			created[i] = access.Role{Name: r.Name, Description: r.Description}
			if err := s.insertRole(ctx, tx, caller, &created[i], fmt.Sprintf("/%d/name", i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return created, nil
}

func checkNewRoles(roles []account.NewRole) error {
	switch {
	case len(roles) == 0:
		return account.Invalid(account.Detail{Path: "", Message: "must have at least one role"})
	case len(roles) > account.MaxNewRoles:
		return account.Invalid(account.Detail{Path: "", Message: fmt.Sprintf("must have at most %d roles", account.MaxNewRoles)})
	}
	var c account.Checker
	first := make(map[string]int, len(roles))
	for i, r := range roles {
		path := fmt.Sprintf("/%d", i)
		c.Name(path+"/name", r.Name)
		c.Text(path+"/description", r.Description, account.MaxDescriptionLength)
		key := account.RoleNameKey(r.Name)
		if j, twice := first[key]; twice {
			c.Fail(path+"/name", fmt.Sprintf("is the same name as that of /%d/name", j))
			continue
		}
		first[key] = i
	}
	return c.Err()
}

// insertRole stores a new role, gives it its id, and records it. path is where
// its name is in the input.
func (s *Roles) insertRole(ctx context.Context, tx account.Tx, caller *account.Principal, r *access.Role, path string, more ...account.FieldChange) error {
	var err error
	r.ID, err = tx.InsertRole(ctx, *r)
	if errors.Is(err, account.ErrRoleNameTaken) {
		return roleNameTaken(path)
	}
	if err != nil {
		return err
	}
	changes := append([]account.FieldChange{{Field: "name", To: r.Name}, {Field: "description", To: r.Description}}, more...)
	return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionRoleCreate, Target: roleTarget(*r), Changes: changes})
}

// CopyRole creates a role with the description and the permissions of another.
// Those of role 1 are frozen: the copy has today's, and none of a later release.
// It fails as [Allow] says and with CodeInvalid and CodeRoleNameTaken.
func (s *Roles) CopyRole(ctx context.Context, caller *account.Principal, from int64, name string) (access.Role, error) {
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error { return requireMayCopy(caller, from) })
	if err != nil {
		return access.Role{}, err
	}
	lock := func(ctx context.Context, tx account.Tx) error { return tx.ShareLockRoles(ctx, from) }
	var role access.Role
	err = s.auth.UpdateLocked(ctx, permit, auth.NoUser, lock, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		original, err := findRole(ctx, tx, from)
		if err != nil {
			return err
		}
		if err := account.RequireCovers(caller, access.Union([]access.Role{original})); err != nil {
			return err
		}
		var c account.Checker
		c.Name("/name", name)
		if err := c.Err(); err != nil {
			return err
		}
		role = access.Role{Name: name, Description: original.Description, Permissions: original.Expand()}
		return s.insertRole(ctx, tx, caller, &role, "/name",
			account.FieldChange{Field: "from", To: from}, account.FieldChange{Field: "permissions", To: permissionTexts(role.Permissions)})
	})
	if err != nil {
		return access.Role{}, err
	}
	return role, nil
}

func requireMayCopy(caller *account.Principal, from int64) error {
	if err := account.Allow(caller, access.ActionCreate, access.EntityRole, access.All); err != nil {
		return err
	}
	return account.Allow(caller, access.ActionRead, access.EntityRole, from)
}

// UpdateRole changes the name or the description of a role. It fails as [Allow]
// says and with CodeBuiltInRole, CodeInvalid and CodeRoleNameTaken.
func (s *Roles) UpdateRole(ctx context.Context, caller *account.Principal, id int64, up account.RoleUpdate) (access.Role, error) {
	permit, err := auth.Allowed(caller, access.ActionEdit, access.EntityRole, id)
	if err != nil {
		return access.Role{}, err
	}
	var role access.Role
	err = s.updateRoleAs(ctx, permit, id, func(ctx context.Context, tx account.Tx, caller *account.Principal, was access.Role) error {
		role = was
		var changes []account.FieldChange
		var c account.Checker
		if up.Name != nil {
			c.Name("/name", *up.Name)
			role.Name = *up.Name
		}
		if up.Description != nil {
			c.Text("/description", *up.Description, account.MaxDescriptionLength)
			role.Description = *up.Description
		}
		if err := c.Err(); err != nil {
			return err
		}
		if role.Name != was.Name {
			changes = append(changes, account.FieldChange{Field: "name", From: was.Name, To: role.Name})
		}
		if role.Description != was.Description {
			changes = append(changes, account.FieldChange{Field: "description", From: was.Description, To: role.Description})
		}
		err := tx.UpdateRole(ctx, role)
		if errors.Is(err, account.ErrRoleNameTaken) {
			return roleNameTaken("/name")
		}
		if err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionRoleUpdate, Target: roleTarget(role), Changes: changes})
	})
	if err != nil {
		return access.Role{}, err
	}
	return role, nil
}

// requireMayChange returns a locked role. It fails with CodeForbidden unless the caller
// covers the role, and with CodeBuiltInRole for a built-in one.
func requireMayChange(ctx context.Context, tx account.Tx, caller *account.Principal, id int64) (access.Role, error) {
	role, err := findRole(ctx, tx, id)
	if err != nil {
		return access.Role{}, err
	}
	if err := account.RequireCovers(caller, access.Union([]access.Role{role})); err != nil {
		return access.Role{}, err
	}
	if role.BuiltIn() {
		return access.Role{}, &account.Error{Code: account.CodeBuiltInRole, Message: "This role is built in. Copy it, and change the copy."}
	}
	return role, nil
}

func roleNameTaken(path string) *account.Error {
	return &account.Error{
		Code: account.CodeRoleNameTaken, Message: "There is a role with this name already.",
		Details: []account.Detail{{Path: path, Message: "is the name of another role, upper and lower case being one"}},
	}
}

// roleTarget names a role in the activity log.
func roleTarget(r access.Role) account.Target {
	return account.Target{Kind: access.EntityRole, ID: r.ID, Name: r.Name}
}
