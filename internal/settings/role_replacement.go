package settings

import (
	"context"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// replaceLDAPRole is a [roleReplacer] for the groups of the directory.
func (s *Settings) ReplaceLDAPRole(ctx context.Context, tx account.Tx, caller *account.Principal, old, with int64) (bool, error) {
	was, err := loadLDAP(ctx, tx)
	used := slices.Contains(rolesOfGroups(was.AllowedGroups), old)
	if err != nil || !used || with == 0 {
		return used, err
	}
	now := was
	now.AllowedGroups = replacedInGroups(was.AllowedGroups, old, with)
	return true, store(ctx, s, tx, caller, s.ldap(), now, now.changes(was))
}

// replaceSAMLRole is a [roleReplacer] for the groups of the identity provider.
func (s *Settings) ReplaceSAMLRole(ctx context.Context, tx account.Tx, caller *account.Principal, old, with int64) (bool, error) {
	was, err := loadSAML(ctx, tx)
	used := slices.Contains(rolesOfGroups(was.AllowedGroups), old)
	if err != nil || !used || with == 0 {
		return used, err
	}
	now := was
	now.AllowedGroups = replacedInGroups(was.AllowedGroups, old, with)
	return true, store(ctx, s, tx, caller, s.saml(), now, now.changes(was))
}

func replacedInGroups(groups []account.AllowedGroup, old, with int64) []account.AllowedGroup {
	groups = slices.Clone(groups)
	for i, g := range groups {
		if slices.Contains(g.DefaultRoleIDs, old) {
			groups[i].DefaultRoleIDs = replaceID(g.DefaultRoleIDs, old, with)
		}
	}
	return groups
}

// replaceDefaultRole is a [roleReplacer] for the roles that new users get.
func (s *Settings) ReplaceDefaultRole(ctx context.Context, tx account.Tx, caller *account.Principal, old, with int64) (bool, error) {
	settings, err := account.LoadApplicationSettings(ctx, tx)
	if err != nil || !slices.Contains(settings.DefaultRoleIDs, old) || with == 0 {
		return slices.Contains(settings.DefaultRoleIDs, old), err
	}
	now := settings
	now.DefaultRoleIDs = replaceID(settings.DefaultRoleIDs, old, with)
	return true, store(ctx, s, tx, caller, s.application(), now, applicationChanges(now, settings))
}

// replaced returns the ids with one of them exchanged, sorted, each once.
func replaceID(ids []int64, old, with int64) []int64 {
	return account.SortedUnique(append(slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return id == old }), with))
}
