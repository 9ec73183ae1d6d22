package access_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

const (
	user = access.EntityUser
	role = access.EntityRole
	read = access.ActionRead
	edit = access.ActionEdit
)

// permission returns a permission for the ids, or for all targets if there are no ids.
func permission(e access.Entity, a access.Action, ids ...int64) access.Permission {
	if len(ids) > 0 {
		return access.Permission{Entity: e, Action: a, Scope: access.ScopeIDs, IDs: ids}
	}
	return access.Permission{Entity: e, Action: a, Scope: access.ScopeAll}
}

// selfPermission returns a permission with ScopeSelf.
func selfPermission(e access.Entity, a access.Action) access.Permission {
	return access.Permission{Entity: e, Action: a, Scope: access.ScopeSelf}
}

func TestCovers(t *testing.T) {
	set := func(ps ...access.Permission) access.Set { return access.Set{Permissions: ps} }
	admin := access.Set{Administrator: true}
	tests := []struct {
		name string
		a, b access.Set
		want bool
	}{
		{"the empty set covers itself", set(), set(), true},
		{"wildcard covers wildcard", set(permission(user, read)), set(permission(user, read)), true},
		{"another action", set(permission(user, edit)), set(permission(user, read)), false},
		{"another entity", set(permission(role, read)), set(permission(user, read)), false},
		{"wildcard covers ids", set(permission(user, read)), set(permission(user, read, 1, 2)), true},
		{"wildcard covers self", set(permission(user, read)), set(selfPermission(user, read)), true},
		{"ids cover a subset", set(permission(user, read, 1, 2)), set(permission(user, read, 2)), true},
		{"ids do not cover another id", set(permission(user, read, 1, 2)), set(permission(user, read, 2, 3)), false},
		{"ids do not cover the wildcard", set(permission(user, read, 1, 2)), set(permission(user, read)), false},
		{"ids do not cover self", set(permission(user, read, 1, 2)), set(selfPermission(user, read)), false},
		{
			"ids of two roles", set(permission(user, read, 1), permission(user, read, 2)), set(permission(user, read, 1, 2)),
			true,
		},
		{"self covers self", set(selfPermission(user, read)), set(selfPermission(user, read)), true},
		{"self does not cover ids", set(selfPermission(user, read)), set(permission(user, read, 7)), false},
		{"self does not cover the wildcard", set(selfPermission(user, read)), set(permission(user, read)), false},
		{"one of two permissions", set(permission(user, read)), set(permission(user, read), permission(user, edit)), false},
		{"an administrator covers any permission", admin, set(permission(user, read), permission("widget", "fly")), true},
		{"an administrator covers an administrator", admin, admin, true},
		{"every permission does not cover an administrator", set(access.Role{ID: 1}.Expand()...), admin, false},
		{
			"an unknown scope", set(permission(user, edit)),
			set(access.Permission{Entity: user, Action: read, Scope: "unknown"}), false,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := access.Covers(test.a, test.b); got != test.want {
				t.Errorf("Covers = %v, want %v", got, test.want)
			}
		})
	}
}

// permissionGenerator generates permissions from only a few entities, actions and ids, so that
// the permissions often overlap.
var permissionGenerator = rapid.Custom(func(t *rapid.T) access.Permission {
	p := access.Permission{
		Entity: rapid.SampledFrom([]access.Entity{user, role}).Draw(t, "entity"),
		Action: rapid.SampledFrom([]access.Action{read, edit}).Draw(t, "action"),
		Scope:  rapid.SampledFrom([]access.Scope{access.ScopeAll, access.ScopeIDs, access.ScopeSelf}).Draw(t, "scope"),
	}
	if p.Scope == access.ScopeIDs {
		p.IDs = rapid.SliceOfNDistinct(rapid.Int64Range(1, 4), 1, 3, rapid.ID).Draw(t, "ids")
		slices.Sort(p.IDs)
	}
	return p
})

var setGenerator = rapid.Custom(func(t *rapid.T) access.Set {
	return access.Set{
		Administrator: rapid.IntRange(0, 9).Draw(t, "administrator") == 0,
		Permissions:   rapid.SliceOfN(permissionGenerator, 0, 5).Draw(t, "permissions"),
	}
})

// TestCoversIsTransitiveAndImpliesDecide checks that every set covers itself, and that Covers
// is transitive. If one set covers another, it must also grant everything that the other
// grants.
func TestCoversIsTransitiveAndImpliesDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := setGenerator.Draw(t, "a"), setGenerator.Draw(t, "b"), setGenerator.Draw(t, "c")
		if !access.Covers(a, a) {
			t.Fatalf("%+v does not cover itself", a)
		}
		if access.Covers(a, b) && access.Covers(b, c) && !access.Covers(a, c) {
			t.Fatalf("%+v covers %+v, which covers %+v, but the first does not cover the last", a, b, c)
		}
		if !access.Covers(a, b) {
			return
		}
		for _, e := range []access.Entity{user, role} {
			for _, act := range []access.Action{read, edit} {
				for id := int64(0); id < 6; id++ {
					if b.Decide(act, e, id, 3) == access.Granted && a.Decide(act, e, id, 3) != access.Granted {
						t.Fatalf("%+v covers %+v but does not grant %s %s %d", a, b, act, e, id)
					}
				}
			}
		}
	})
}
