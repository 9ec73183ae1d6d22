package account

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// AllowedGroup is a group of a directory or an identity provider whose members may
// sign in, and what they get.
type AllowedGroup struct {
	Name             string
	DefaultRoleIDs   []int64 // sorted, not empty
	DefaultProfileID int
}

// checkGroups checks allowed groups and returns them with their roles sorted.
func checkGroups(c *checker, path string, groups []AllowedGroup) []AllowedGroup {
	c.maxItems(path, len(groups), maxGroups)
	checked := slices.Clone(groups)
	for i, g := range groups {
		c.text(fmt.Sprintf("%s/%d/name", path, i), g.Name, maxSettingLength)
		c.maxItems(fmt.Sprintf("%s/%d/defaultRoleIds", path, i), len(g.DefaultRoleIDs), maxGroupRoles)
		if strings.TrimSpace(g.Name) == "" {
			c.fail(fmt.Sprintf("%s/%d/name", path, i), "must not be empty or white space alone")
		}
		if len(g.DefaultRoleIDs) == 0 {
			c.fail(fmt.Sprintf("%s/%d/defaultRoleIds", path, i), "must have at least one role")
		}
		if slices.ContainsFunc(groups[:i], func(other AllowedGroup) bool { return other.Name == g.Name }) {
			c.fail(fmt.Sprintf("%s/%d/name", path, i), "is the name of a group before it")
		}
		checked[i].DefaultRoleIDs = sortedUnique(g.DefaultRoleIDs)
	}
	return checked
}

// mayNameGroups is [mayName] for the roles of the groups that an update asks for,
// as it has them: a fault is told by its place in the request.
func mayNameGroups(ctx context.Context, tx Tx, caller *Principal, was []AllowedGroup, asked *[]AllowedGroup) error {
	before := rolesOfGroups(was)
	for i, g := range deref(asked) {
		path := fmt.Sprintf("/allowedGroups/%d/defaultRoleIds", i)
		if err := mayName(ctx, tx, caller, path, before, g.DefaultRoleIDs); err != nil {
			return err
		}
	}
	return nil
}

// mayName decides whether the caller may have settings give roles to users: he has
// to cover each that they did not give before. One that he may not see is the same
// as one that is not there. The roles are held already.
func mayName(ctx context.Context, tx Tx, caller *Principal, path string, before, ids []int64) error {
	var c checker
	var named []access.Role
	for i, id := range ids {
		if slices.Contains(before, id) {
			continue
		}
		roles, err := tx.Roles(ctx, []int64{id})
		if err != nil {
			return err
		}
		if len(roles) == 0 || Allow(caller, access.ActionRead, access.EntityRole, id) != nil {
			c.fail(fmt.Sprintf("%s/%d", path, i), fmt.Sprintf("there is no role %d", id))
		}
		named = append(named, roles...)
	}
	if err := c.err(); err != nil {
		return err
	}
	return requireCovers(caller, access.Of(named))
}

func rolesOfGroups(groups []AllowedGroup) (ids []int64) {
	for _, g := range groups {
		ids = append(ids, g.DefaultRoleIDs...)
	}
	return ids
}

// groupChanges tells the activity log of allowed groups, each as its name and its
// roles.
func groupChanges(was, now []AllowedGroup) []FieldChange {
	lines := func(groups []AllowedGroup) []string {
		texts := make([]string, len(groups))
		for i, g := range groups {
			texts[i] = fmt.Sprintf("%s: roles %v, profile %d", g.Name, g.DefaultRoleIDs, g.DefaultProfileID)
		}
		return texts
	}
	from, to := lines(was), lines(now)
	if slices.Equal(from, to) {
		return nil
	}
	return []FieldChange{{"allowedGroups", from, to}}
}

// replaceLDAPRole is a [roleReplacer] for the groups of the directory.
func (s *Service) replaceLDAPRole(ctx context.Context, tx Tx, caller *Principal, old, with int64) (bool, error) {
	was, err := loadLDAP(ctx, tx)
	used := slices.Contains(rolesOfGroups(was.AllowedGroups), old)
	if err != nil || !used || with == 0 {
		return used, err
	}
	now := was
	now.AllowedGroups = replacedInGroups(was.AllowedGroups, old, with)
	return true, s.saveLDAP(ctx, tx, caller, was, now, nil)
}

// replaceSAMLRole is a [roleReplacer] for the groups of the identity provider.
func (s *Service) replaceSAMLRole(ctx context.Context, tx Tx, caller *Principal, old, with int64) (bool, error) {
	was, err := loadSAML(ctx, tx)
	used := slices.Contains(rolesOfGroups(was.AllowedGroups), old)
	if err != nil || !used || with == 0 {
		return used, err
	}
	now := was
	now.AllowedGroups = replacedInGroups(was.AllowedGroups, old, with)
	return true, s.saveSAML(ctx, tx, caller, was, now)
}

func replacedInGroups(groups []AllowedGroup, old, with int64) []AllowedGroup {
	groups = slices.Clone(groups)
	for i, g := range groups {
		if slices.Contains(g.DefaultRoleIDs, old) {
			groups[i].DefaultRoleIDs = replaced(g.DefaultRoleIDs, old, with)
		}
	}
	return groups
}
