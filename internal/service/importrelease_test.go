package service_test

import (
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// A user whose access somebody has changed is no longer the import's: neither its
// maker, who has user:create alone, nor the clean-up deletes or activates him.
func TestImportReleasesWhoseAccessWasChanged(t *testing.T) {
	changes := map[string]func(f *fixture, id int64) error{
		"activated and deactivated": func(f *fixture, id int64) error {
			if err := f.update(id, account.UserUpdate{Active: ptr(true)}); err != nil {
				return err
			}
			return f.update(id, account.UserUpdate{Active: ptr(false)})
		},
		"given role 1": func(f *fixture, id int64) error {
			_, err := f.SetUserRoles(f.t.Context(), f.as(adminEmail), id, []int64{access.AdministratorRole})
			return err
		},
	}
	ends := map[string]func(f *fixture, maker *account.Principal, i account.Import) error{
		"finished": func(f *fixture, maker *account.Principal, i account.Import) error {
			_, err := f.FinishImport(f.t.Context(), maker, i.ID)
			return err
		},
		"undone": func(f *fixture, maker *account.Principal, i account.Import) error {
			_, err := f.UndoImport(f.t.Context(), maker, i.ID)
			return err
		},
		"undone by a fault": func(f *fixture, maker *account.Principal, i account.Import) error {
			_, _, err := f.AddImportRows(f.t.Context(), maker, i.ID, 2, []account.ImportUser{row("no address")})
			return err
		},
		"swept": func(f *fixture, _ *account.Principal, _ account.Import) error {
			f.clock.advance(8 * 24 * time.Hour)
			return f.Sweep(f.t.Context())
		},
	}
	for change, changed := range changes {
		for end, ended := range ends {
			t.Run(change+", "+end, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				f.user("maker@example.org", f.role(access.Permission{Entity: access.EntityUser, Action: access.ActionCreate, Scope: access.ScopeAll}))
				maker := f.as("maker@example.org")
				i := f.begin(maker, false)
				f.add(maker, i.ID, 1, row("user1@example.net"))
				id := f.userID("user1@example.net")
				if err := changed(f, id); err != nil {
					t.Fatal(err)
				}
				if err := ended(f, maker, i); err != nil {
					t.Fatal(err)
				}
				if f.find(id).Active {
					t.Error("the import has activated him")
				}
			})
		}
	}
}
