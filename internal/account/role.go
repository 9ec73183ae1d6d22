package account

import (
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// Limits of roles.
const (
	MaxDescriptionLength = 4096 // characters
	MaxNewRoles          = 100  // roles that one request creates
)

// NewRole is the input for a new role. The role has no permissions at first.
type NewRole struct{ Name, Description string }

// RoleUpdate changes a role. A nil field stays unchanged.
type RoleUpdate struct{ Name, Description *string }

// RoleSummary is a role in a list, with the number of its permissions. The permissions themselves
// may list thousands of ids.
type RoleSummary struct {
	ID                int64
	Name, Description string
	Permissions       int // number of permissions; 0 for role 1, which permits everything without stored permissions
}

// BuiltIn reports whether the role exists in every database and can't be changed.
func (r RoleSummary) BuiltIn() bool { return access.Role{ID: r.ID}.BuiltIn() }

// RoleNameKey returns the case-folded form of a role's name. No two roles have the same.
func RoleNameKey(name string) string { return CaseFold(name) }

// ParsePermissions returns the requested permissions without duplicates. path is the JSON pointer
// of the list in the input. It fails with CodeInvalid. It fails with CodePermissionNeedsRead when a
// permission to change something comes without the permission to read the same.
func ParsePermissions(path string, requests []access.PermissionRequest) ([]access.Permission, error) {
	permissions, faults := access.Parse(requests)
	if len(faults) > 0 {
		details := make([]Detail, len(faults))
		for i, fault := range faults {
			details[i] = Detail{Path: path + fault.Path, Message: fault.Message}
		}
		return nil, Invalid(details...)
	}
	if indices := access.MissingRead(permissions); len(indices) > 0 {
		e := &Error{
			Code:    CodePermissionNeedsRead,
			Message: "To edit, delete or assign needs the permission to read the same.",
		}
		for _, i := range indices {
			p := permissions[i]
			e.Details = append(e.Details, Detail{
				Path:    fmt.Sprintf("%s/%d/action", path, i),
				Message: fmt.Sprintf("needs %s:%s of the same scope too", p.Entity, access.ActionRead),
			})
		}
		return nil, e
	}
	return access.MergeDuplicates(permissions), nil
}
