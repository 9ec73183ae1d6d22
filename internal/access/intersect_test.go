package access_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

func TestIntersect(t *testing.T) {
	const self = 3
	set := func(ps ...access.Permission) access.Set { return access.Set{Permissions: ps} }
	admin := access.Set{Administrator: true}
	every := access.Role{ID: access.AdministratorRole}.Expand()
	tests := []struct {
		name             string
		owner, key, want access.Set
	}{
		{"an owner without permissions", set(), set(permission(user, read)), set()},
		{"a key without permissions", set(permission(user, read)), set(), set()},
		{"another action", set(permission(user, edit)), set(permission(user, read)), set()},
		{"another entity", set(permission(role, read)), set(permission(user, read)), set()},
		{"wildcard and wildcard", set(permission(user, read)), set(permission(user, read)), set(permission(user, read))},
		{
			"wildcard and ids", set(permission(user, read)), set(permission(user, read, 1, 2)),
			set(permission(user, read, 1, 2)),
		},
		{
			"ids and wildcard", set(permission(user, read, 1, 2)), set(permission(user, read)),
			set(permission(user, read, 1, 2)),
		},
		{"wildcard and self", set(permission(user, read)), set(selfPermission(user, read)), set(selfPermission(user, read))},
		{"self and wildcard", set(selfPermission(user, read)), set(permission(user, read)), set(selfPermission(user, read))},
		{
			"overlapping ids", set(permission(user, read, 1, 2)), set(permission(user, read, 2, 4)),
			set(permission(user, read, 2)),
		},
		{"disjoint ids", set(permission(user, read, 1)), set(permission(user, read, 2)), set()},
		{"self and self", set(selfPermission(user, read)), set(selfPermission(user, read)), set(selfPermission(user, read))},
		{
			"self and own id", set(selfPermission(user, read)), set(permission(user, read, 1, self)),
			set(selfPermission(user, read)),
		},
		{
			"own id and self", set(permission(user, read, 1, self)), set(selfPermission(user, read)),
			set(permission(user, read, self)),
		},
		{"self and another id", set(selfPermission(user, read)), set(permission(user, read, 1)), set()},
		{"another id and self", set(permission(user, read, 1)), set(selfPermission(user, read)), set()},
		{"self for an entity without an owner", set(selfPermission(role, read)), set(permission(role, read, self)), set()},
		{"an administrator's key", admin, set(permission(user, read)), set(permission(user, read))},
		{"an administrator's key with every permission", admin, set(every...), set(every...)},
		{
			"an administrator's key whose owner is no longer one", set(permission(user, read)), admin,
			set(permission(user, read)),
		},
		{"administrator and administrator", admin, admin, admin},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := access.Intersect(test.owner, test.key, self); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// Intersect grants an action on a target exactly if both sets do. The owner's set covers the
// result.
func TestIntersectGrantsWhatBothGrant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owner, key := setGenerator.Draw(t, "owner"), setGenerator.Draw(t, "key")
		const self = 3
		both := access.Intersect(owner, key, self)
		if !access.Covers(owner, both) {
			t.Fatalf("%+v does not cover %+v", owner, both)
		}
		for _, e := range []access.Entity{user, role, "widget"} {
			for _, act := range []access.Action{read, edit, "fly"} {
				for id := int64(0); id < 6; id++ {
					want := owner.Decide(act, e, id, self) == access.Granted && key.Decide(act, e, id, self) == access.Granted
					if got := both.Decide(act, e, id, self) == access.Granted; got != want {
						t.Fatalf("%s %s %d: granted: %v, want %v; the intersection is %+v", act, e, id, got, want, both)
					}
				}
			}
		}
	})
}
