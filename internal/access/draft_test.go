package access_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

const remove = access.ActionDelete

// draft asks for a permission for all, or for the ids.
func draft(e access.Entity, a access.Action, ids ...int64) access.PermissionRequest {
	d := access.PermissionRequest{Entity: e, Action: a}
	if ids != nil {
		d.IDs = &ids
	}
	return d
}

// own asks for a permission for oneself.
func own(e access.Entity, a access.Action, ids ...int64) access.PermissionRequest {
	d := draft(e, a, ids...)
	d.DynamicID = access.SelfUserID
	return d
}

func TestParse(t *testing.T) {
	none := []int64{}
	long := strings.Repeat("n", 64)
	odd := draft(user, read)
	odd.DynamicID = "my-user-id"
	tests := []struct {
		name  string
		draft access.PermissionRequest
		want  access.Permission
		fault string // path; "": none
	}{
		{"all", draft(user, read), may(user, read), ""},
		{"some", draft(user, read, 3, 1, 3), may(user, read, 1, 3), ""},
		{"self", own(user, read), self(user, read), ""},
		{"self beside no ids", own(user, edit, none...), self(user, edit), ""},
		{"self beside ids", own(user, read, 3), access.Permission{}, "/0/entityIds"},
		{"no ids", draft(user, read, none...), access.Permission{}, "/0/entityIds"},
		{"id 0", draft(user, read, 3, 0), access.Permission{}, "/0/entityIds"},
		{"another dynamic id", odd, access.Permission{}, "/0/dynamicId"},
		{"self that the registry has not", own(user, remove), access.Permission{}, "/0/dynamicId"},
		{"self of what nobody owns", own(role, read), access.Permission{}, "/0/dynamicId"},
		{"self of a new key", own(access.EntityAPIKey, access.ActionCreate), self(access.EntityAPIKey, access.ActionCreate), ""},
		{"ids of new things", draft(user, access.ActionCreate, 3), access.Permission{}, "/0/entityIds"},
		{"ids of new keys", draft(access.EntityAPIKey, access.ActionCreate, 3), access.Permission{}, "/0/entityIds"},
		{"ids of settings", draft(access.EntityLockoutPolicy, read, 3), access.Permission{}, "/0/entityIds"},
		{"ids of mail", draft(access.EntityMail, read, 3), access.Permission{}, "/0/entityIds"},
		{"all settings", draft(access.EntityApplicationSettings, edit), may(access.EntityApplicationSettings, edit), ""},
		{"roles", draft(role, access.ActionAssign, 3), may(role, access.ActionAssign, 3), ""},
		{"actors", draft(access.EntityActivityLog, read, 3), may(access.EntityActivityLog, read, 3), ""},
		{"unknown entity", draft("dashboard", "create", 3), may("dashboard", "create", 3), ""},
		{"unknown entity, self", own("dashboard", read), self("dashboard", read), ""},
		{"unknown action", own(user, "fly"), self(user, "fly"), ""},
		{"longest name", draft(access.Entity(long), read), may(access.Entity(long), read), ""},
		{"too long", draft(access.Entity(long+"n"), read), access.Permission{}, "/0/entityName"},
		{"no name", draft("", read), access.Permission{}, "/0/entityName"},
		{"a digit first", draft(user, "2fly"), access.Permission{}, "/0/action"},
		{"white space", draft(user, "fly\n"), access.Permission{}, "/0/action"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, faults := access.Parse([]access.PermissionRequest{test.draft})
			if test.fault != "" {
				if got != nil || len(faults) != 1 || faults[0].Path != test.fault {
					t.Errorf("got %v and the faults %v, want one at %s", got, faults, test.fault)
				}
				return
			}
			if len(faults) > 0 || !reflect.DeepEqual(got, []access.Permission{test.want}) {
				t.Errorf("got %v and the faults %v, want %v", got, faults, test.want)
			}
		})
	}
}

func TestParseNamesEveryFault(t *testing.T) {
	_, faults := access.Parse([]access.PermissionRequest{draft(user, read), draft("", ""), own(user, remove)})
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	if want := []string{"/1/entityName", "/1/action", "/2/dynamicId"}; !slices.Equal(paths, want) {
		t.Errorf("the faults are %v, want %v", faults, want)
	}
}

