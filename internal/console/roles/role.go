package roles

import (
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// rolePage is the data of templates/role.html.
type rolePage struct {
	Role      access.Role
	Path      string
	Form      *page.Form    // for name and description; nil: the caller can't change the role
	Why       locale.Phrase // why the caller can't change the role; "" if they can
	Matrix    *matrix
	MayCopy   bool
	MayDelete bool
	UsersPath string // path of the list of users with the role; "": the caller may not see users
}

// newRolePage returns the data of a role's page, with the permissions that are stored.
func newRolePage(q *page.Request, r access.Role) *rolePage {
	covered := covers(q, r.Permissions...) && (r.ID != access.AdministratorRole || q.Caller.Access.Administrator)
	view := &rolePage{
		Role: r, Path: rolePath(r.ID), Why: readOnlyReason(q, r, covered),
		MayCopy:   covered && q.May(access.ActionCreate, access.EntityRole),
		MayDelete: covered && !r.BuiltIn() && q.MayOn(access.ActionDelete, access.EntityRole, r.ID),
	}
	view.Matrix = newMatrix(q, r, view.Why != "")
	if q.May(access.ActionRead, access.EntityUser) {
		view.UsersPath = usersWith(r.ID)
	}
	if view.Why == "" {
		fields := page.WithOriginals(roleFields("", r))
		view.Form = q.PrepareForm(&page.Form{Action: view.Path, Submit: "Save", Fields: fields})
	}
	return view
}

// readOnlyReason returns why the caller can't change a role, or "" if they can.
func readOnlyReason(q *page.Request, r access.Role, covered bool) locale.Phrase {
	switch {
	case r.BuiltIn():
		return "This role is built in and cannot be changed. Copy it, and change the copy."
	case !q.MayOn(access.ActionEdit, access.EntityRole, r.ID):
		return "You may see this role, but not change it."
	case !covered:
		return "This role permits more than you may do yourself, so you cannot change, copy or delete it."
	}
	return ""
}

// covers reports whether the caller has all of the permissions. Only then can the caller give them
// to a role.
func covers(q *page.Request, permissions ...access.Permission) bool {
	return access.Covers(q.Caller.Access, access.Set{Permissions: permissions})
}

func (h *handler) showRole(q *page.Request) error {
	r, err := h.role(q)
	if err != nil {
		return err
	}
	return q.ShowStatus(http.StatusOK, "role.html", r.Name, newRolePage(q, r))
}

func (h *handler) updateRole(q *page.Request) error {
	r, err := h.role(q)
	if err != nil {
		return err
	}
	up := account.RoleUpdate{Name: q.ChangedText("name"), Description: q.ChangedText("description")}
	if up == (account.RoleUpdate{}) {
		return q.RedirectWithFlash(rolePath(r.ID), "There was nothing to change.")
	}
	_, err = h.service.UpdateRole(q.Context(), q.Caller, r.ID, up)
	if err == nil {
		return q.RedirectWithFlash(rolePath(r.ID), "The role was saved.")
	}
	view := newRolePage(q, r)
	if view.Form == nil {
		return err
	}
	return q.AnswerRefusal(view.Form, err, func(status int) error {
		return q.ShowStatus(status, "role.html", r.Name, view)
	})
}

// setPermissions replaces the permissions of a role by those that were chosen in the matrix. The
// matrix has no cells for permissions that this release doesn't know, so setPermissions keeps them.
func (h *handler) setPermissions(q *page.Request) error {
	r, err := h.role(q)
	if err != nil {
		return err
	}
	view := newRolePage(q, r)
	if view.Why == "" {
		view.Matrix.fill(q)
		if view.Matrix.Seen != q.Value("seen") {
			return showStale(q, view)
		}
		if view.Matrix.Alert != "" {
			return q.ShowStatus(http.StatusUnprocessableEntity, "role.html", r.Name, view)
		}
	}
	requests, cells := view.Matrix.permissionRequests()
	requests = append(requests, unknownPermissionRequests(r)...)
	_, err = h.service.ReplaceRolePermissions(q.Context(), q.Caller, r.ID, r.Permissions, requests)
	switch {
	case err == nil:
		return q.RedirectWithFlash(rolePath(r.ID),
			"The permissions were saved. They hold from the next request of who has the role.")
	case account.ErrorCode(err) == account.CodeRoleChanged:
		return showStale(q, view)
	}
	status := view.Matrix.refuse(q, err, cells)
	if status == 0 || view.Why != "" {
		return err
	}
	return q.ShowStatus(status, "role.html", r.Name, view)
}

// showStale shows the submitted matrix with an alert: another user has changed the permissions
// since the page was opened.
func showStale(q *page.Request, view *rolePage) error {
	view.Matrix.Alert = q.Tr("Somebody has changed these permissions since you opened the page. Nothing was " +
		"changed. Open the page again.")
	return q.ShowStatus(http.StatusConflict, "role.html", view.Role.Name, view)
}
