package sqlstore_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// roleIDs returns the ids of roles in order.
func roleIDs(roles []access.Role) []int64 {
	var ids []int64
	for _, r := range roles {
		ids = append(ids, r.ID)
	}
	return ids
}

// wantRole fails the test unless the stored role equals role.
func wantRole(t *testing.T, db database, what string, role access.Role) {
	t.Helper()
	if got := get[[]access.Role](t)(db.Roles(t.Context(), []int64{role.ID})); !reflect.DeepEqual(got,
		[]access.Role{role}) {
		t.Errorf("%s: got %+v, want %+v", what, got, role)
	}
}

func TestRolesAfter(t *testing.T) {
	conform(t, "pages are by id, of roles and not of rows", func(t *testing.T, db database) {
		var ids []int64
		for i := range 5 {
			ids = append(ids, insertRole(t, db, access.Role{Name: fmt.Sprint("R", i), Permissions: []access.Permission{
				permission("user", "read", 1, 2, 3), permission("user", "edit"),
			}}).ID)
		}
		for _, page := range [][2]int{{0, 2}, {2, 2}, {4, 2}, {5, 2}, {0, 5}} {
			after := int64(0)
			if page[0] > 0 {
				after = ids[page[0]-1]
			}
			got := get[[]access.Role](t)(db.RolesAfter(t.Context(), after, page[1]))
			if wanted := ids[page[0]:min(page[0]+page[1], 5)]; !slices.Equal(roleIDs(got), wanted) {
				t.Errorf("after %d: got %v, want %v", after, roleIDs(got), wanted)
			}
			for _, r := range got {
				want(t, "permissions", len(r.Permissions), 2)
			}
			summaries := get[[]account.RoleSummary](t)(db.RoleSummariesAfter(t.Context(), after, page[1]))
			want(t, "summaries", len(summaries), len(got))
			for i, r := range summaries {
				want(t, "summary", r, account.RoleSummary{ID: got[i].ID, Name: got[i].Name, Permissions: 2})
			}
		}
	})

	conform(t, "a summary counts permissions, and not their ids", func(t *testing.T, db database) {
		none := insertRole(t, db, access.Role{Name: "None", Description: "Nothing."})
		one := insertRole(t, db,
			access.Role{Name: "One", Permissions: []access.Permission{permission("user", "read", 1, 2, 3)}})
		got := get[[]account.RoleSummary](t)(db.RoleSummariesAfter(t.Context(), 0, 9))
		wanted := []account.RoleSummary{
			{ID: none.ID, Name: "None", Description: "Nothing."},
			{ID: one.ID, Name: "One", Permissions: 1},
		}
		if !slices.Equal(got, wanted) {
			t.Errorf("got %+v, want %+v", got, wanted)
		}
	})
}

func TestRoleNames(t *testing.T) {
	conform(t, "a name is unique without regard to case", func(t *testing.T, db database) {
		taken := insertRole(t, db, access.Role{Name: "Straße"})
		other := insertRole(t, db, access.Role{Name: "Other"})
		_, err := try(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) {
			return tx.InsertRole(ctx, access.Role{Name: "STRASSE"})
		})
		wantErr(t, "InsertRole", err, account.ErrRoleNameTaken)
		renamed := other
		renamed.Name = "strasse"
		err = db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error { return tx.UpdateRole(ctx, renamed) })
		wantErr(t, "UpdateRole", err, account.ErrRoleNameTaken)
		wantRole(t, db, "refused", other)
		taken.Name = "STRASSE"
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.UpdateRole(ctx, taken) })
		wantRole(t, db, "its own name", taken)
	})
}

func TestChangeRole(t *testing.T) {
	conform(t, "an update keeps the permissions, and they keep the rest", func(t *testing.T, db database) {
		role := insertRole(t, db,
			access.Role{Name: "R", Description: "d", Permissions: []access.Permission{permission("user", "read", 4)}})
		other := insertRole(t, db,
			access.Role{Name: "Other", Permissions: []access.Permission{permission("user", "read", 4)}})
		role.Name, role.Description = "Changed", "Described"
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.UpdateRole(ctx, role) })
		wantRole(t, db, "updated", role)
		for _, ps := range [][]access.Permission{
			{permission("user", "read", 4, 5), permission("user", "read"),
				{Entity: "user", Action: "read", Scope: access.ScopeSelf}},
			{permission("role", "read", 9)},
			nil,
		} {
			role.Permissions = ps
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.SetRolePermissions(ctx, role.ID, ps) })
			wantRole(t, db, "permissions", role)
		}
		wantRole(t, db, "another", other)
	})

	conform(t, "a missing role", func(t *testing.T, db database) {
		for name, f := range map[string]func(ctx context.Context, tx *account.Tx) error{
			"UpdateRole": func(ctx context.Context, tx *account.Tx) error {
				return tx.UpdateRole(ctx, access.Role{ID: 9, Name: "R"})
			},
			"SetRolePermissions": func(ctx context.Context, tx *account.Tx) error { return tx.SetRolePermissions(ctx, 9, nil) },
			"DeleteRole":         func(ctx context.Context, tx *account.Tx) error { return tx.DeleteRole(ctx, 9) },
		} {
			wantErr(t, name, db.Write(t.Context(), f), account.ErrNotFound)
		}
	})
}

