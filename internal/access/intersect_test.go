package access_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

func TestIntersect(t *testing.T) {
	const me = 3
	set := func(ps ...access.Permission) access.Set { return access.Set{Permissions: ps} }
	admin := access.Set{Administrator: true}
	tests := []struct {
		name             string
		owner, key, want access.Set
	}{
		{"nothing", set(), set(may(user, read)), set()},
		{"a key of nothing", set(may(user, read)), set(), set()},
		{"another action", set(may(user, edit)), set(may(user, read)), set()},
		{"another entity", set(may(role, read)), set(may(user, read)), set()},
		{"all and all", set(may(user, read)), set(may(user, read)), set(may(user, read))},
		{"all and ids", set(may(user, read)), set(may(user, read, 1, 2)), set(may(user, read, 1, 2))},
		{"ids and all", set(may(user, read, 1, 2)), set(may(user, read)), set(may(user, read, 1, 2))},
		{"all and self", set(may(user, read)), set(self(user, read)), set(self(user, read))},
		{"self and all", set(self(user, read)), set(may(user, read)), set(self(user, read))},
		{"ids that meet", set(may(user, read, 1, 2)), set(may(user, read, 2, 4)), set(may(user, read, 2))},
		{"ids that do not meet", set(may(user, read, 1)), set(may(user, read, 2)), set()},
		{"self and self", set(self(user, read)), set(self(user, read)), set(self(user, read))},
		{"self and one's own id", set(self(user, read)), set(may(user, read, 1, me)), set(self(user, read))},
		{"one's own id and self", set(may(user, read, 1, me)), set(self(user, read)), set(may(user, read, me))},
		{"self and another id", set(self(user, read)), set(may(user, read, 1)), set()},
		{"another id and self", set(may(user, read, 1)), set(self(user, read)), set()},
		{"self of what nobody owns", set(self(role, read)), set(may(role, read, me)), set()},
		{"an administrator's key", admin, set(may(user, read)), set(may(user, read))},
		{"an administrator's key of everything", admin, set(access.Role{ID: 1}.Expand()...), set(access.Role{ID: 1}.Expand()...)},
		{"a key of an administrator who is none any more", set(may(user, read)), admin, set(may(user, read))},
		{"both", admin, admin, admin},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := access.Intersect(test.owner, test.key, me); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// The intersection gives what both give and nothing else, and who owns the key
// covers it.
func TestIntersectIsBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owner, key := anyAccess.Draw(t, "owner"), anyAccess.Draw(t, "key")
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
						t.Fatalf("%s %s %d: %v, want %v of %+v", act, e, id, got, want, both)
					}
				}
			}
		}
	})
}
