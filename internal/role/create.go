package role

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// CreateRoles creates all of the roles or none, and returns them in the given order. It fails as
// [account.Allow] does. It also fails with CodeInvalid or CodeRoleNameTaken, with the path of
// each wrong field.
func (s *Roles) CreateRoles(
	ctx context.Context, caller *account.Principal, roles []account.NewRole,
) ([]access.Role, error) {
	permit, err := auth.Allowed(caller, access.ActionCreate, access.EntityRole, access.All)
	if err != nil {
		return nil, err
	}
	if err := checkNewRoles(roles); err != nil {
		return nil, err
	}
	var created []access.Role
	insert := func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		created = make([]access.Role, len(roles))
		for i, r := range roles {
			created[i] = access.Role{Name: r.Name, Description: r.Description}
			if err := s.insertRole(ctx, tx, caller, &created[i], fmt.Sprintf("/%d/name", i)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.auth.UpdateAs(ctx, permit, insert); err != nil {
		return nil, err
	}
	return created, nil
}

func checkNewRoles(roles []account.NewRole) error {
	switch {
	case len(roles) == 0:
		return account.Invalid(account.Detail{Path: "", Message: "must have at least one role"})
	case len(roles) > account.MaxNewRoles:
		return account.Invalid(account.Detail{
			Path: "", Message: fmt.Sprintf("must have at most %d roles", account.MaxNewRoles),
		})
	}
	var c account.Checker
	first := make(map[string]int, len(roles))
	for i, r := range roles {
		path := fmt.Sprintf("/%d", i)
		c.Name(path+"/name", r.Name)
		c.Text(path+"/description", r.Description, account.MaxDescriptionLength)
		key := account.RoleNameKey(r.Name)
		if j, duplicate := first[key]; duplicate {
			c.Fail(path+"/name", fmt.Sprintf("is the same name as that of /%d/name", j))
			continue
		}
		first[key] = i
	}
	return c.Err()
}

// insertRole stores a new role, sets r.ID, and records the role and the extra changes in the
// activity log. path is the JSON pointer of the name in the request. insertRole fails with
// CodeRoleNameTaken.
func (s *Roles) insertRole(
	ctx context.Context, tx *account.Tx, caller *account.Principal,
	r *access.Role, path string, extra ...account.FieldChange,
) error {
	var err error
	r.ID, err = tx.InsertRole(ctx, *r)
	if errors.Is(err, account.ErrRoleNameTaken) {
		return roleNameTaken(path)
	}
	if err != nil {
		return err
	}
	changes := []account.FieldChange{{Field: "name", To: r.Name}, {Field: "description", To: r.Description}}
	return s.audit.Record(ctx, tx, caller, account.Event{
		Action: account.ActionRoleCreate, Target: roleTarget(*r), Changes: append(changes, extra...),
	})
}

// CopyRole creates a role with the description and the permissions of the role sourceID. A copy
// of role 1 has the permissions that exist now. It does not get permissions that later releases
// add.
//
// CopyRole fails as [account.Allow] does. It fails with CodeForbidden when the caller lacks a
// permission of the role, and with CodeInvalid or CodeRoleNameTaken for a wrong name.
func (s *Roles) CopyRole(
	ctx context.Context, caller *account.Principal, sourceID int64, name string,
) (access.Role, error) {
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return requireMayCopy(caller, sourceID)
	})
	if err != nil {
		return access.Role{}, err
	}
	var role access.Role
	lock := func(ctx context.Context, tx *account.Tx) error { return tx.ShareLockRoles(ctx, sourceID) }
	copyRole := func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		original, err := findRole(ctx, tx, sourceID)
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
			account.FieldChange{Field: "from", To: sourceID},
			account.FieldChange{Field: "permissions", To: permissionTexts(role.Permissions)})
	}
	if err := s.auth.UpdateLocked(ctx, permit, auth.NoUser, lock, copyRole); err != nil {
		return access.Role{}, err
	}
	return role, nil
}

func requireMayCopy(caller *account.Principal, sourceID int64) error {
	if err := account.Allow(caller, access.ActionCreate, access.EntityRole, access.All); err != nil {
		return err
	}
	return account.Allow(caller, access.ActionRead, access.EntityRole, sourceID)
}

func roleNameTaken(path string) *account.Error {
	return &account.Error{
		Code: account.CodeRoleNameTaken, Message: "There is a role with this name already.",
		Details: []account.Detail{{
			Path: path, Message: "is the name of another role, upper and lower case being one",
		}},
	}
}
