package settings

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// maxGroups limits the allowed groups of an LDAP or SAML configuration, as in the contract.
const maxGroups = 1000

// checkGroups checks allowed groups and adds errors to c. It returns a copy of the groups in
// which the roles of each group are sorted and unique.
func checkGroups(c *account.Checker, path string, groups []account.AllowedGroup) []account.AllowedGroup {
	c.MaxItems(path, len(groups), maxGroups)
	checked := slices.Clone(groups)
	for i, g := range groups {
		c.Text(fmt.Sprintf("%s/%d/name", path, i), g.Name, maxSettingLength)
		c.MaxItems(fmt.Sprintf("%s/%d/defaultRoleIds", path, i), len(g.DefaultRoleIDs), maxGroupRoles)
		if strings.TrimSpace(g.Name) == "" {
			c.Fail(fmt.Sprintf("%s/%d/name", path, i), "must not be empty or white space alone")
		}
		if len(g.DefaultRoleIDs) == 0 {
			c.Fail(fmt.Sprintf("%s/%d/defaultRoleIds", path, i), "must have at least one role")
		}
		if slices.ContainsFunc(groups[:i], func(other account.AllowedGroup) bool { return other.Name == g.Name }) {
			c.Fail(fmt.Sprintf("%s/%d/name", path, i), "is the name of a group before it")
		}
		checked[i].DefaultRoleIDs = account.SortedUnique(g.DefaultRoleIDs)
	}
	return checked
}

// requireMayNameGroups calls [requireMayName] for the roles of each group in an update. update
// is nil if the groups don't change. The path in an error points to the group in the request.
func requireMayNameGroups(
	ctx context.Context, tx *account.Tx, caller *account.Principal,
	was []account.AllowedGroup, update *[]account.AllowedGroup,
) error {
	before := rolesOfGroups(was)
	for i, g := range account.Deref(update) {
		path := fmt.Sprintf("/allowedGroups/%d/defaultRoleIds", i)
		if err := requireMayName(ctx, tx, caller, path, before, g.DefaultRoleIDs); err != nil {
			return err
		}
	}
	return nil
}

// requireMayName checks that the caller may put the roles ids into settings that give roles to
// users. before are the roles that the settings already name; other roles need a check.
//
// It fails with CodeInvalid when such a role does not exist or the caller can't read it. It
// fails with CodeForbidden when the caller lacks one of its permissions. For a role that users
// must not get automatically it fails with CodeInvalid, even if the settings already name it.
// The transaction must have a shared lock on the roles.
func requireMayName(
	ctx context.Context, tx *account.Tx, caller *account.Principal, path string, before, ids []int64,
) error {
	var missing, unfit account.Checker
	var added []access.Role
	for i, id := range ids {
		roles, err := tx.Roles(ctx, []int64{id})
		if err != nil {
			return err
		}
		at := fmt.Sprintf("%s/%d", path, i)
		if len(roles) > 0 && !roles[0].MayBeAutomatic() {
			unfit.Fail(at, NotAutomatic(id))
		}
		if slices.Contains(before, id) {
			continue
		}
		if len(roles) == 0 || account.Allow(caller, access.ActionRead, access.EntityRole, id) != nil {
			missing.Fail(at, fmt.Sprintf("there is no role %d", id))
		}
		added = append(added, roles...)
	}
	if err := missing.Err(); err != nil {
		return err
	}
	if err := account.RequireCovers(caller, access.Union(added)); err != nil {
		return err
	}
	return unfit.Err()
}

// NotAutomatic is the message of a [account.Detail] for a role that users must not get automatically.
func NotAutomatic(id int64) string {
	return fmt.Sprintf("role %d grants create, delete, assign or edit-access, so users must not get it automatically", id)
}

func rolesOfGroups(groups []account.AllowedGroup) (ids []int64) {
	for _, g := range groups {
		ids = append(ids, g.DefaultRoleIDs...)
	}
	return ids
}

// groupChanges returns the changed field for the activity log if the allowed groups have
// changed. It describes each group with one line of text.
func groupChanges(was, now []account.AllowedGroup) []account.FieldChange {
	lines := func(groups []account.AllowedGroup) []string {
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
	return []account.FieldChange{{Field: "allowedGroups", From: from, To: to}}
}
