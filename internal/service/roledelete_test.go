package service_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// defaultRoles stores which roles new users get.
func (f *fixture) defaultRoles(ids ...int64) {
	f.t.Helper()
	text := "["
	for i, id := range ids {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprint(id)
	}
	f.write(func(ctx context.Context, tx account.Tx) error {
		return tx.SaveSetting(ctx, "application", `{"DefaultRoleIDs":`+text+`]}`)
	})
}

// newUserRoles are the roles that a user gets who is created now.
func (f *fixture) newUserRoles(email string) []int64 {
	f.t.Helper()
	return must(f.CreateUsers(f.t.Context(), f.as(adminEmail), []account.NewUser{newUser(email)}))[0].RoleIDs
}

func TestDeleteRole(t *testing.T) {
	f := newFixture(t)
	id := f.role(may(user, read))
	list := f.role(may(role, read, id))
	wantCode(t, f.DeleteRole(t.Context(), f.as(adminEmail), id, 0), "")
	wantCode(t, f.DeleteRole(t.Context(), f.as(adminEmail), id, 0), account.CodeNotFound)
	if got := f.storedRole(list).Permissions; len(got) != 0 {
		t.Errorf("a permission for the deleted role became %v", got)
	}
	ann := f.holding("ann@example.org", may(role, read), may(role, remove))
	wantCode(t, f.DeleteRole(t.Context(), ann, f.role(may(user, read)), 0), account.CodeForbidden)
	wantCode(t, f.DeleteRole(t.Context(), ann, f.role(may(role, read)), 0), "")
}

func TestDeleteRoleInUse(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	held, isDefault, with := f.role(), f.role(), f.role()
	ann := f.user("ann@example.org", held, 2)
	bob := f.user("bob@example.org", held, with)
	f.defaultRoles(isDefault, 2)
	for _, id := range []int64{held, isDefault} {
		wantCode(t, f.DeleteRole(t.Context(), admin, id, 0), account.CodeRoleInUse)
		for _, bad := range []int64{id, 999, -1} {
			wantPaths(t, f.DeleteRole(t.Context(), admin, id, bad), account.CodeInvalid, "/query/replaceWith")
		}
		wantCode(t, f.DeleteRole(t.Context(), admin, id, with), "")
	}
	for id, want := range map[int64][]int64{ann: {2, with}, bob: {with}} {
		if got := f.find(id).RoleIDs; !slices.Equal(got, want) {
			t.Errorf("user %d has the roles %v, want %v", id, got, want)
		}
	}
	if got := f.newUserRoles("new@example.org"); !slices.Equal(got, []int64{2, with}) {
		t.Errorf("a new user gets %v", got)
	}
	if !slices.Equal(access.DefaultRoles, []int64{2}) {
		t.Errorf("the default of the defaults became %v", access.DefaultRoles)
	}
}

func TestDeleteRoleRefusesToReplace(t *testing.T) {
	f := newFixture(t)
	id, with, more := f.role(may(user, read)), f.role(may(user, edit)), f.role(may(user, create))
	ann := f.user("ann@example.org", id)
	full := []access.Permission{
		may(role, read), may(role, remove), may(role, assign), may(user, read), may(user, editAccess), may(user, edit),
	}
	without := func(p access.Permission, instead ...access.Permission) []access.Permission {
		return append(slices.DeleteFunc(slices.Clone(full), p.Equal), instead...)
	}
	for i, test := range []struct {
		name        string
		permissions []access.Permission
		want        account.Code
	}{
		{"no assign", without(may(role, assign)), account.CodeForbidden},
		{"assign of the one", without(may(role, assign), may(role, assign, id)), account.CodeForbidden},
		{"assign of the other", without(may(role, assign), may(role, assign, with)), account.CodeForbidden},
		{"access of some", without(may(user, editAccess), may(user, editAccess, ann)), account.CodeForbidden},
		{"does not cover the one", without(may(user, read)), account.CodeForbidden},
		{"does not cover the other", without(may(user, edit)), account.CodeForbidden},
		{"does not see the other", without(may(role, read), may(role, read, id)), account.CodeInvalid},
		{"does not see the one", without(may(role, remove), may(role, remove, with)), account.CodeForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := f.holding(fmt.Sprintf("p%d@example.org", i), test.permissions...)
			wantCode(t, f.DeleteRole(t.Context(), p, id, with), test.want)
		})
	}
	bob := f.user("bob@example.org", id, more)
	p := f.holding("enough@example.org", full...)
	wantCode(t, f.DeleteRole(t.Context(), p, id, with), account.CodeForbidden) // he does not cover Bob
	f.setRoles(bob, 2)
	wantCode(t, f.DeleteRole(t.Context(), p, id, 1), account.CodeForbidden)
	wantCode(t, f.DeleteRole(t.Context(), p, id, with), "")
	if got := f.find(ann).RoleIDs; !slices.Equal(got, []int64{with}) {
		t.Errorf("she has %v", got)
	}
}
