package service_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// demotions are operations after which a user can no longer act as an administrator.
var demotions = map[string]func(s *service.Service, ctx context.Context, caller *account.Principal, id int64) error{
	"delete": func(s *service.Service, ctx context.Context, caller *account.Principal, id int64) error {
		return s.DeleteUser(ctx, caller, id)
	},
	"deactivate": func(s *service.Service, ctx context.Context, caller *account.Principal, id int64) error {
		_, err := s.UpdateUser(ctx, caller, id, account.UserUpdate{Active: new(false)})
		return err
	},
	"change roles": func(s *service.Service, ctx context.Context, caller *account.Principal, id int64) error {
		_, err := s.SetUserRoles(ctx, caller, id, []int64{access.UserRole})
		return err
	},
}

// countAdministrators returns the number of users who count as administrators: active local
// users with role 1 and a password.
func countAdministrators(f *servicetest.Fixture) (n int) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) (err error) {
		n, err = tx.CountAdministrators(ctx)
		return err
	})
	return n
}

func TestLastAdministrator(t *testing.T) {
	f := servicetest.New(t)
	// Neither of these users counts as an administrator: one is not local, the other is
	// inactive.
	f.StoreUser(account.User{Email: "ldap@example.org", Active: true, Provider: account.ProviderLDAP, RoleIDs: []int64{1}})
	f.StoreUser(account.User{Email: "inactive@example.org", RoleIDs: []int64{1}})
	admin := f.Admin()
	for _, name := range []string{"delete", "change roles"} {
		servicetest.WantCode(t, demotions[name](f.Service, t.Context(), admin, 1), account.CodeLastAdministrator)
	}
	if !f.StoredUser(1).Active || countAdministrators(f) != 1 {
		t.Error("the last administrator cannot administer any more")
	}
	if _, err := f.SetUserRoles(t.Context(), admin, 1, []int64{1, 2}); err != nil {
		t.Errorf("add a role to the last administrator: %v", err)
	}
	for name, demote := range demotions {
		id := f.AddUser("second@example.org", access.AdministratorRole)
		if err := demote(f.Service, t.Context(), admin, id); err != nil {
			t.Errorf("%s of the second administrator: %v", name, err)
		}
		if name != "delete" {
			if err := f.DeleteUser(t.Context(), admin, id); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// An administrator who is locked out temporarily still counts as an administrator.
func TestLockedAdministratorCounts(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	f.AddUser("second@example.org", access.AdministratorRole)
	f.LockOut("second@example.org")
	if err := f.DeleteUser(t.Context(), admin, 1); err != nil {
		t.Error(err)
	}
}

// All administrators remove their own role concurrently. One of these calls fails, so that one
// administrator is left.
func TestAdministratorsDemoteThemselves(t *testing.T) {
	f := servicetest.New(t)
	for round, name := range []string{"delete", "change roles"} {
		var callers []*account.Principal
		for i := range 8 {
			email := fmt.Sprintf("admin%d.%d@example.org", round, i)
			f.AddUser(email, access.AdministratorRole)
			callers = append(callers, f.As(email))
		}
		if round == 0 {
			callers = append(callers, f.Admin())
		}
		errs := servicetest.Parallel(len(callers), func(i int) error {
			return demotions[name](f.Service, t.Context(), callers[i], callers[i].User.ID)
		})
		if left := countAdministrators(f); left != 1 {
			t.Fatalf("%d administrators are left", left)
		}
		if count := servicetest.CountCodes(errs); round == 0 && count[account.CodeLastAdministrator] != 1 {
			t.Errorf("the outcomes are %v", count)
		}
	}
}
