package settings

import (
	"context"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// ReplaceLDAPRole replaces the role old by the role with in the allowed groups of LDAP. It
// reports whether a group named old. If with is 0, it replaces nothing. The caller must have
// checked that users may get the role with automatically. The transaction must have locked this
// group of settings and the roles.
func (s *Settings) ReplaceLDAPRole(
	ctx context.Context, tx *account.Tx, caller *account.Principal, old, with int64,
) (used bool, err error) {
	was, err := loadLDAP(ctx, tx)
	used = slices.Contains(rolesOfGroups(was.AllowedGroups), old)
	if err != nil || !used || with == 0 {
		return used, err
	}
	now := was
	now.AllowedGroups = replaceInGroups(was.AllowedGroups, old, with)
	return true, store(ctx, s, tx, caller, s.ldap(), now, now.changes(was))
}

// ReplaceSAMLRole is [Settings.ReplaceLDAPRole] for the allowed groups of SAML.
func (s *Settings) ReplaceSAMLRole(
	ctx context.Context, tx *account.Tx, caller *account.Principal, old, with int64,
) (used bool, err error) {
	was, err := loadSAML(ctx, tx)
	used = slices.Contains(rolesOfGroups(was.AllowedGroups), old)
	if err != nil || !used || with == 0 {
		return used, err
	}
	now := was
	now.AllowedGroups = replaceInGroups(was.AllowedGroups, old, with)
	return true, store(ctx, s, tx, caller, s.saml(), now, now.changes(was))
}

// ReplaceDefaultRole is [Settings.ReplaceLDAPRole] for the default roles of new users.
func (s *Settings) ReplaceDefaultRole(
	ctx context.Context, tx *account.Tx, caller *account.Principal, old, with int64,
) (used bool, err error) {
	was, err := account.LoadApplicationSettings(ctx, tx)
	used = slices.Contains(was.DefaultRoleIDs, old)
	if err != nil || !used || with == 0 {
		return used, err
	}
	now := was
	now.DefaultRoleIDs = replaceID(was.DefaultRoleIDs, old, with)
	return true, store(ctx, s, tx, caller, s.application(), now, applicationChanges(now, was))
}

// GivesAutomatically reports whether settings give the role to users automatically: as a default
// role of new users, or by an allowed group of LDAP or SAML. If the transaction has locked the
// role, no other transaction can name the role in settings before the commit.
func (s *Settings) GivesAutomatically(ctx context.Context, tx *account.Tx, role int64) (bool, error) {
	application, err := account.LoadApplicationSettings(ctx, tx)
	if err != nil {
		return false, err
	}
	ldap, err := loadLDAP(ctx, tx)
	if err != nil {
		return false, err
	}
	saml, err := loadSAML(ctx, tx)
	if err != nil {
		return false, err
	}
	given := slices.Concat(
		application.DefaultRoleIDs, rolesOfGroups(ldap.AllowedGroups), rolesOfGroups(saml.AllowedGroups))
	return slices.Contains(given, role), nil
}

func replaceInGroups(groups []account.AllowedGroup, old, with int64) []account.AllowedGroup {
	groups = slices.Clone(groups)
	for i, g := range groups {
		if slices.Contains(g.DefaultRoleIDs, old) {
			groups[i].DefaultRoleIDs = replaceID(g.DefaultRoleIDs, old, with)
		}
	}
	return groups
}

// replaceID returns a sorted copy of ids, without duplicates, in which with replaces old.
func replaceID(ids []int64, old, with int64) []int64 {
	others := slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return id == old })
	return account.SortedUnique(append(others, with))
}
