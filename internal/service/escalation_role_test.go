package service_test

import (
	"crypto/rand"
	"slices"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// anyRole draws one of the roles. It prefers roles that this run created: few calls may
// change a built-in role.
func (c *escalation) anyRole(t *rapid.T) int64 {
	candidates := c.roles
	if rapid.IntRange(0, 3).Draw(t, "built in") > 0 {
		candidates = slices.DeleteFunc(slices.Clone(candidates), func(id int64) bool { return id <= access.UserRole })
	}
	if len(candidates) == 0 {
		candidates = c.roles
	}
	return rapid.SampledFrom(candidates).Draw(t, "role")
}

func (c *escalation) createRole(_ *rapid.T, p *account.Principal) error {
	roles, err := c.CreateRoles(c.T.Context(), p, []account.NewRole{{Name: rand.Text()}})
	if err == nil {
		c.roles = append(c.roles, roles[0].ID)
	}
	return err
}

func (c *escalation) copyRole(t *rapid.T, p *account.Principal) error {
	r, err := c.CopyRole(c.T.Context(), p, c.anyRole(t), rand.Text())
	if err == nil {
		c.roles = append(c.roles, r.ID)
	}
	return err
}

func (c *escalation) renameRole(t *rapid.T, p *account.Principal) error {
	_, err := c.UpdateRole(c.T.Context(), p, c.anyRole(t), account.RoleUpdate{Description: new(rand.Text())})
	return err
}

// setPermissions gives a role random permissions, or those of another role. It always adds
// read permissions, because an edit permission is invalid without the read permission.
func (c *escalation) setPermissions(t *rapid.T, p *account.Principal) error {
	wanted := append(anyPermissions(c.users, c.roles).Draw(t, "permissions"),
		servicetest.Permissions("user:read", "role:read")...)
	if rapid.Bool().Draw(t, "of another role") {
		wanted = c.StoredRole(c.anyRole(t)).Expand()
	}
	_, err := c.SetRolePermissions(c.T.Context(), p, c.anyRole(t), servicetest.RequestsFor(wanted...))
	return err
}

// deleteRole deletes a role. The users of the role get the replacement role, which may have
// more permissions.
func (c *escalation) deleteRole(t *rapid.T, p *account.Principal) error {
	id, replacement := c.anyRole(t), int64(0)
	if rapid.IntRange(0, 2).Draw(t, "replace") > 0 {
		id, replacement = rapid.SampledFrom(p.User.RoleIDs).Draw(t, "own role"), c.anyRole(t)
	}
	err := c.DeleteRole(c.T.Context(), p, id, replacement)
	if err == nil {
		c.roles = slices.DeleteFunc(c.roles, func(r int64) bool { return r == id })
	}
	return err
}
