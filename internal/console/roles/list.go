package roles

import (
	"strconv"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// rolePath returns the path of a role's page.
func rolePath(id int64) string { return rolesPath + "/" + strconv.FormatInt(id, 10) }

// roleRow is a role as the list shows it.
type roleRow struct {
	ID, Name, Description string
	Permissions           int
	Everything            bool // the role has every permission, also those of later releases
	BuiltIn               bool
}

// listPage is the data of templates/roles.html.
type listPage struct {
	Roles     []roleRow
	Next      string // path of the next page; "": none
	MayCreate bool
	MayUsers  bool // the page links to the users with a role
}

// listLength is the number of roles on one page of the list.
const listLength = 100

func (h *handler) showRoles(q *page.Request) error {
	after, _ := strconv.ParseInt(q.URL.Query().Get("after"), 10, 64) // 0, the start of the list, if the id is invalid
	list, more, err := q.ListRoles(h.service, after, listLength)
	if err != nil {
		return err
	}
	view := listPage{
		MayCreate: q.May(access.ActionCreate, access.EntityRole),
		MayUsers:  q.May(access.ActionRead, access.EntityUser),
	}
	for _, r := range list {
		view.Roles = append(view.Roles, roleRow{
			ID: strconv.FormatInt(r.ID, 10), Name: r.Name, Description: r.Description,
			Permissions: r.Permissions, Everything: r.ID == access.AdministratorRole, BuiltIn: r.BuiltIn(),
		})
	}
	if more {
		view.Next = rolesPath + "?after=" + view.Roles[len(view.Roles)-1].ID
	}
	return q.Show("roles.html", "Roles", view)
}

// newRoleForm returns the form for a new role.
func newRoleForm(q *page.Request) *page.Form {
	return q.PrepareForm(&page.Form{
		Action: rolesPath + "/new", Submit: "Create the role", Cancel: rolesPath,
		Fields: roleFields("/0", access.Role{}),
	})
}

// roleFields returns the form fields for the name and the description of a role. prefix is the JSON
// pointer of the role in the input of package service. The paths of error details begin with
// prefix.
func roleFields(prefix string, r access.Role) []*page.Field {
	return []*page.Field{
		{Name: "name", Label: "Name", Value: r.Name, Required: true, Path: prefix + "/name"},
		{
			Name: "description", Label: "Description", Type: "textarea", Value: r.Description,
			Path: prefix + "/description",
			Hint: "What the role is for, so that others choose the right one.",
		},
	}
}

const newRoleText locale.Phrase = "It permits nothing at first. You choose what it permits on the next page."

func showNewRole(q *page.Request) error {
	return q.Show("roleform.html", "New role", roleForm{Form: newRoleForm(q), Text: q.Tr(newRoleText)})
}

// roleForm is the data of templates/roleform.html.
type roleForm struct {
	Form *page.Form
	Text string
}

func (h *handler) createRole(q *page.Request) error {
	n := account.NewRole{Name: q.Value("name"), Description: q.Value("description")}
	created, err := h.service.CreateRoles(q.Context(), q.Caller, []account.NewRole{n})
	if err != nil {
		return showRefused(q, newRoleForm(q), err, "New role", newRoleText)
	}
	return q.RedirectWithFlash(rolePath(created[0].ID), "The role was created. Choose what it permits.")
}

// showRefused shows the form in roleform.html again, with the reason why package service refused
// it.
func showRefused(q *page.Request, f *page.Form, err error, title, text locale.Phrase, args ...any) error {
	return q.AnswerRefusal(f, err, func(status int) error {
		return q.ShowStatus(status, "roleform.html", q.Tr(title), roleForm{Form: f, Text: q.Tr(text, args...)})
	})
}

// role returns the role whose id is in the path.
func (h *handler) role(q *page.Request) (access.Role, error) {
	id, err := q.PathID("id")
	if err != nil {
		return access.Role{}, err
	}
	return h.service.Role(q.Context(), q.Caller, id)
}

const copyText locale.Phrase = "The copy has the description and the permissions that “%s” has today. Nobody has " +
	"it at first."

func copyRoleForm(q *page.Request, r access.Role) *page.Form {
	return q.PrepareForm(&page.Form{
		Action: rolePath(r.ID) + "/copy", Submit: "Create the copy", Cancel: rolePath(r.ID),
		Fields: []*page.Field{{
			Name: "name", Label: "Name of the copy", Value: q.Tr("Copy of %s", r.Name), Required: true,
		}},
	})
}

func (h *handler) showCopyRole(q *page.Request) error {
	r, err := h.role(q)
	if err != nil {
		return err
	}
	return q.Show("roleform.html", "Copy a role", roleForm{Form: copyRoleForm(q, r), Text: q.Tr(copyText, r.Name)})
}

func (h *handler) copyRole(q *page.Request) error {
	r, err := h.role(q)
	if err != nil {
		return err
	}
	created, err := h.service.CopyRole(q.Context(), q.Caller, r.ID, q.Value("name"))
	if err != nil {
		return showRefused(q, copyRoleForm(q, r), err, "Copy a role", copyText, r.Name)
	}
	return q.RedirectWithFlash(rolePath(created.ID), "The copy was created.")
}
