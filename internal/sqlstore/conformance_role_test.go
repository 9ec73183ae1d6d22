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

// permission returns a permission for the given ids, or for all ids if none are given.
func permission(e access.Entity, a access.Action, ids ...int64) access.Permission {
	p := access.Permission{Entity: e, Action: a, Scope: access.ScopeAll, IDs: ids}
	if len(ids) > 0 {
		p.Scope = access.ScopeIDs
	}
	return p
}

func TestRole(t *testing.T) {
	conform(t, "an inserted role is read back", func(t *testing.T, db database) {
		role := insertRole(t, db, access.Role{
			Name: "Desk", Description: "Resets passwords.",
			Permissions: []access.Permission{
				permission(access.EntityUser, access.ActionRead),
				permission(access.EntityUser, access.ActionEdit, 3, 7, 40),
				{Entity: access.EntityUser, Action: access.ActionEdit, Scope: access.ScopeSelf},
				permission("of-a-later-release", "anything", 1),
			},
		})
		bare := insertRole(t, db, access.Role{Name: "Bare"})
		got := get[[]access.Role](t)(db.Roles(t.Context(), []int64{role.ID, 99, bare.ID}))
		if !reflect.DeepEqual(got, []access.Role{role, bare}) {
			t.Errorf("got  %+v\nwant %+v", got, []access.Role{role, bare})
		}
		want(t, "roles of no ids", len(get[[]access.Role](t)(db.Roles(t.Context(), nil))), 0)
	})

	conform(t, "the ids of a permission are sorted", func(t *testing.T, db database) {
		role := insertRole(t, db,
			access.Role{Name: "R", Permissions: []access.Permission{permission("user", "read", 30, 2, 100)}})
		got := get[[]access.Role](t)(db.Roles(t.Context(), []int64{role.ID}))
		if ids := got[0].Permissions[0].IDs; !slices.Equal(ids, []int64{2, 30, 100}) {
			t.Errorf("got %v", ids)
		}
	})

	conform(t, "a role is inserted with its id", func(t *testing.T, db database) {
		want(t, "given", insertRole(t, db, access.Role{ID: 2, Name: "Two"}).ID, 2)
		if id := insertRole(t, db, access.Role{Name: "Next"}).ID; id <= 2 {
			t.Errorf("the next role got the id %d", id)
		}
		_, err := try(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) {
			return tx.InsertRole(ctx, access.Role{ID: 2, Name: "Again"})
		})
		want(t, "code for an id in use", account.ErrorCode(err), account.CodeInternal)
	})

	conform(t, "bad permissions are refused", func(t *testing.T, db database) {
		for name, ps := range map[string][]access.Permission{
			"unknown scope": {{Entity: "user", Action: "read", Scope: "some"}},
			"no scope":      {{Entity: "user", Action: "read"}},
			"id 0":          {{Entity: "user", Action: "read", Scope: access.ScopeIDs, IDs: []int64{0}}},
			"negative id":   {permission("user", "read", -1)},
			"id twice":      {permission("user", "read", 1, 1)},
			"twice":         {permission("user", "read", 1), permission("user", "read", 2)},
		} {
			_, err := try(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) {
				return tx.InsertRole(ctx, access.Role{ID: 5, Name: name, Permissions: ps})
			})
			want(t, name, account.ErrorCode(err), account.CodeInternal)
		}
		want(t, "roles that were kept", len(get[[]access.Role](t)(db.Roles(t.Context(), []int64{5}))), 0)
	})
}

