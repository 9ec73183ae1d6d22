package userimport_test

import (
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// When an administrator changes the access of an imported user, the user no longer belongs to the
// import. Then neither the sweep nor the import's creator, who only has user:create, deletes or
// activates the user.
func TestImportReleasesUsersWithChangedAccess(t *testing.T) {
	changes := map[string]func(f *servicetest.Fixture, id int64) error{
		"activated and deactivated": func(f *servicetest.Fixture, id int64) error {
			if err := f.UpdateUserAsAdmin(id, account.UserUpdate{Active: new(true)}); err != nil {
				return err
			}
			return f.UpdateUserAsAdmin(id, account.UserUpdate{Active: new(false)})
		},
		"role 1 assigned": func(f *servicetest.Fixture, id int64) error {
			_, err := f.SetUserRoles(f.T.Context(), f.Admin(), id, []int64{access.AdministratorRole})
			return err
		},
	}
	ends := map[string]func(f *servicetest.Fixture, creator *account.Principal, i account.Import) error{
		"finished": func(f *servicetest.Fixture, creator *account.Principal, i account.Import) error {
			_, err := f.FinishImport(f.T.Context(), creator, i.ID)
			return err
		},
		"undone": func(f *servicetest.Fixture, creator *account.Principal, i account.Import) error {
			_, err := f.UndoImport(f.T.Context(), creator, i.ID)
			return err
		},
		"undone by a fault": func(f *servicetest.Fixture, creator *account.Principal, i account.Import) error {
			_, _, err := f.AddImportRows(f.T.Context(), creator, i.ID, 2,
				[]account.ImportUser{servicetest.ImportRow("no address")})
			return err
		},
		"swept": func(f *servicetest.Fixture, _ *account.Principal, _ account.Import) error {
			f.Clock.Advance(8 * 24 * time.Hour)
			return f.Sweep(f.T.Context())
		},
	}
	for changeName, change := range changes {
		for endName, end := range ends {
			t.Run(changeName+", "+endName, func(t *testing.T) {
				t.Parallel()
				f := servicetest.New(t)
				f.AddUser("creator@example.org", f.AddRole(servicetest.Permit("user:create")))
				creator := f.As("creator@example.org")
				i := f.StartImport(creator, false)
				f.AddRows(creator, i.ID, 1, servicetest.ImportRow("user1@example.net"))
				id := f.UserID("user1@example.net")
				if err := change(f, id); err != nil {
					t.Fatal(err)
				}
				if err := end(f, creator, i); err != nil {
					t.Fatal(err)
				}
				if f.StoredUser(id).Active {
					t.Error("the import activated the released user")
				}
			})
		}
	}
}

// A role that an imported user got as a default role gains permissions before the end of the import.
// It is no default role any more. The creator, who lacks these permissions but knows the user's
// password, does not activate the user.
func TestImportDoesNotActivateUsersWithMoreRights(t *testing.T) {
	gains := map[string]func(f *servicetest.Fixture, role int64) error{
		"the role gets permissions": func(f *servicetest.Fixture, role int64) error {
			_, err := f.SetRolePermissions(f.T.Context(), f.Admin(), role,
				servicetest.RequestsFor(servicetest.Permissions("user:read", "user:delete")...))
			return err
		},
		"another role replaces it": func(f *servicetest.Fixture, role int64) error {
			return f.DeleteRole(f.T.Context(), f.Admin(), role, access.AdministratorRole)
		},
	}
	for name, gain := range gains {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			f.AddUser("creator@example.org", f.AddRole(servicetest.Permit("user:create")))
			creator, role := f.As("creator@example.org"), f.AddRole()
			f.StoreDefaultRoles(role)
			i := f.StartImport(creator, false)
			f.AddRows(creator, i.ID, 1, servicetest.ImportRow("user1@example.net"))
			id := f.UserID("user1@example.net")
			f.StoreDefaultRoles(access.UserRole)
			if err := gain(f, role); err != nil {
				t.Fatal(err)
			}
			f.AddRows(creator, i.ID, 2, servicetest.ImportRow("user2@example.net"))
			if _, err := f.FinishImport(t.Context(), creator, i.ID); err != nil {
				t.Fatal(err)
			}
			if f.StoredUser(id).Active || !f.StoredUser(f.UserID("user2@example.net")).Active {
				t.Errorf("the user with more rights is active: %v, want the other one alone", f.StoredUser(id).Active)
			}
		})
	}
}
