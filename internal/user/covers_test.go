package user_test

import (
	"fmt"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// A caller may not change the access of a user who has a permission that the caller lacks, nor
// delete that user, even if the change gives nothing to anybody.
func TestUsersWithMorePermissionsAreRefused(t *testing.T) {
	f := servicetest.New(t)
	helper := f.AddRole(servicetest.Permissions(
		"user:read", "user:edit-access", "user:delete", "role:read", "role:assign")...)
	spare := f.AddRole()
	f.AddUser("helper@example.org", helper)
	caller := f.As("helper@example.org")
	for name, role := range map[string]int64{
		"administrator": access.AdministratorRole, "one permission more": f.AddRole(servicetest.Permit("mail:read")),
	} {
		id := f.AddUser(fmt.Sprintf("user%d@example.org", role), role, spare)
		before := f.StoredUser(id)
		update := func(up account.UserUpdate) error {
			_, err := f.UpdateUser(t.Context(), caller, id, up)
			return err
		}
		roles := func(_ []int64, err error) error { return err }
		for change, err := range map[string]error{
			"set the password": update(account.UserUpdate{Password: new(secret.New(servicetest.NextPassword))}),
			"set the address":  update(account.UserUpdate{Email: new("other@example.org")}),
			"deactivate":       update(account.UserUpdate{Active: new(false)}),
			"unlock":           update(account.UserUpdate{Unlock: true}),
			"keep the roles":   roles(f.SetUserRoles(t.Context(), caller, id, []int64{role, spare})),
			"take a role":      roles(f.ChangeUserRoles(t.Context(), caller, id, nil, []int64{spare})),
			"give a role":      roles(f.ChangeUserRoles(t.Context(), caller, id, []int64{helper}, nil)),
			"invite":           f.InviteUser(t.Context(), caller, id),
			"delete":           f.DeleteUser(t.Context(), caller, id),
		} {
			if account.ErrorCode(err) != account.CodeForbidden {
				t.Errorf("%s, %s: %v", name, change, err)
			}
		}
		if after := f.StoredUser(id); after.Email != before.Email || !after.Active || len(after.RoleIDs) != 2 {
			t.Errorf("%s: the user is %+v", name, after)
		}
	}
}
