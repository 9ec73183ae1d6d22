package console

import (
	"errors"
	"strconv"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

const rolesPath = "/roles"

// The permissions that the pages of roles need. Which role is for the rules to decide.
var (
	readRoles   = permission{access.ActionRead, access.EntityRole}
	createRoles = permission{access.ActionCreate, access.EntityRole}
	editRoles   = permission{access.ActionEdit, access.EntityRole}
	deleteRoles = permission{access.ActionDelete, access.EntityRole}
)

var roleRoutes = []route{
	{pattern: "GET " + rolesPath, page: (*request).showRoles, may: readRoles},
	{pattern: "GET " + rolesPath + "/new", page: (*request).showNewRole, may: createRoles},
	{pattern: "POST " + rolesPath + "/new", page: (*request).createRole, may: createRoles},
	{pattern: "GET " + rolesPath + "/{id}/copy", page: (*request).showCopyRole, may: createRoles},
	{pattern: "POST " + rolesPath + "/{id}/copy", page: (*request).copyRole, may: createRoles},
	{pattern: "GET " + rolesPath + "/{id}", page: (*request).showRole, may: readRoles},
	{pattern: "POST " + rolesPath + "/{id}", page: (*request).updateRole, may: editRoles, body: maxChangeBytes},
	{pattern: "POST " + rolesPath + "/{id}/permissions", page: (*request).setPermissions, may: editRoles, body: maxMatrixBytes},
	{pattern: "GET " + rolesPath + "/{id}/delete", page: (*request).showDeleteRole, may: deleteRoles},
	{pattern: "POST " + rolesPath + "/{id}/delete", page: (*request).deleteRole, may: deleteRoles},
}

// rolePath is the page of a role.
func rolePath(id int64) string { return rolesPath + "/" + strconv.FormatInt(id, 10) }

// roleRow is a role in the list of templates/roles.html.
type roleRow struct {
	ID, Name, Description string
	Permissions           int
	Everything            bool // it has every permission, now and later
	BuiltIn               bool
}

// rolesPage is what templates/roles.html shows.
type rolesPage struct {
	Roles     []roleRow
	Next      string // path of the next page; "": this is the last
	MayCreate bool
	MayUsers  bool // sees users, so also who has a role
}

const rolesOnPage = 100

// errEnough ends a list that is long enough.
var errEnough = errors.New("enough of them")

func (q *request) showRoles() error {
	after, _ := strconv.ParseInt(q.URL.Query().Get("after"), 10, 64) // what is no number is the beginning
	page := rolesPage{
		MayCreate: q.may(access.ActionCreate, access.EntityRole),
		MayUsers:  q.may(access.ActionRead, access.EntityUser),
	}
	err := q.eachRole(after, func(r account.RoleSummary) error {
		if len(page.Roles) == rolesOnPage {
			page.Next = rolesPath + "?after=" + page.Roles[len(page.Roles)-1].ID
			return errEnough
		}
		page.Roles = append(page.Roles, roleRow{
			ID: strconv.FormatInt(r.ID, 10), Name: r.Name, Description: r.Description,
			Permissions: r.Permissions, Everything: r.ID == access.AdministratorRole, BuiltIn: r.BuiltIn(),
		})
		return nil
	})
	if err != nil {
		return err
	}
	return q.show("roles.html", "Roles", page)
}

// eachRole calls yield with the roles after an id that the caller sees, by id, until it
// has enough.
func (q *request) eachRole(after int64, yield func(account.RoleSummary) error) error {
	if err := q.accounts.ListRoleSummaries(q.Context(), q.caller, after, yield); !errors.Is(err, errEnough) {
		return err
	}
	return nil
}

// newRoleForm asks for a role; at is where the rules find it in their input.
func (q *request) newRoleForm(at string) *form {
	return q.form(&form{
		Action: rolesPath + "/new", Submit: "Create the role", Cancel: rolesPath,
		Fields: roleFields(at, access.Role{}),
	})
}

// roleFields ask for the name and the description of a role.
func roleFields(at string, r access.Role) []*field {
	return []*field{
		{Name: "name", Label: "Name", Value: r.Name, Required: true, Path: at + "/name"},
		{Name: "description", Label: "Description", Type: "textarea", Value: r.Description, Hint: "What the role is for, so that others choose the right one.", Path: at + "/description"},
	}
}

func (q *request) showNewRole() error {
	return q.show("roleform.html", "New role", roleForm{Form: q.newRoleForm("/0"), Text: q.say("It permits nothing at first. You choose what it permits on the next page.")})
}

// roleForm is what templates/roleform.html shows.
type roleForm struct {
	Form *form
	Text string
}

func (q *request) createRole() error {
	made, err := q.accounts.CreateRoles(q.Context(), q.caller, []account.NewRole{{Name: q.value("name"), Description: q.value("description")}})
	if err != nil {
		f := q.newRoleForm("/0")
		return q.showRefused(f, err, "New role", "It permits nothing at first. You choose what it permits on the next page.")
	}
	return q.done(rolePath(made[0].ID), "The role was created. Choose what it permits.")
}

// showRefused shows a form of roleform.html again, with why the rules did not take it.
func (q *request) showRefused(f *form, err error, title, text locale.Phrase, args ...any) error {
	status := q.refuse(f, err)
	if status == 0 {
		return err
	}
	return q.showStatus(status, "roleform.html", q.say(title), roleForm{Form: f, Text: q.say(text, args...)})
}

// role returns the role that the path names.
func (q *request) role() (access.Role, error) {
	id, err := q.id("id")
	if err != nil {
		return access.Role{}, err
	}
	return q.accounts.Role(q.Context(), q.caller, id)
}

const copyText locale.Phrase = "The copy has the description and the permissions that “%s” has today. Nobody has it at first."

func (q *request) copyRoleForm(r access.Role) *form {
	return q.form(&form{
		Action: rolePath(r.ID) + "/copy", Submit: "Create the copy", Cancel: rolePath(r.ID),
		Fields: []*field{{Name: "name", Label: "Name of the copy", Value: q.say("Copy of %s", r.Name), Required: true}},
	})
}

func (q *request) showCopyRole() error {
	r, err := q.role()
	if err != nil {
		return err
	}
	return q.show("roleform.html", "Copy a role", roleForm{Form: q.copyRoleForm(r), Text: q.say(copyText, r.Name)})
}

func (q *request) copyRole() error {
	r, err := q.role()
	if err != nil {
		return err
	}
	made, err := q.accounts.CopyRole(q.Context(), q.caller, r.ID, q.value("name"))
	if err != nil {
		return q.showRefused(q.copyRoleForm(r), err, "Copy a role", copyText, r.Name)
	}
	return q.done(rolePath(made.ID), "The copy was created.")
}
