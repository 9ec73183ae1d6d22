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

// may is a permission for all, or for the ids.
func may(e access.Entity, a access.Action, ids ...int64) access.Permission {
	if len(ids) > 0 {
		return access.Permission{Entity: e, Action: a, Scope: access.ScopeIDs, IDs: ids}
	}
	return access.Permission{Entity: e, Action: a, Scope: access.ScopeAll}
}

// self is a permission for oneself.
func self(e access.Entity, a access.Action) access.Permission {
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
		{"nothing covers nothing", set(), set(), true},
		{"all covers all", set(may(user, read)), set(may(user, read)), true},
		{"another action", set(may(user, edit)), set(may(user, read)), false},
		{"another entity", set(may(role, read)), set(may(user, read)), false},
		{"all covers ids", set(may(user, read)), set(may(user, read, 1, 2)), true},
		{"all covers self", set(may(user, read)), set(self(user, read)), true},
		{"ids cover fewer", set(may(user, read, 1, 2)), set(may(user, read, 2)), true},
		{"ids cover no more", set(may(user, read, 1, 2)), set(may(user, read, 2, 3)), false},
		{"ids cover not all", set(may(user, read, 1, 2)), set(may(user, read)), false},
		{"ids cover not self", set(may(user, read, 1, 2)), set(self(user, read)), false},
		{"ids of two roles", set(may(user, read, 1), may(user, read, 2)), set(may(user, read, 1, 2)), true},
		{"self covers self", set(self(user, read)), set(self(user, read)), true},
		{"self covers no ids", set(self(user, read)), set(may(user, read, 7)), false},
		{"self covers not all", set(self(user, read)), set(may(user, read)), false},
		{"one of two", set(may(user, read)), set(may(user, read), may(user, edit)), false},
		{"administrator covers all", admin, set(may(user, read), may("widget", "fly")), true},
		{"administrator covers one", admin, admin, true},
		{"nobody covers an administrator", set(access.Role{ID: 1}.Expand()...), admin, false},
		{"an odd scope", set(may(user, edit)), set(access.Permission{Entity: user, Action: read, Scope: "odd"}), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := access.Covers(test.a, test.b); got != test.want {
				t.Errorf("Covers = %v", got)
			}
		})
	}
}

// anyPermission draws a permission for few entities and ids, so that some meet.
var anyPermission = rapid.Custom(func(t *rapid.T) access.Permission {
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

var anyAccess = rapid.Custom(func(t *rapid.T) access.Set {
	return access.Set{
		Administrator: rapid.IntRange(0, 9).Draw(t, "administrator") == 0,
		Permissions:   rapid.SliceOfN(anyPermission, 0, 5).Draw(t, "permissions"),
	}
})

// Covers is an order, and who covers somebody may do everything that he may.
func TestCoversIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyAccess.Draw(t, "a"), anyAccess.Draw(t, "b"), anyAccess.Draw(t, "c")
		if !access.Covers(a, a) {
			t.Fatalf("%+v does not cover itself", a)
		}
		if access.Covers(a, b) && access.Covers(b, c) && !access.Covers(a, c) {
			t.Fatalf("%+v covers %+v, and that covers %+v, but it does not", a, b, c)
		}
		if !access.Covers(a, b) {
			return
		}
		for _, e := range []access.Entity{user, role} {
			for _, act := range []access.Action{read, edit} {
				for id := int64(0); id < 6; id++ {
					if b.Decide(act, e, id, 3) == access.Granted && a.Decide(act, e, id, 3) != access.Granted {
						t.Fatalf("%+v covers %+v but may not %s %s %d", a, b, act, e, id)
					}
				}
			}
		}
	})
}
