package console

import (
	"net/http"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

const newUserPath = usersPath + "/new"

var createUsers = permission{access.ActionCreate, access.EntityUser}

var userCreateRoutes = []route{
	{pattern: "GET " + newUserPath, page: (*request).showNewUser, may: createUsers},
	{pattern: "POST " + newUserPath, page: (*request).createUser, may: createUsers},
}

// newUserPage is what templates/usernew.html shows. The fields are those of the form.
type newUserPage struct {
	Form      *form
	Who       []*field
	Roles     *field // nil where the caller cannot give any
	Shown     *field // hidden: which roles were shown as those of new users
	Passwords []*field
	Invite    bool // he chooses his password himself
	MailFiles bool // there is no mail server
}

func (q *request) newUserPage() (*newUserPage, error) {
	page := &newUserPage{
		Who: slices.Concat([]*field{{
			Name: "email", Label: "E-mail", Type: "email", Autocomplete: "off", Required: true, Path: "/0/email",
			Hint: "To sign in with. Messages go there.",
		}}, profileFields("/0", account.User{})),
		Passwords: newPasswordFields("password", false),
		Invite:    q.Method != http.MethodPost || q.value("begin") == "invite",
	}
	page.Passwords[0].Path = "/0/password"
	for _, f := range page.Passwords {
		f.Required = false // an invitation needs none
	}
	page.Form = &form{Action: newUserPath, Submit: "Create the user", Cancel: usersPath, Fields: slices.Concat(page.Who, page.Passwords)}
	if q.may(access.ActionAssign, access.EntityRole) && q.may(access.ActionEditAccess, access.EntityUser) {
		roles, err := q.roles()
		if err != nil {
			return nil, err
		}
		defaults, err := q.accounts.DefaultRoles(q.Context(), q.caller)
		if err != nil {
			return nil, err
		}
		var ids []int64
		for _, r := range defaults {
			ids = append(ids, r.ID)
		}
		if page.Roles, err = q.roleField(roles, ids); err != nil {
			return nil, err
		}
		page.Shown = shownRoles(ids)
		page.Form.Fields = append(page.Form.Fields, page.Roles, page.Shown)
	}
	q.form(page.Form)
	// What is wrong with the settings of mail is for other pages to say.
	route, err := q.accounts.MailRoute(q.Context())
	page.MailFiles = err == nil && route.Server == nil
	return page, nil
}

func (q *request) showNewUser() error {
	page, err := q.newUserPage()
	if err != nil {
		return err
	}
	return q.show("usernew.html", "New user", page)
}

// createUser creates a user, who gets the default roles, and then gives him the others
// that were chosen.
func (q *request) createUser() error {
	page, err := q.newUserPage()
	if err != nil {
		return err
	}
	shown, err := readIDs(q.value(was + "role"))
	if err != nil {
		return err
	}
	n := account.NewUser{
		Email: q.value("email"), Name: q.value("name"), Surname: q.optional("surname"), Department: q.optional("department"),
		Biography: q.optional("biography"), Active: true, Invite: page.Invite,
	}
	if !n.Invite {
		var same bool
		if n.Password, same = q.newPassword(page.Form, "password"); !same {
			return q.showStatus(http.StatusUnprocessableEntity, "usernew.html", q.say("New user"), page)
		}
	}
	made, err := q.accounts.CreateUsers(q.Context(), q.caller, []account.NewUser{n})
	if err != nil {
		status := q.refuse(page.Form, err)
		if status == 0 {
			return err
		}
		return q.showStatus(status, "usernew.html", q.say("New user"), page)
	}
	path := newUserPath
	if q.mayWith(access.ActionRead, access.EntityUser, made[0].ID) {
		path = userPath(made[0].ID)
	}
	if give, take := roleChange(page.Roles, shown); give != nil || take != nil {
		if _, err := q.accounts.ChangeUserRoles(q.Context(), q.caller, made[0].ID, give, take); err != nil {
			return q.done(path, "The user was created with the default roles. The others were refused: %s", q.why(err))
		}
	}
	if n.Invite {
		return q.done(path, "The user was created, and an invitation to %s is on its way.", n.Email)
	}
	return q.done(path, "The user was created, and may sign in now.")
}