func TestDeleteRole(t *testing.T) {
	conform(t, "a deleted role is removed from every list, and its id is not reused", func(t *testing.T, db database) {
		stays := insertRole(t, db, access.Role{Name: "Stays"})
		gone := insertRole(t, db, access.Role{Name: "Gone", Permissions: []access.Permission{permission("user", "read", 3)}})
		list := insertRole(t, db, access.Role{Name: "List", Permissions: []access.Permission{
			permission("role", "read", gone.ID, stays.ID), permission("role", "edit", gone.ID), permission("role", "delete"),
			permission("user", "read", gone.ID), // the same id, but of a user
		}})
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteRole(ctx, gone.ID) })
		list.Permissions = []access.Permission{
			permission("role", "read", stays.ID), permission("role", "delete"), permission("user", "read", gone.ID),
		}
		wantRole(t, db, "its id", list)
		if got := get[[]access.Role](t)(db.RolesAfter(t.Context(), 0, 9)); !slices.Equal(roleIDs(got),
			[]int64{stays.ID, list.ID}) {
			t.Errorf("the roles are %v", roleIDs(got))
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteRole(ctx, list.ID) })
		if id := insertRole(t, db, access.Role{Name: "Gone"}).ID; id <= list.ID {
			t.Errorf("the id %d was reused", id)
		}
	})

	conform(t, "a role that a user has is not deleted", func(t *testing.T, db database) {
		role := insertRole(t, db, access.Role{Name: "R", Permissions: []access.Permission{permission("user", "read")}})
		u := localUser("a@example.org")
		u.RoleIDs = []int64{role.ID}
		insertUser(t, db, u)
		err := db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error { return tx.DeleteRole(ctx, role.ID) })
		wantErr(t, "DeleteRole", err, account.ErrReferenced)
		wantRole(t, db, "it", role)
	})
}

func TestReplaceRole(t *testing.T) {
	conform(t, "every holder gets the other role once", func(t *testing.T, db database) {
		var ids []int64
		for i := range 4 {
			ids = append(ids, insertRole(t, db, access.Role{Name: fmt.Sprint("R", i)}).ID)
		}
		old, with, third, unused := ids[0], ids[1], ids[2], ids[3]
		tests := []struct{ has, gets []int64 }{
			{[]int64{old}, []int64{with}},
			{[]int64{old, with}, []int64{with}},
			{[]int64{old, third}, []int64{with, third}},
			{[]int64{third}, []int64{third}},
			{nil, nil},
		}
		var users []account.User
		for i, test := range tests {
			u := localUser(fmt.Sprintf("u%d@example.org", i))
			u.RoleIDs = test.has
			users = append(users, insertUser(t, db, u))
		}
		if got := roleIDs(get[[]access.Role](t)(db.RolesOfHolders(t.Context(), old))); !slices.Equal(got,
			[]int64{old, with, third}) {
			t.Errorf("the holders have %v", got)
		}
		want(t, "roles of no holders", len(get[[]access.Role](t)(db.RolesOfHolders(t.Context(), unused))), 0)
		n := do(t, db, func(ctx context.Context, tx *account.Tx) (int, error) { return tx.ReplaceRole(ctx, old, with) })
		want(t, "users", n, 3)
		for i, test := range tests {
			if got := get[account.User](t)(db.User(t.Context(), users[i].ID, now)).RoleIDs; !slices.Equal(got, test.gets) {
				t.Errorf("a user who had %v has %v, want %v", test.has, got, test.gets)
			}
		}
	})

	conform(t, "a missing role", func(t *testing.T, db database) {
		u := localUser("a@example.org")
		u.RoleIDs = []int64{insertRole(t, db, access.Role{Name: "R"}).ID}
		u = insertUser(t, db, u)
		err := db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			_, err := tx.ReplaceRole(ctx, u.RoleIDs[0], 99)
			return err
		})
		wantErr(t, "ReplaceRole", err, account.ErrReferenced)
		err = db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			return tx.SetUserRoles(ctx, u.ID, []int64{99})
		})
		wantErr(t, "SetUserRoles", err, account.ErrReferenced)
	})
}
