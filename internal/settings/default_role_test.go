package settings_test

import (
	"fmt"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// nameRole maps each group of settings that gives roles automatically to a function that names a
// role there, as the administrator.
var nameRole = map[string]func(f *servicetest.Fixture, admin *account.Principal, role int64) error{
	"default roles": func(f *servicetest.Fixture, admin *account.Principal, role int64) error {
		_, err := f.UpdateApplicationSettings(f.T.Context(), admin,
			settings.ApplicationUpdate{DefaultRoleIDs: &[]int64{2, role}})
		return err
	},
	"LDAP": func(f *servicetest.Fixture, admin *account.Principal, role int64) error {
		_, err := f.UpdateLDAPConfiguration(f.T.Context(), admin,
			settings.LDAPUpdate{AllowedGroups: groupWith(2, role)})
		return err
	},
	"SAML": func(f *servicetest.Fixture, admin *account.Principal, role int64) error {
		_, err := f.UpdateSAMLConfiguration(f.T.Context(), admin,
			settings.SAMLUpdate{AllowedGroups: groupWith(2, role)})
		return err
	},
}

// groupWith returns an update to one allowed group that gives roles.
func groupWith(roles ...int64) *[]account.AllowedGroup {
	return &[]account.AllowedGroup{{Name: "staff", DefaultRoleIDs: roles, DefaultProfileID: 1}}
}

// notAutomatic are permissions that a role which users get automatically must not have.
var notAutomatic = []access.Permission{
	servicetest.Permit("user:create"), servicetest.Permit("user:edit-access"), servicetest.Permit("user:edit-access", 1),
	servicetest.Permit("user:delete"), servicetest.Permit("user:delete", 1, 3), servicetest.Permit("role:create"),
	servicetest.Permit("role:delete", 2), servicetest.Permit("role:assign"), servicetest.Permit("api-key:create"),
	servicetest.Permit("session:delete", 1), servicetest.Permit("later:create"), // a later release may know this one
}

// automatic are permissions that such a role may have.
var automatic = []access.Permission{
	servicetest.Permit("user:read"), servicetest.Permit("user:edit"), servicetest.Permit("role:edit", 2),
	servicetest.PermitSelf("api-key:create"), servicetest.PermitSelf("session:delete"), servicetest.Permit("mail:edit"),
}

// TestRolesThatUsersGetAutomatically names roles in settings that give them to users. Not even
// an administrator may name role 1, or a role with which the users could gain more rights.
func TestRolesThatUsersGetAutomatically(t *testing.T) {
	for name, set := range nameRole {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			admin := f.Admin()
			refused := []int64{access.AdministratorRole}
			for _, p := range notAutomatic {
				refused = append(refused, f.AddRole(servicetest.Permit("user:read"), p))
			}
			path := "/defaultRoleIds/1"
			if name != "default roles" {
				path = "/allowedGroups/0/defaultRoleIds/1"
			}
			for _, role := range refused {
				servicetest.WantPaths(t, set(f, admin, role), account.CodeInvalid, path)
			}
			servicetest.WantCode(t, set(f, admin, f.AddRole(automatic...)), "")
		})
	}
}

// TestRolesGivenAutomaticallyStaySo changes the permissions of a role that settings give to
// users automatically, and replaces such a role by another.
func TestRolesGivenAutomaticallyStaySo(t *testing.T) {
	for name, set := range nameRole {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			admin := f.Admin()
			role, other := f.AddRole(), f.AddRole()
			servicetest.WantCode(t, set(f, admin, role), "")
			for _, p := range notAutomatic {
				read := servicetest.Permit(string(p.Entity) + ":read")
				requests := servicetest.RequestsFor(read, p)
				_, err := f.SetRolePermissions(t.Context(), admin, role, requests)
				servicetest.WantPaths(t, err, account.CodeInvalid, "/1/action")
				_, err = f.ReplaceRolePermissions(t.Context(), admin, role, nil, requests)
				servicetest.WantPaths(t, err, account.CodeInvalid, "/1/action")
				servicetest.Must(f.SetRolePermissions(t.Context(), admin, other, requests))
				servicetest.WantPaths(t, f.DeleteRole(t.Context(), admin, role, other), account.CodeInvalid,
					"/query/replaceWith")
			}
			servicetest.WantPaths(t, f.DeleteRole(t.Context(), admin, role, access.AdministratorRole),
				account.CodeInvalid, "/query/replaceWith")
			if got := f.StoredRole(role).Permissions; len(got) != 0 {
				t.Errorf("the role has the permissions %v", got)
			}
			requests := servicetest.RequestsFor(append(automatic, servicetest.Permit("role:read"),
				servicetest.Permit("mail:read"), servicetest.PermitSelf("session:read"))...)
			servicetest.Must(f.SetRolePermissions(t.Context(), admin, role, requests))
			servicetest.Must(f.SetRolePermissions(t.Context(), admin, other, requests))
			servicetest.WantCode(t, f.DeleteRole(t.Context(), admin, role, other), "")
		})
	}
}

// TestStoredDefaultRolesOfAnEarlierRelease has default roles in the database that settings now
// refuse. No user gets them, and the settings can be corrected but not saved again.
func TestStoredDefaultRolesOfAnEarlierRelease(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	for i, role := range []int64{access.AdministratorRole, f.AddRole(servicetest.Permit("user:create"))} {
		f.StoreDefaultRoles(2, role)
		address := fmt.Sprintf("new%d@example.org", i)
		_, err := f.CreateUsers(t.Context(), admin, []account.NewUser{servicetest.NewUser(address)})
		servicetest.WantCode(t, err, account.CodeForbidden)
		imported := servicetest.Must(f.BeginImport(t.Context(), admin, false))
		_, _, err = f.AddImportRows(t.Context(), admin, imported.ID, 1, []account.ImportUser{{
			Profile: account.Profile{Name: "New"}, Email: address, Active: true,
			Password: new(secret.New(servicetest.Password)),
		}})
		servicetest.WantCode(t, err, account.CodeForbidden)
		same := &[]int64{2, role}
		_, err = f.UpdateApplicationSettings(t.Context(), admin, settings.ApplicationUpdate{DefaultRoleIDs: same})
		servicetest.WantPaths(t, err, account.CodeInvalid, "/defaultRoleIds/1")
		servicetest.Must(f.UpdateApplicationSettings(t.Context(), admin,
			settings.ApplicationUpdate{DefaultRoleIDs: &[]int64{2}}))
		servicetest.Must(f.CreateUsers(t.Context(), admin, []account.NewUser{servicetest.NewUser(address)}))
	}
}
