package account

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// Limits of roles.
const (
	MaxDescriptionLength = 4096 // characters
	MaxNewRoles          = 100  // at once
)

// rolePage is how many roles a list holds in memory at once.
const rolePage = 50

// NewRole is what a role is created from. It permits nothing at first.
type NewRole struct{ Name, Description string }

// RoleUpdate changes a role. A nil field is left alone.
type RoleUpdate struct{ Name, Description *string }

// RoleSummary is what lists tell of a role. Its permissions, which may list thousands
// of ids, are only counted.
type RoleSummary struct {
	ID                int64
	Name, Description string
	Permissions       int // role 1, which permits everything, has none stored
}

// BuiltIn reports whether the role is of every database, and cannot be changed.
func (r RoleSummary) BuiltIn() bool { return access.Role{ID: r.ID}.BuiltIn() }

// ListRoles calls yield with every role that the caller may read, by id. It holds
// one page at a time, so a list is not one snapshot. It ends with the first
// failure of yield.
func (s *Service) ListRoles(ctx context.Context, caller *Principal, yield func(access.Role) error) error {
	return listRoles(ctx, caller, 0, s.store.RolesAfter, func(r access.Role) int64 { return r.ID }, yield)
}

// ListRoleSummaries is [Service.ListRoles] for summaries, of the roles after an id;
// 0: of all.
func (s *Service) ListRoleSummaries(ctx context.Context, caller *Principal, after int64, yield func(RoleSummary) error) error {
	return listRoles(ctx, caller, after, s.store.RoleSummariesAfter, func(r RoleSummary) int64 { return r.ID }, yield)
}

// listRoles calls yield with what read has of the roles after one that the caller may
// read.
func listRoles[R any](ctx context.Context, caller *Principal, after int64,
	read func(ctx context.Context, after int64, limit int) ([]R, error), id func(R) int64, yield func(R) error,
) error {
	if err := Allow(caller, access.ActionRead, access.EntityRole, access.Any); err != nil {
		return err
	}
	for {
		roles, err := read(ctx, after, rolePage)
		if err != nil {
			return err
		}
		for _, r := range roles {
			if Allow(caller, access.ActionRead, access.EntityRole, id(r)) != nil {
				continue
			}
			if err := yield(r); err != nil {
				return err
			}
		}
		if len(roles) < rolePage {
			return nil
		}
		after = id(roles[len(roles)-1])
	}
}

// CoveredRoles returns which of some roles the caller may read and covers. Nothing is
// read for an administrator, who covers whatever there is; for others one page at a
// time.
func (s *Service) CoveredRoles(ctx context.Context, caller *Principal, ids []int64) (map[int64]bool, error) {
	if err := Allow(caller, access.ActionRead, access.EntityRole, access.Any); err != nil {
		return nil, err
	}
	covered := make(map[int64]bool, len(ids))
	for page := range slices.Chunk(ids, rolePage) {
		if caller.Access.Administrator {
			for _, id := range page {
				covered[id] = true
			}
			continue
		}
		roles, err := s.store.Roles(ctx, page)
		if err != nil {
			return nil, err
		}
		for _, r := range readable(caller, roles) {
			covered[r.ID] = requireCovers(caller, access.Of([]access.Role{r})) == nil
		}
	}
	return covered, nil
}

// readable returns those of the roles that the caller may read.
func readable(caller *Principal, roles []access.Role) []access.Role {
	var seen []access.Role
	for _, r := range roles {
		if Allow(caller, access.ActionRead, access.EntityRole, r.ID) == nil {
			seen = append(seen, r)
		}
	}
	return seen
}

// Role returns one role. It fails as [Allow] says.
func (s *Service) Role(ctx context.Context, caller *Principal, id int64) (access.Role, error) {
	if err := Allow(caller, access.ActionRead, access.EntityRole, id); err != nil {
		return access.Role{}, err
	}
	return findRole(ctx, s.store, id)
}

// DefaultRoles returns those of the roles of new users that the caller may read.
func (s *Service) DefaultRoles(ctx context.Context, caller *Principal) ([]access.Role, error) {
	if err := Allow(caller, access.ActionRead, access.EntityRole, access.Any); err != nil {
		return nil, err
	}
	settings, err := loadApplicationSettings(ctx, s.store)
	if err != nil {
		return nil, err
	}
	roles, err := s.store.Roles(ctx, settings.DefaultRoleIDs)
	return readable(caller, roles), err
}

