package account

import (
	"github.com/seed-3a99a2fe/usher/internal/access"
)

// Limits of roles.
const (
	MaxDescriptionLength = 4096 // characters
	MaxNewRoles          = 100  // at once
)

// NewRole is what a role is created from. It permits nothing at first.
type NewRole struct{ Name, Description string }

// RoleUpdate changes a role. A nil field is left alone.
type RoleUpdate struct{ Name, Description *string }

// RoleSummary is what lists tell of a role. Its permissions, which may list thousands
// of ids, are only counted.
type RoleSummary struct {
	ID                int64
	Name, Description string
	Permissions       int // role 1, which permits everything, has none stored
}

// BuiltIn reports whether the role is of every database, and cannot be changed.
func (r RoleSummary) BuiltIn() bool { return access.Role{ID: r.ID}.BuiltIn() }