func TestParseBoundsIDs(t *testing.T) {
	ids := make([]int64, access.MaxListedIDs)
	for i := range ids {
		ids[i] = int64(i) + 1
	}
	if _, faults := access.Parse([]access.PermissionRequest{draft(user, read, ids...)}); len(faults) > 0 {
		t.Errorf("the limit itself: %v", faults)
	}
	if _, faults := access.Parse([]access.PermissionRequest{draft(user, read, ids...), draft(role, read, 1)}); len(faults) != 1 || faults[0].Path != "" {
		t.Errorf("over the limit: %v", faults)
	}
}

// What the built-in roles have could be asked for, so that a copy can be edited.
func TestBuiltInRolesCanBeAskedFor(t *testing.T) {
	for _, r := range access.BuiltIn() {
		expanded := r.Expand()
		got, faults := access.Parse(drafts(expanded))
		if len(faults) > 0 || !reflect.DeepEqual(got, expanded) {
			t.Errorf("role %d: got %v and the faults %v, want %v", r.ID, got, faults, expanded)
		}
		if without := access.WithoutRead(got); without != nil {
			t.Errorf("role %d: %v lack a permission to read", r.ID, without)
		}
	}
}

// drafts ask for permissions.
func drafts(permissions []access.Permission) []access.PermissionRequest {
	var ds []access.PermissionRequest
	for _, p := range permissions {
		switch p.Scope {
		case access.ScopeSelf:
			ds = append(ds, own(p.Entity, p.Action))
		default:
			ds = append(ds, draft(p.Entity, p.Action, p.IDs...))
		}
	}
	return ds
}

func TestWithoutRead(t *testing.T) {
	tests := []struct {
		name        string
		permissions []access.Permission
		want        []int
	}{
		{"nothing", nil, nil},
		{"create needs none", []access.Permission{may(user, access.ActionCreate)}, nil},
		{"each of these", []access.Permission{may(user, edit), may(user, access.ActionEditAccess), may(user, remove), may(role, access.ActionAssign)}, []int{0, 1, 2, 3}},
		{"with read", []access.Permission{may(user, edit), may(user, read)}, nil},
		{"of another entity", []access.Permission{may(user, edit), may(role, read)}, []int{0}},
		{"for fewer", []access.Permission{may(user, edit), may(user, read, 1)}, []int{0}},
		{"for others", []access.Permission{may(user, edit, 1, 2), may(user, read, 1, 3)}, []int{0}},
		{"for all", []access.Permission{may(user, edit, 1, 2), may(user, read)}, nil},
		{"in two lists", []access.Permission{may(user, edit, 1, 2), may(user, read, 1), may(user, read, 2)}, nil},
		{"for oneself", []access.Permission{self(user, edit), self(user, read)}, nil},
		{"for oneself by all", []access.Permission{self(user, edit), may(user, read)}, nil},
		{"for oneself by ids", []access.Permission{self(user, edit), may(user, read, 1)}, []int{0}},
		{"unknown", []access.Permission{may("dashboard", edit), may(access.EntitySession, edit)}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := access.WithoutRead(test.permissions); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestFold(t *testing.T) {
	got := access.Fold([]access.Permission{
		may(user, read, 4, 7), may(user, edit), may(user, read), may(user, edit), self(user, read), may(user, read, 1, 7), self(user, read),
	})
	want := []access.Permission{may(user, read, 1, 4, 7), may(user, edit), may(user, read), self(user, read)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Folding changes nothing that may be done, and leaves nothing to fold.
func TestFoldIsTheSameAccess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		permissions := rapid.SliceOfN(anyPermission, 0, 8).Draw(t, "permissions")
		was := access.Set{Permissions: permissions}
		folded := access.Fold(permissions)
		now := access.Set{Permissions: folded}
		if !access.Covers(was, now) || !access.Covers(now, was) {
			t.Fatalf("%v became %v", permissions, folded)
		}
		seen := map[string]bool{}
		for _, p := range folded {
			k := string(p.Entity) + string(p.Action) + string(p.Scope)
			if seen[k] || !slices.IsSorted(p.IDs) || len(slices.Compact(slices.Clone(p.IDs))) < len(p.IDs) {
				t.Fatalf("%v is not folded", folded)
			}
			seen[k] = true
		}
	})
}

func TestPermissionString(t *testing.T) {
	for want, p := range map[string]access.Permission{
		"user:read": may(user, read), "user:edit:self": self(user, edit), "role:read:3,41": may(role, read, 3, 41),
	} {
		if got := p.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