func findRole(ctx context.Context, r Reader, id int64) (access.Role, error) {
	roles, err := r.Roles(ctx, []int64{id})
	if err == nil && len(roles) == 0 {
		err = NotFound()
	}
	if err != nil {
		return access.Role{}, err
	}
	return roles[0], nil
}

// CreateRoles creates all of the roles or none, and returns them in their order.
// It fails with CodeInvalid and CodeRoleNameTaken, naming what is at fault.
func (s *Service) CreateRoles(ctx context.Context, caller *Principal, roles []NewRole) ([]access.Role, error) {
	if err := Allow(caller, access.ActionCreate, access.EntityRole, access.All); err != nil {
		return nil, err
	}
	if err := checkNewRoles(roles); err != nil {
		return nil, err
	}
	var created []access.Role
	err := s.updateAs(ctx, caller, func(ctx context.Context, tx Tx, caller *Principal) error {
		created = make([]access.Role, len(roles))
		if err := Allow(caller, access.ActionCreate, access.EntityRole, access.All); err != nil {
			return err
		}
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

func checkNewRoles(roles []NewRole) error {
	switch {
	case len(roles) == 0:
		return Invalid(Detail{"", "must have at least one role"})
	case len(roles) > MaxNewRoles:
		return Invalid(Detail{"", fmt.Sprintf("must have at most %d roles", MaxNewRoles)})
	}
	var c checker
	first := make(map[string]int, len(roles))
	for i, r := range roles {
		path := fmt.Sprintf("/%d", i)
		c.name(path+"/name", r.Name)
		c.text(path+"/description", r.Description, MaxDescriptionLength)
		key := RoleNameKey(r.Name)
		if j, twice := first[key]; twice {
			c.fail(path+"/name", fmt.Sprintf("is the same name as that of /%d/name", j))
			continue
		}
		first[key] = i
	}
	return c.err()
}

// insertRole stores a new role, gives it its id, and records it. path is where
// its name is in the input.
func (s *Service) insertRole(ctx context.Context, tx Tx, caller *Principal, r *access.Role, path string, more ...FieldChange) error {
	var err error
	r.ID, err = tx.InsertRole(ctx, *r)
	if errors.Is(err, ErrRoleNameTaken) {
		return roleNameTaken(path)
	}
	if err != nil {
		return err
	}
	changes := append([]FieldChange{{Field: "name", To: r.Name}, {Field: "description", To: r.Description}}, more...)
	return s.record(ctx, tx, caller, Event{ActionRoleCreate, roleTarget(*r), changes})
}

// CopyRole creates a role with the description and the permissions of another.
// Those of role 1 are frozen: the copy has today's, and none of a later release.
// It fails as [Allow] says and with CodeInvalid and CodeRoleNameTaken.
func (s *Service) CopyRole(ctx context.Context, caller *Principal, from int64, name string) (access.Role, error) {
	if err := mayCopy(caller, from); err != nil {
		return access.Role{}, err
	}
	lock := func(ctx context.Context, tx Tx) error { return tx.ShareLockRoles(ctx, from) }
	var role access.Role
	err := s.updateLocked(ctx, caller, noUser, lock, func(ctx context.Context, tx Tx, caller *Principal) error {
		if err := mayCopy(caller, from); err != nil {
			return err
		}
		original, err := findRole(ctx, tx, from)
		if err != nil {
			return err
		}
		if err := requireCovers(caller, access.Of([]access.Role{original})); err != nil {
			return err
		}
		var c checker
		c.name("/name", name)
		if err := c.err(); err != nil {
			return err
		}
		role = access.Role{Name: name, Description: original.Description, Permissions: original.Expand()}
		return s.insertRole(ctx, tx, caller, &role, "/name",
			FieldChange{Field: "from", To: from}, FieldChange{Field: "permissions", To: permissionTexts(role.Permissions)})
	})
	if err != nil {
		return access.Role{}, err
	}
	return role, nil
}

func mayCopy(caller *Principal, from int64) error {
	if err := Allow(caller, access.ActionCreate, access.EntityRole, access.All); err != nil {
		return err
	}
	return Allow(caller, access.ActionRead, access.EntityRole, from)
}

// UpdateRole changes the name or the description of a role. It fails as [Allow]
// says and with CodeBuiltInRole, CodeInvalid and CodeRoleNameTaken.
func (s *Service) UpdateRole(ctx context.Context, caller *Principal, id int64, up RoleUpdate) (access.Role, error) {
	var role access.Role
	err := s.updateRoleAs(ctx, caller, access.ActionEdit, id, func(ctx context.Context, tx Tx, caller *Principal, was access.Role) error {
		role = was
		var changes []FieldChange
		var c checker
		if up.Name != nil {
			c.name("/name", *up.Name)
			role.Name = *up.Name
		}
		if up.Description != nil {
			c.text("/description", *up.Description, MaxDescriptionLength)
			role.Description = *up.Description
		}
		if err := c.err(); err != nil {
			return err
		}
		if role.Name != was.Name {
			changes = append(changes, FieldChange{"name", was.Name, role.Name})
		}
		if role.Description != was.Description {
			changes = append(changes, FieldChange{"description", was.Description, role.Description})
		}
		err := tx.UpdateRole(ctx, role)
		if errors.Is(err, ErrRoleNameTaken) {
			return roleNameTaken("/name")
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, caller, Event{ActionRoleUpdate, roleTarget(role), changes})
	})
	if err != nil {
		return access.Role{}, err
	}
	return role, nil
}

// SetRolePermissions gives a role these permissions and no others. It fails as
// [Allow] says, for a caller who does not hold them all too, and with
// CodeBuiltInRole, CodeInvalid and CodePermissionNeedsRead.
func (s *Service) SetRolePermissions(ctx context.Context, caller *Principal, id int64, drafts []access.PermissionRequest) (access.Role, error) {
	return s.setRolePermissions(ctx, caller, id, drafts, func(access.Role) error { return nil })
}

// ReplaceRolePermissions is [Service.SetRolePermissions] for a role that still has the
// permissions that somebody has seen. It fails with CodeRoleChanged where it has others.
func (s *Service) ReplaceRolePermissions(ctx context.Context, caller *Principal, id int64, seen []access.Permission, drafts []access.PermissionRequest) (access.Role, error) {
	return s.setRolePermissions(ctx, caller, id, drafts, func(was access.Role) error {
		if !slices.EqualFunc(was.Permissions, seen, access.Permission.Equal) {
			return &Error{Code: CodeRoleChanged, Message: "Somebody has changed these permissions in the meantime."}
		}
		return nil
	})
}

// setRolePermissions gives a role permissions, if check finds no fault with the role as
// it is, which nobody else can change then.
func (s *Service) setRolePermissions(ctx context.Context, caller *Principal, id int64, drafts []access.PermissionRequest, check func(was access.Role) error) (access.Role, error) {
	if err := Allow(caller, access.ActionEdit, access.EntityRole, id); err != nil {
		return access.Role{}, err
	}
	wanted, err := checkPermissions("", drafts)
	if err != nil {
		return access.Role{}, err
	}
	var role access.Role
	err = s.updateRoleAs(ctx, caller, access.ActionEdit, id, func(ctx context.Context, tx Tx, caller *Principal, was access.Role) error {
		if err := check(was); err != nil {
			return err
		}
		if err := mayAddUnknown(caller, was.Permissions, wanted); err != nil {
			return err
		}
		role = was
		role.Permissions = wanted
		if err := requireCovers(caller, access.Of([]access.Role{role})); err != nil {
			return err
		}
		if err := tx.SetRolePermissions(ctx, id, wanted); err != nil {
			return err
		}
		return s.record(ctx, tx, caller, Event{ActionRolePermissions, roleTarget(role), []FieldChange{
			{"permissions", permissionTexts(was.Permissions), permissionTexts(wanted)},
		}})
	})
	if err != nil {
		return access.Role{}, err
	}
	return role, nil
}

// mayChangeRole returns the role if the caller may do the action with it, covers
// it, and it is not built in. It is locked already.
func mayChangeRole(ctx context.Context, tx Tx, caller *Principal, action access.Action, id int64) (access.Role, error) {
	if err := Allow(caller, action, access.EntityRole, id); err != nil {
		return access.Role{}, err
	}
	role, err := findRole(ctx, tx, id)
	if err != nil {
		return access.Role{}, err
	}
	if err := requireCovers(caller, access.Of([]access.Role{role})); err != nil {
		return access.Role{}, err
	}
	if role.BuiltIn() {
		return access.Role{}, &Error{Code: CodeBuiltInRole, Message: "This role is built in. Copy it, and change the copy."}
	}
	return role, nil
}

func roleNameTaken(path string) *Error {
	return &Error{
		Code: CodeRoleNameTaken, Message: "There is a role with this name already.",
		Details: []Detail{{path, "is the name of another role, upper and lower case being one"}},
	}
}

// roleTarget names a role in the activity log.
func roleTarget(r access.Role) Target { return Target{access.EntityRole, r.ID, r.Name} }
