package roles

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// Maximum lengths of the two lists on the page that deletes a role: users who have the role, and
// roles that can replace it.
const (
	maxListedHolders = 10
	maxReplacements  = 500
)

// deletePage is the data of templates/roledelete.html.
type deletePage struct {
	Role      access.Role
	Holders   []account.User // the first users with the role, as far as the caller may see them
	More      bool           // Holders is not complete
	UsersPath string         // path of the list of all users with the role; "": the caller may not see users
	Form      *page.Form
}

// usersWith returns the path of the list of users, filtered by a role.
func usersWith(id int64) string { return fmt.Sprintf("/users?role=%d", id) }

// deletableRole returns the role whose id is in the path. It fails if the caller may not delete
// that role.
func (h *handler) deletableRole(q *page.Request) (access.Role, error) {
	r, err := h.role(q)
	if err != nil {
		return r, err
	}
	if r.BuiltIn() {
		return r, account.NotFound() // no page has a link to delete a built-in role
	}
	return r, account.Allow(q.Caller, access.ActionDelete, access.EntityRole, r.ID)
}

func (h *handler) newDeletePage(q *page.Request, r access.Role) (*deletePage, error) {
	view := &deletePage{Role: r}
	if q.May(access.ActionRead, access.EntityUser) {
		filter := account.UserFilter{RoleID: &r.ID}
		users, err := h.service.FindUsers(q.Context(), q.Caller, filter, account.SortByName, "", maxListedHolders)
		if err != nil {
			return nil, err
		}
		view.Holders, view.More, view.UsersPath = users.Users, users.Next != "", usersWith(r.ID)
	}
	list, _, err := q.ListRoles(h.service, 0, maxReplacements+1) // one more: the role to be deleted is in this list too
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(other account.RoleSummary) bool { return other.ID == r.ID })
	replacements := []page.Option{{Text: q.Tr("None: nobody has the role, and no setting names it")}}
	var ids []int64
	for _, other := range list[:min(len(list), maxReplacements)] {
		ids = append(ids, other.ID)
		replacements = append(replacements, page.Option{Value: strconv.FormatInt(other.ID, 10), Text: other.Name})
	}
	covered, err := h.service.CoveredRoles(q.Context(), q.Caller, ids)
	for i, id := range ids {
		replacements[i+1].Disabled = !covered[id]
	}
	view.Form = q.PrepareForm(&page.Form{
		Action: rolePath(r.ID) + "/delete", Submit: "Delete the role", Cancel: rolePath(r.ID), Danger: true,
		Fields: []*page.Field{
			{
				Name: "replaceWith", Label: "Role in its place", Type: "select", Options: replacements,
				Path: "/query/replaceWith",
				Hint: "All who have the role, and the settings that name it, get this one. You cannot choose what " +
					"permits more than you may do yourself.",
			},
			{
				Name: "name", Label: "Type the name of the role", Hint: "So that no role is deleted by mistake.",
				Autocomplete: "off", Required: true,
			},
		},
	})
	return view, err
}

func (h *handler) showDeleteRole(q *page.Request) error {
	r, err := h.deletableRole(q)
	if err != nil {
		return err
	}
	view, err := h.newDeletePage(q, r)
	if err != nil {
		return err
	}
	return q.Show("roledelete.html", "Delete a role", view)
}

func (h *handler) deleteRole(q *page.Request) error {
	r, err := h.deletableRole(q)
	if err != nil {
		return err
	}
	view, err := h.newDeletePage(q, r)
	if err != nil {
		return err
	}
	if q.Value("name") != strings.TrimSpace(r.Name) { // the API accepts names with spaces around them
		q.MarkField(view.Form, "name", "This is not the name of the role.")
		return q.ShowStatus(http.StatusUnprocessableEntity, "roledelete.html", q.Tr("Delete a role"), view)
	}
	replacement, err := strconv.ParseInt(cmp.Or(q.Value("replaceWith"), "0"), 10, 64)
	if err != nil || replacement < 0 {
		return page.ErrFormUnreadable
	}
	if err := h.service.DeleteRole(q.Context(), q.Caller, r.ID, replacement); err != nil {
		return q.AnswerRefusal(view.Form, err, func(status int) error {
			if account.ErrorCode(err) == account.CodeRoleInUse {
				q.MarkField(view.Form, "replaceWith",
					"Somebody has the role, or a setting names it. Choose the one that takes its place.")
			}
			return q.ShowStatus(status, "roledelete.html", q.Tr("Delete a role"), view)
		})
	}
	return q.RedirectWithFlash(rolesPath, "The role “%s” was deleted.", r.Name)
}
