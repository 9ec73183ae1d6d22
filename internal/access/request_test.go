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

// request returns a request for the ids, or for all targets if there are no ids.
func request(e access.Entity, a access.Action, ids ...int64) access.PermissionRequest {
	d := access.PermissionRequest{Entity: e, Action: a}
	if ids != nil {
		d.IDs = &ids
	}
	return d
}

// requestSelf returns a request with [access.SelfUserID] as the DynamicID.
func requestSelf(e access.Entity, a access.Action, ids ...int64) access.PermissionRequest {
	d := request(e, a, ids...)
	d.DynamicID = access.SelfUserID
	return d
}

func TestParse(t *testing.T) {
	none := []int64{}
	long := strings.Repeat("n", 64)
	odd := request(user, read)
	odd.DynamicID = "my-user-id"
	tests := []struct {
		name    string
		request access.PermissionRequest
		want    access.Permission
		fault   string // path of the expected fault; "" if the request is valid
	}{
		{"all", request(user, read), permission(user, read), ""},
		{"ids are sorted and unique", request(user, read, 3, 1, 3), permission(user, read, 1, 3), ""},
		{"self", requestSelf(user, read), selfPermission(user, read), ""},
		{"self with an empty list", requestSelf(user, edit, none...), selfPermission(user, edit), ""},
		{"self with ids", requestSelf(user, read, 3), access.Permission{}, "/0/entityIds"},
		{"an empty list", request(user, read, none...), access.Permission{}, "/0/entityIds"},
		{"id 0", request(user, read, 3, 0), access.Permission{}, "/0/entityIds"},
		{"another dynamic id", odd, access.Permission{}, "/0/dynamicId"},
		{"self for an action without it", requestSelf(user, remove), access.Permission{}, "/0/dynamicId"},
		{"self for an entity without an owner", requestSelf(role, read), access.Permission{}, "/0/dynamicId"},
		{
			"self to create a key", requestSelf(access.EntityAPIKey, access.ActionCreate),
			selfPermission(access.EntityAPIKey, access.ActionCreate), "",
		},
		{"ids to create users", request(user, access.ActionCreate, 3), access.Permission{}, "/0/entityIds"},
		{"ids to create keys", request(access.EntityAPIKey, access.ActionCreate, 3), access.Permission{}, "/0/entityIds"},
		{"ids of the settings", request(access.EntityLockoutPolicy, read, 3), access.Permission{}, "/0/entityIds"},
		{"ids of mail", request(access.EntityMail, read, 3), access.Permission{}, "/0/entityIds"},
		{
			"all settings", request(access.EntityApplicationSettings, edit),
			permission(access.EntityApplicationSettings, edit), "",
		},
		{"ids of roles", request(role, access.ActionAssign, 3), permission(role, access.ActionAssign, 3), ""},
		{"ids of actors", request(access.EntityActivityLog, read, 3), permission(access.EntityActivityLog, read, 3), ""},
		{"unknown entity", request("dashboard", "create", 3), permission("dashboard", "create", 3), ""},
		{"unknown entity, self", requestSelf("dashboard", read), selfPermission("dashboard", read), ""},
		{"unknown action", requestSelf(user, "fly"), selfPermission(user, "fly"), ""},
		{"longest name", request(access.Entity(long), read), permission(access.Entity(long), read), ""},
		{"too long", request(access.Entity(long+"n"), read), access.Permission{}, "/0/entityName"},
		{"no name", request("", read), access.Permission{}, "/0/entityName"},
		{"a digit first", request(user, "2fly"), access.Permission{}, "/0/action"},
		{"white space", request(user, "fly\n"), access.Permission{}, "/0/action"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, faults := access.Parse([]access.PermissionRequest{test.request})
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

func TestParseReportsEveryFault(t *testing.T) {
	_, faults := access.Parse([]access.PermissionRequest{request(user, read), request("", ""), requestSelf(user, remove)})
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	if want := []string{"/1/entityName", "/1/action", "/2/dynamicId"}; !slices.Equal(paths, want) {
		t.Errorf("the faults are %v, want %v", faults, want)
	}
}

func TestParseLimitsIDs(t *testing.T) {
	ids := make([]int64, access.MaxListedIDs)
	for i := range ids {
		ids[i] = int64(i) + 1
	}
	if _, faults := access.Parse([]access.PermissionRequest{request(user, read, ids...)}); len(faults) > 0 {
		t.Errorf("at the limit: %v", faults)
	}
	over := []access.PermissionRequest{request(user, read, ids...), request(role, read, 1)}
	if _, faults := access.Parse(over); len(faults) != 1 || faults[0].Path != "" {
		t.Errorf("over the limit: %v", faults)
	}
}

// The permissions of the built-in roles are valid as requests, so a copy of a built-in role can
// be edited.
func TestBuiltInRolesCanBeRequested(t *testing.T) {
	for _, r := range access.BuiltIn() {
		expanded := r.Expand()
		got, faults := access.Parse(requestsFor(expanded))
		if len(faults) > 0 || !reflect.DeepEqual(got, expanded) {
			t.Errorf("role %d: got %v and the faults %v, want %v", r.ID, got, faults, expanded)
		}
		if missing := access.MissingRead(got); missing != nil {
			t.Errorf("role %d: permissions %v lack the one to read", r.ID, missing)
		}
	}
}

// requestsFor returns requests from which Parse returns the given permissions.
func requestsFor(permissions []access.Permission) []access.PermissionRequest {
	var ds []access.PermissionRequest
	for _, p := range permissions {
		switch p.Scope {
		case access.ScopeSelf:
			ds = append(ds, requestSelf(p.Entity, p.Action))
		default:
			ds = append(ds, request(p.Entity, p.Action, p.IDs...))
		}
	}
	return ds
}

func TestMissingRead(t *testing.T) {
	tests := []struct {
		name        string
		permissions []access.Permission
		want        []int
	}{
		{"nothing", nil, nil},
		{"create does not need it", []access.Permission{permission(user, access.ActionCreate)}, nil},
		{"every action that needs it", []access.Permission{
			permission(user, edit), permission(user, access.ActionEditAccess), permission(user, remove),
			permission(role, access.ActionAssign),
		}, []int{0, 1, 2, 3}},
		{"with read", []access.Permission{permission(user, edit), permission(user, read)}, nil},
		{"read of another entity", []access.Permission{permission(user, edit), permission(role, read)}, []int{0}},
		{"read of fewer targets", []access.Permission{permission(user, edit), permission(user, read, 1)}, []int{0}},
		{"read of other targets", []access.Permission{permission(user, edit, 1, 2), permission(user, read, 1, 3)}, []int{0}},
		{"read of all targets", []access.Permission{permission(user, edit, 1, 2), permission(user, read)}, nil},
		{
			"read in two lists",
			[]access.Permission{permission(user, edit, 1, 2), permission(user, read, 1), permission(user, read, 2)}, nil,
		},
		{"read of self", []access.Permission{selfPermission(user, edit), selfPermission(user, read)}, nil},
		{"self and read of all targets", []access.Permission{selfPermission(user, edit), permission(user, read)}, nil},
		{"self and read of ids", []access.Permission{selfPermission(user, edit), permission(user, read, 1)}, []int{0}},
		{"unknown", []access.Permission{permission("dashboard", edit), permission(access.EntitySession, edit)}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := access.MissingRead(test.permissions); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestMergeDuplicates(t *testing.T) {
	got := access.MergeDuplicates([]access.Permission{
		permission(user, read, 4, 7), permission(user, edit), permission(user, read), permission(user, edit),
		selfPermission(user, read), permission(user, read, 1, 7), selfPermission(user, read),
	})
	want := []access.Permission{
		permission(user, read, 1, 4, 7), permission(user, edit), permission(user, read), selfPermission(user, read),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// MergeDuplicates does not change the access that the permissions grant, and leaves no
// duplicates.
func TestMergeDuplicatesKeepsAccess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		permissions := rapid.SliceOfN(permissionGenerator, 0, 8).Draw(t, "permissions")
		before := access.Set{Permissions: permissions}
		merged := access.MergeDuplicates(permissions)
		after := access.Set{Permissions: merged}
		if !access.Covers(before, after) || !access.Covers(after, before) {
			t.Fatalf("%v became %v", permissions, merged)
		}
		seen := map[string]bool{}
		for _, p := range merged {
			k := string(p.Entity) + string(p.Action) + string(p.Scope)
			if seen[k] || !slices.IsSorted(p.IDs) || len(slices.Compact(slices.Clone(p.IDs))) < len(p.IDs) {
				t.Fatalf("%v has duplicates or unsorted ids", merged)
			}
			seen[k] = true
		}
	})
}

func TestPermissionString(t *testing.T) {
	for want, p := range map[string]access.Permission{
		"user:read":      permission(user, read),
		"user:edit:self": selfPermission(user, edit),
		"role:read:3,41": permission(role, read, 3, 41),
	} {
		if got := p.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
