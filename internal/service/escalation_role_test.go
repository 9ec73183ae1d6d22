package service_test

import (
	"crypto/rand"
	"slices"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// What a climber tries with roles.

// anyRole draws a role, mostly one of this run: the built-in ones seldom change.
func (c *escalation) anyRole(t *rapid.T) int64 {
	among := c.roles
	if rapid.IntRange(0, 3).Draw(t, "built in") > 0 {
		among = slices.DeleteFunc(slices.Clone(among), func(id int64) bool { return id <= access.UserRole })
	}
	if len(among) == 0 {
		among = c.roles
	}
	return rapid.SampledFrom(among).Draw(t, "role")
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

// setPermissions tries permissions drawn afresh, or those of another role. What
// may be edited has to be read, too.
func (c *escalation) setPermissions(t *rapid.T, p *account.Principal) error {
	wanted := append(anyPermissions(c.people, c.roles).Draw(t, "permissions"), servicetest.Permit("user:read"),
		servicetest.Permit("role:read"))
	if rapid.Bool().Draw(t, "of another role") {
		wanted = c.StoredRole(c.anyRole(t)).Expand()
	}
	_, err := c.SetRolePermissions(c.T.Context(), p, c.anyRole(t), servicetest.RequestsFor(wanted...))
	return err
}

// deleteRole goes for a role of his own more often than not, to get another.
func (c *escalation) deleteRole(t *rapid.T, p *account.Principal) error {
	id, with := c.anyRole(t), int64(0)
	if rapid.IntRange(0, 2).Draw(t, "replace") > 0 {
		id, with = rapid.SampledFrom(p.User.RoleIDs).Draw(t, "his own"), c.anyRole(t)
	}
	err := c.DeleteRole(c.T.Context(), p, id, with)
	if err == nil {
		c.roles = slices.DeleteFunc(c.roles, func(r int64) bool { return r == id })
	}
	return err
}
