package console

import (
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// rolePage is what templates/role.html shows.
type rolePage struct {
	Role      access.Role
	Path      string
	Form      *form         // name and description; nil: they cannot be changed
	Why       locale.Phrase // the role cannot be changed; "": it can
	Matrix    *matrix
	MayCopy   bool
	MayDelete bool
	UsersPath string // who has it; "": users are not seen
}

// rolePage shows a role with the permissions that a matrix has.
func (q *request) rolePage(r access.Role) *rolePage {
	covered := q.covers(r.Permissions...) && (r.ID != access.AdministratorRole || q.caller.Access.Administrator)
	page := &rolePage{
		Role: r, Path: rolePath(r.ID), Why: q.whyFixed(r, covered),
		MayCopy:   covered && q.may(access.ActionCreate, access.EntityRole),
		MayDelete: covered && !r.BuiltIn() && account.Allow(q.caller, access.ActionDelete, access.EntityRole, r.ID) == nil,
	}
	page.Matrix = q.matrix(r, page.Why != "")
	if q.may(access.ActionRead, access.EntityUser) {
		page.UsersPath = usersWith(r.ID)
	}
	if page.Why == "" {
		page.Form = q.form(&form{Action: page.Path, Submit: "Save", Fields: withShown(roleFields("", r))})
	}
	return page
}

// whyFixed says why the caller cannot change a role.
func (q *request) whyFixed(r access.Role, covered bool) locale.Phrase {
	switch {
	case r.BuiltIn():
		return "This role is built in and cannot be changed. Copy it, and change the copy."
	case account.Allow(q.caller, access.ActionEdit, access.EntityRole, r.ID) != nil:
		return "You may see this role, but not change it."
	case !covered:
		return "This role permits more than you may do yourself, so you cannot change, copy or delete it."
	}
	return ""
}

// covers reports whether the caller has these permissions himself. Nobody can give
// what he does not have.
func (q *request) covers(permissions ...access.Permission) bool {
	return access.Covers(q.caller.Access, access.Set{Permissions: permissions})
}

func (q *request) showRole() error {
	r, err := q.role()
	if err != nil {
		return err
	}
	return q.showStatus(http.StatusOK, "role.html", r.Name, q.rolePage(r))
}

func (q *request) updateRole() error {
	r, err := q.role()
	if err != nil {
		return err
	}
	up := account.RoleUpdate{Name: q.sentText("name"), Description: q.sentText("description")}
	if up == (account.RoleUpdate{}) {
		return q.done(rolePath(r.ID), "There was nothing to change.")
	}
	_, err = q.accounts.UpdateRole(q.Context(), q.caller, r.ID, up)
	if err == nil {
		return q.done(rolePath(r.ID), "The role was saved.")
	}
	page := q.rolePage(r)
	if page.Form == nil {
		return err
	}
	status := q.refuse(page.Form, err)
	if status == 0 {
		return err
	}
	return q.showStatus(status, "role.html", r.Name, page)
}

// setPermissions gives a role what its matrix says, and what it has of names that this
// release does not know: the matrix has no place for them, and they stay.
func (q *request) setPermissions() error {
	r, err := q.role()
	if err != nil {
		return err
	}
	page := q.rolePage(r)
	if page.Why == "" {
		page.Matrix.fill(q)
		if page.Matrix.Seen != q.value("seen") {
			return q.showChanged(page)
		}
		if page.Matrix.Alert != "" {
			return q.showStatus(http.StatusUnprocessableEntity, "role.html", r.Name, page)
		}
	}
	drafts, cells := page.Matrix.drafts()
	_, err = q.accounts.ReplaceRolePermissions(q.Context(), q.caller, r.ID, r.Permissions, append(drafts, unknownDrafts(r)...))
	switch {
	case err == nil:
		return q.done(rolePath(r.ID), "The permissions were saved. They hold from the next request of who has the role.")
	case account.ErrorCode(err) == account.CodeRoleChanged:
		return q.showChanged(page)
	}
	status := page.Matrix.refuse(q, err, cells)
	if status == 0 || page.Why != "" {
		return err
	}
	return q.showStatus(status, "role.html", r.Name, page)
}

// showChanged shows what was sent for a role whose permissions are others by now.
func (q *request) showChanged(page *rolePage) error {
	page.Matrix.Alert = q.say("Somebody has changed these permissions since you opened the page. Nothing was changed. Open the page again.")
	return q.showStatus(http.StatusConflict, "role.html", page.Role.Name, page)
}