func TestUserRoles(t *testing.T) {
	conform(t, "roles of a user are by id", func(t *testing.T, db database) {
		var ids []int64
		for range 12 {
			ids = append(
				ids,
				insertRole(t, db,
					access.Role{Name: fmt.Sprint("R", len(ids)), Permissions: []access.Permission{permission("user", "read")}}).ID,
			)
		}
		u := localUser("a@example.org")
		u.RoleIDs = []int64{ids[11], ids[1], ids[8]}
		u = insertUser(t, db, u)
		other := insertUser(t, db, localUser("b@example.org"))
		wantRoles := func(what string, ids ...int64) {
			t.Helper()
			if got := get[account.User](t)(db.User(t.Context(), u.ID, now)).RoleIDs; !slices.Equal(got, ids) {
				t.Errorf("%s: User has the roles %v, want %v", what, got, ids)
			}
			var got []int64
			for _, r := range get[[]access.Role](t)(db.RolesOf(t.Context(), u.ID)) {
				got = append(got, r.ID)
				want(t, what+": permissions", len(r.Permissions), 1)
			}
			if !slices.Equal(got, ids) {
				t.Errorf("%s: RolesOf returns %v, want %v", what, got, ids)
			}
		}
		wantRoles("inserted", ids[1], ids[8], ids[11])
		for _, set := range [][]int64{{ids[9], ids[0], ids[10]}, nil, {ids[5]}} {
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.SetUserRoles(ctx, u.ID, set) })
			slices.Sort(set)
			wantRoles("set", set...)
		}
		for name, bad := range map[string][]int64{"unknown": {ids[0], 99}, "twice": {ids[0], ids[0]}} {
			err := db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
				return tx.SetUserRoles(ctx, u.ID, bad)
			})
			want(t, name, account.ErrorCode(err), account.CodeInternal)
			wantRoles(name, ids[5])
		}
		want(t, "roles of another", len(get[[]access.Role](t)(db.RolesOf(t.Context(), other.ID))), 0)
		want(t, "roles of a missing user", len(get[[]access.Role](t)(db.RolesOf(t.Context(), 99))), 0)
	})
}

func TestDeleteUserInPermissions(t *testing.T) {
	conform(t, "a deleted id is removed from every list", func(t *testing.T, db database) {
		users := insertUsers(t, db, 2)
		gone, stays := users[0].ID, users[1].ID
		all, self := permission("user", "read"), access.Permission{Entity: "user", Action: "read", Scope: access.ScopeSelf}
		role := insertRole(t, db, access.Role{Name: "R", Permissions: []access.Permission{
			all, self,
			permission("user", "read", gone, stays),
			permission("user", "edit", gone),
			permission("user", "delete", stays),
			permission("api-key", "read", gone),
			permission("session", "read", gone, stays),
			permission("activity-log", "read", gone),
			permission("role", "read", gone), // the same id, but of a role
		}})
		alone := insertRole(t, db,
			access.Role{Name: "Alone", Permissions: []access.Permission{permission("user", "edit", gone)}})
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteUser(ctx, gone) })
		role.Permissions = []access.Permission{
			all, self,
			permission("user", "read", stays),
			permission("user", "delete", stays),
			permission("session", "read", stays),
			permission("role", "read", gone),
		}
		alone.Permissions = nil
		got := get[[]access.Role](t)(db.Roles(t.Context(), []int64{role.ID, alone.ID}))
		if !reflect.DeepEqual(got, []access.Role{role, alone}) {
			t.Errorf("got  %+v\nwant %+v", got, []access.Role{role, alone})
		}
	})

	conform(t, "a failed deletion changes no list", func(t *testing.T, db database) {
		role := insertRole(t, db, access.Role{Name: "R", Permissions: []access.Permission{permission("user", "edit", 7)}})
		err := db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error { return tx.DeleteUser(ctx, 7) })
		wantErr(t, "DeleteUser", err, account.ErrNotFound)
		if got := get[[]access.Role](t)(db.Roles(t.Context(), []int64{role.ID})); !reflect.DeepEqual(got,
			[]access.Role{role}) {
			t.Errorf("got  %+v\nwant %+v", got, role)
		}
	})
}

// If two users are deleted concurrently, a permission that lists only these two is deleted too. With an empty list the
// permission would apply to all users.
func TestConcurrentDeletionOfListedIDs(t *testing.T) {
	const rounds = 20
	conform(t, "no permission is left empty", func(t *testing.T, db database) {
		stores := []*account.Store{db.Store, db.another()}
		for round := range rounds {
			var ids []int64
			for n := range stores {
				ids = append(ids, insertUser(t, db, localUser(fmt.Sprintf("%d.%d@example.org", n, round))).ID)
			}
			role := insertRole(t, db, access.Role{Name: fmt.Sprint("Role ", round), Permissions: []access.Permission{
				{Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeIDs, IDs: ids},
			}})
			for i, err := range gather(len(stores), func(i int) error {
				return stores[i].Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
					if err := tx.DeleteUser(ctx, ids[i]); err != nil {
						return err
					}
					_, err := tx.CountAdministrators(ctx) // keeps the transaction open for a while
					return err
				})
			}) {
				wantErr(t, fmt.Sprint("caller ", i), err, nil)
			}
			roles, err := db.Roles(t.Context(), []int64{role.ID})
			wantErr(t, "read the role", err, nil)
			if left := roles[0].Permissions; len(left) > 0 {
				t.Fatalf("round %d: %+v is left", round, left)
			}
		}
	})
}
