package userimport_test

import (
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// A user whose access somebody has changed is no longer the import's: neither its
// maker, who has user:create alone, nor the clean-up deletes or activates him.
func TestImportReleasesUsersWithChangedAccess(t *testing.T) {
	changes := map[string]func(f *servicetest.Fixture, id int64) error{
		"activated and deactivated": func(f *servicetest.Fixture, id int64) error {
			if err := f.UpdateUserAsAdmin(id, account.UserUpdate{Active: new(true)}); err != nil {
				return err
			}
			return f.UpdateUserAsAdmin(id, account.UserUpdate{Active: new(false)})
		},
		"given role 1": func(f *servicetest.Fixture, id int64) error {
			_, err := f.SetUserRoles(f.T.Context(), f.Admin(), id, []int64{access.AdministratorRole})
			return err
		},
	}
	ends := map[string]func(f *servicetest.Fixture, maker *account.Principal, i account.Import) error{
		"finished": func(f *servicetest.Fixture, maker *account.Principal, i account.Import) error {
			_, err := f.FinishImport(f.T.Context(), maker, i.ID)
			return err
		},
		"undone": func(f *servicetest.Fixture, maker *account.Principal, i account.Import) error {
			_, err := f.UndoImport(f.T.Context(), maker, i.ID)
			return err
		},
		"undone by a fault": func(f *servicetest.Fixture, maker *account.Principal, i account.Import) error {
			_, _, err := f.AddImportRows(f.T.Context(), maker, i.ID, 2,
				[]account.ImportUser{servicetest.ImportRow("no address")})
			return err
		},
		"swept": func(f *servicetest.Fixture, _ *account.Principal, _ account.Import) error {
			f.Clock.Advance(8 * 24 * time.Hour)
			return f.Sweep(f.T.Context())
		},
	}
	for change, changed := range changes {
		for end, ended := range ends {
			t.Run(change+", "+end, func(t *testing.T) {
				t.Parallel()
				f := servicetest.New(t)
				f.AddUser("maker@example.org",
					f.AddRole(servicetest.Permit("user:create")))
				maker := f.As("maker@example.org")
				i := f.StartImport(maker, false)
				f.AddRows(maker, i.ID, 1, servicetest.ImportRow("user1@example.net"))
				id := f.UserID("user1@example.net")
				if err := changed(f, id); err != nil {
					t.Fatal(err)
				}
				if err := ended(f, maker, i); err != nil {
					t.Fatal(err)
				}
				if f.StoredUser(id).Active {
					t.Error("the import has activated him")
				}
			})
		}
	}
}
