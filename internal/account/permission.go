package account

import (
	"fmt"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// checkPermissions makes permissions of what somebody asks for, each once. path
// is where the drafts are in the input. It fails with CodeInvalid, and with
// CodePermissionNeedsRead.
func checkPermissions(path string, drafts []access.PermissionRequest) ([]access.Permission, error) {
	permissions, faults := access.Parse(drafts)
	if len(faults) > 0 {
		details := make([]Detail, len(faults))
		for i, f := range faults {
			details[i] = Detail{path + f.Path, f.Message}
		}
		return nil, Invalid(details...)
	}
	if indices := access.WithoutRead(permissions); len(indices) > 0 {
		e := &Error{Code: CodePermissionNeedsRead, Message: "To edit, delete or assign needs the permission to read the same."}
		for _, i := range indices {
			p := permissions[i]
			e.Details = append(e.Details, Detail{
				fmt.Sprintf("%s/%d/action", path, i), fmt.Sprintf("needs %s:%s of the same scope too", p.Entity, access.ActionRead),
			})
		}
		return nil, e
	}
	return access.Fold(permissions), nil
}

// mayAddUnknown fails when somebody who is no administrator adds a permission of
// a name that the registry does not know: a later release may give it a meaning.
func mayAddUnknown(caller *Principal, was, wanted []access.Permission) error {
	if caller.Access.Administrator {
		return nil
	}
	for _, p := range wanted {
		if !p.Known() && !slices.ContainsFunc(was, p.Equal) {
			return &Error{Code: CodeForbidden, Message: "Only an administrator can add a permission of a name that this release does not know."}
		}
	}
	return nil
}

// permissionTexts writes permissions for the activity log.
func permissionTexts(permissions []access.Permission) []string {
	texts := make([]string, len(permissions))
	for i, p := range permissions {
		texts[i] = p.String()
	}
	return texts
}
