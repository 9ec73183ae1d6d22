package account

import (
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// checkPermissions makes permissions of what somebody asks for, each once. path
// is where the drafts are in the input. It fails with CodeInvalid, and with
// CodePermissionNeedsRead.
func CheckPermissions(path string, drafts []access.PermissionRequest) ([]access.Permission, error) {
	permissions, faults := access.Parse(drafts)
	if len(faults) > 0 {
		details := make([]Detail, len(faults))
		for i, f := range faults {
			details[i] = Detail{path + f.Path, f.Message}
		}
		return nil, Invalid(details...)
	}
	if indices := access.MissingRead(permissions); len(indices) > 0 {
		e := &Error{Code: CodePermissionNeedsRead, Message: "To edit, delete or assign needs the permission to read the same."}
		for _, i := range indices {
			p := permissions[i]
			e.Details = append(e.Details, Detail{
				fmt.Sprintf("%s/%d/action", path, i), fmt.Sprintf("needs %s:%s of the same scope too", p.Entity, access.ActionRead),
			})
		}
		return nil, e
	}
	return access.MergeDuplicates(permissions), nil
}

// RoleNameKey is the name of a role in the one form that is kept unique, without
// regard to case.
func RoleNameKey(name string) string { return CaseFold(name) }
