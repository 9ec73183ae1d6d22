package users

import (
	"net/http"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

const newUserPath = usersPath + "/new"

// createPage is the data of templates/usernew.html. The template arranges the fields itself, so
// they are here and in Form.
type createPage struct {
	Form      *page.Form
	Profile   []*page.Field
	Roles     *page.Field // nil: the caller may not give roles
	Shown     *page.Field // hidden field: the roles that the form showed as selected
	Passwords []*page.Field
	Invite    bool // the user chooses the password, through a link in the invitation
	MailFiles bool // no mail server is configured, so the invitation becomes a file
}

func (h *handler) newCreatePage(q *page.Request) (*createPage, error) {
	view := &createPage{
		Profile: slices.Concat([]*page.Field{{
			Name: "email", Label: "E-mail", Type: "email", Autocomplete: "off", Required: true, Path: "/0/email",
			Hint: "To sign in with. Messages go there.",
		}}, page.ProfileFields("/0", account.Profile{})),
		Passwords: page.NewPasswordFields("password", false),
		Invite:    q.Method != http.MethodPost || q.Value("begin") == "invite",
	}
	view.Passwords[0].Path = "/0/password"
	for _, f := range view.Passwords {
		f.Required = false // not needed for an invitation
	}
	view.Form = &page.Form{
		Action: newUserPath, Submit: "Create the user", Cancel: usersPath,
		Fields: slices.Concat(view.Profile, view.Passwords),
	}
	if q.May(access.ActionAssign, access.EntityRole) && q.May(access.ActionEditAccess, access.EntityUser) {
		roles, err := h.listRoles(q)
		if err != nil {
			return nil, err
		}
		defaults, err := h.service.DefaultRoles(q.Context(), q.Caller)
		if err != nil {
			return nil, err
		}
		var ids []int64
		for _, r := range defaults {
			ids = append(ids, r.ID)
		}
		if view.Roles, err = h.newRoleField(q, roles, ids); err != nil {
			return nil, err
		}
		view.Shown = originalRoles(ids)
		view.Form.Fields = append(view.Form.Fields, view.Roles, view.Shown)
	}
	q.PrepareForm(view.Form)
	// Ignore an error of the mail settings; other pages report it.
	route, err := h.service.MailRoute(q.Context())
	view.MailFiles = err == nil && route.Server == nil
	return view, nil
}

func (h *handler) showNewUser(q *page.Request) error {
	view, err := h.newCreatePage(q)
	if err != nil {
		return err
	}
	return q.Show("usernew.html", "New user", view)
}

// createUser creates a user, who first gets the default roles. Then createUser gives and takes the
// roles that differ in the form.
func (h *handler) createUser(q *page.Request) error {
	view, err := h.newCreatePage(q)
	if err != nil {
		return err
	}
	original, err := readIDs(q.Value(page.OriginalPrefix + "role"))
	if err != nil {
		return err
	}
	n := account.NewUser{
		Email: q.Value("email"), Profile: q.NewProfile(), Active: true, Invite: view.Invite,
	}
	show := func(status int) error { return q.ShowStatus(status, "usernew.html", q.Tr("New user"), view) }
	if !n.Invite {
		var same bool
		if n.Password, same = q.NewPassword(view.Form, "password"); !same {
			return show(http.StatusUnprocessableEntity)
		}
	}
	created, err := h.service.CreateUsers(q.Context(), q.Caller, []account.NewUser{n})
	if err != nil {
		return q.AnswerRefusal(view.Form, err, show)
	}
	id := created[0].ID
	path := newUserPath
	if q.MayOn(access.ActionRead, access.EntityUser, id) {
		path = userPath(id)
	}
	if give, take := roleChange(view.Roles, original); give != nil || take != nil {
		if _, err := h.service.ChangeUserRoles(q.Context(), q.Caller, id, give, take); err != nil {
			return q.RedirectWithFlash(path,
				"The user was created with the default roles. The others were refused: %s", q.ErrorText(err))
		}
	}
	if n.Invite {
		return q.RedirectWithFlash(path, "The user was created, and an invitation to %s is on its way.", n.Email)
	}
	return q.RedirectWithFlash(path, "The user was created, and may sign in now.")
}
