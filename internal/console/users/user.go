package users

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// userPage is the data of templates/user.html. A part that the caller may not see or use has the
// zero value.
type userPage struct {
	userRow
	Path     string
	Provider string
	Self     bool
	Created  time.Time // zero: the activity log doesn't have it
	LastSeen time.Time // last use of a session; zero: none

	Edit, RolesForm *page.Form

	MayUnlock, MayInvite, MaySetPassword bool
	DeletePath                           string // path of the page that asks for confirmation

	Sessions *sessionList
	Keys     *keyList
	Activity *recentActivity
}

func (h *handler) showUser(q *page.Request) error {
	u, err := h.pathUser(q)
	if err != nil {
		return err
	}
	roles, err := h.listRoles(q)
	if err != nil {
		return err
	}
	view := userPage{
		userRow: newUserRow(q, u, roles), Path: userPath(u.ID), Provider: providerName(u.Provider),
		Self: u.ID == q.Caller.User.ID, Edit: editForm(q, u),
	}
	covered, err := h.coversUser(q, u)
	if err != nil {
		return err
	}
	if q.MayOn(access.ActionEditAccess, access.EntityUser, u.ID) && covered {
		local := u.Provider == account.ProviderLocal
		view.MayUnlock = !view.Self && u.LockedOut
		view.MayInvite = !view.Self && local && u.Active
		view.MaySetPassword = !view.Self && local
		if q.May(access.ActionAssign, access.EntityRole) {
			if view.RolesForm, err = h.rolesForm(q, u, roles); err != nil {
				return err
			}
		}
	}
	if q.MayOn(access.ActionDelete, access.EntityUser, u.ID) && covered {
		view.DeletePath = bulkLink(deleteAction, u.ID, usersPath)
	}
	if view.Sessions, view.LastSeen, err = h.sessionsOf(q, u, covered); err != nil {
		return err
	}
	if view.Keys, err = h.keysOf(q, u, covered); err != nil {
		return err
	}
	if view.Activity, view.Created, err = h.activityOf(q, u); err != nil {
		return err
	}
	return q.ShowStatus(http.StatusOK, "user.html", view.Name, view)
}

// userPath returns the path of a user's page.
func userPath(id int64) string { return usersPath + "/" + strconv.FormatInt(id, 10) }

// pathUser returns the user whose id is in the path. It fails if the caller may not see them.
func (h *handler) pathUser(q *page.Request) (account.User, error) {
	id, err := q.PathID("id")
	if err != nil {
		return account.User{}, err
	}
	return h.service.User(q.Context(), q.Caller, id)
}

// coversUser reports whether the caller has all permissions of the user's roles. It ignores roles
// that the caller may not read. The page may therefore show a button for an action that package
// service refuses.
func (h *handler) coversUser(q *page.Request, u account.User) (bool, error) {
	var ids []int64
	for _, id := range u.RoleIDs {
		if q.MayOn(access.ActionRead, access.EntityRole, id) {
			ids = append(ids, id)
		}
	}
	if ids == nil {
		return true, nil
	}
	covered, err := h.service.CoveredRoles(q.Context(), q.Caller, ids)
	return !slices.ContainsFunc(ids, func(id int64) bool { return !covered[id] }), err
}

// editForm returns the form for the fields of a user that the caller may change. It returns nil if
// there are none.
func editForm(q *page.Request, u account.User) *page.Form {
	f := &page.Form{Action: userPath(u.ID), Submit: "Save"}
	if q.MayOn(access.ActionEdit, access.EntityUser, u.ID) {
		f.Fields = page.ProfileFields("", u.Profile)
	}
	if u.ID != q.Caller.User.ID && q.MayOn(access.ActionEditAccess, access.EntityUser, u.ID) {
		f.Fields = append(f.Fields,
			&page.Field{
				Name: "email", Label: "E-mail", Type: "email", Value: u.Email, Autocomplete: "off", Required: true,
				Hint: "To sign in with. Messages go there.",
			},
			&page.Field{
				Name: "active", Label: "Active user", Type: "checkbox", Checked: u.Active,
				Hint: "Who is not active cannot sign in: the sessions end, and the API keys rest.",
			},
		)
	}
	f.Fields = page.WithOriginals(f.Fields)
	if f.Fields == nil {
		return nil
	}
	return q.PrepareForm(f)
}

// userFormPage is the data of templates/userform.html: a page with one form about a user.
type userFormPage struct {
	Name, Path string
	Text       []string
	Form       *page.Form
}

// showUserForm shows a form about a user on a page of its own: to ask for confirmation, or to show
// why the form was refused.
func showUserForm(q *page.Request, status int, u account.User, title string, f *page.Form, text ...string) error {
	view := userFormPage{Name: fullName(u), Path: userPath(u.ID), Text: text, Form: f}
	return q.ShowStatus(status, "userform.html", title, view)
}

func (h *handler) editUser(q *page.Request) error {
	u, err := h.pathUser(q)
	if err != nil {
		return err
	}
	up := account.UserUpdate{ProfileUpdate: q.ChangedProfile(), Email: q.ChangedText("email")}
	if q.Changed("active") {
		up.Active = new(q.Value("active") != "")
	}
	if up == (account.UserUpdate{}) {
		return q.RedirectWithFlash(userPath(u.ID), "There was nothing to change.")
	}
	if _, err := h.service.UpdateUser(q.Context(), q.Caller, u.ID, up); err != nil {
		f := editForm(q, u)
		if f == nil {
			return err
		}
		return q.AnswerRefusal(f, err, func(status int) error {
			return showUserForm(q, status, u, q.Tr("Edit %s", fullName(u)), f)
		})
	}
	return q.RedirectWithFlash(userPath(u.ID), "The changes are saved.")
}
