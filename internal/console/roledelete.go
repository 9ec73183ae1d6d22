package console

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Numbers of the page that deletes a role.
const (
	holdersShown     = 10
	replacementsMost = 500
)

// deleteRolePage is what templates/roledelete.html shows.
type deleteRolePage struct {
	Role      access.Role
	Holders   []account.User // the first of those who have it, as far as the caller sees them
	More      bool           // there are more
	UsersPath string         // all of them; "": the caller sees no users
	Form      *form
}

// usersWith is the list of those who have a role.
func usersWith(id int64) string { return fmt.Sprintf("/users?role=%d", id) }

// deletable returns the role of the path, if the caller may delete it.
func (q *request) deletable() (access.Role, error) {
	r, err := q.role()
	if err != nil {
		return r, err
	}
	if r.BuiltIn() {
		return r, account.NotFound() // no page leads here
	}
	return r, account.Allow(q.caller, access.ActionDelete, access.EntityRole, r.ID)
}

func (q *request) deleteRolePage(r access.Role) (*deleteRolePage, error) {
	page := &deleteRolePage{Role: r}
	if q.may(access.ActionRead, access.EntityUser) {
		users, err := q.accounts.FindUsers(q.Context(), q.caller, account.UserFilter{RoleID: &r.ID}, account.SortByName, "", holdersShown)
		if err != nil {
			return nil, err
		}
		page.Holders, page.More, page.UsersPath = users.Users, users.Next != "", usersWith(r.ID)
	}
	replacements := []option{{Text: q.say("None: nobody has the role, and no setting names it")}}
	var others []int64
	err := q.eachRole(0, func(other account.RoleSummary) error {
		if len(others) == replacementsMost {
			return errEnough
		}
		if other.ID != r.ID {
			others = append(others, other.ID)
			replacements = append(replacements, option{Value: strconv.FormatInt(other.ID, 10), Text: other.Name})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	covered, err := q.accounts.CoveredRoles(q.Context(), q.caller, others)
	for i, id := range others {
		replacements[i+1].Disabled = !covered[id]
	}
	page.Form = q.form(&form{
		Action: rolePath(r.ID) + "/delete", Submit: "Delete the role", Cancel: rolePath(r.ID), Danger: true,
		Fields: []*field{
			{
				Name: "replaceWith", Label: "Role in its place", Type: "select", Options: replacements, Path: "/query/replaceWith",
				Hint: "All who have the role, and the settings that name it, get this one. You cannot choose what permits more than you may do yourself.",
			},
			{Name: "name", Label: "Type the name of the role", Hint: "So that no role is deleted by mistake.", Autocomplete: "off", Required: true},
		},
	})
	return page, err
}

func (q *request) showDeleteRole() error {
	r, err := q.deletable()
	if err != nil {
		return err
	}
	page, err := q.deleteRolePage(r)
	if err != nil {
		return err
	}
	return q.show("roledelete.html", "Delete a role", page)
}

func (q *request) deleteRole() error {
	r, err := q.deletable()
	if err != nil {
		return err
	}
	page, err := q.deleteRolePage(r)
	if err != nil {
		return err
	}
	if q.value("name") != strings.TrimSpace(r.Name) { // a name that the API took may have blanks around it
		q.markField(page.Form, "name", "This is not the name of the role.")
		return q.showStatus(http.StatusUnprocessableEntity, "roledelete.html", q.say("Delete a role"), page)
	}
	with, err := strconv.ParseInt(cmp.Or(q.value("replaceWith"), "0"), 10, 64)
	if err != nil || with < 0 {
		return errFormUnreadable
	}
	if err := q.accounts.DeleteRole(q.Context(), q.caller, r.ID, with); err != nil {
		status := q.refuse(page.Form, err)
		if status == 0 {
			return err
		}
		if account.ErrorCode(err) == account.CodeRoleInUse {
			q.markField(page.Form, "replaceWith", "Somebody has the role, or a setting names it. Choose the one that takes its place.")
		}
		return q.showStatus(status, "roledelete.html", q.say("Delete a role"), page)
	}
	return q.done(rolesPath, "The role “%s” was deleted.", r.Name)
}
