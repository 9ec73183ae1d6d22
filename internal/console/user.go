package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

var userRoutes = []route{
	{pattern: "GET " + usersPath + "/{id}", page: (*request).showUser, may: readUsers},
	{pattern: "POST " + usersPath + "/{id}", page: (*request).editUser, may: readUsers, body: maxChangeBytes},
}

// userPage is what templates/user.html shows. What the caller may not see or do is not
// set.
type userPage struct {
	userRow
	Path     string
	Provider string
	Self     bool
	Created  time.Time // zero: the activity log does not tell
	LastSeen time.Time // zero: he has no session

	Edit, RolesForm *form

	MayUnlock, MayInvite, MaySetPassword bool
	DeletePath                           string // of the page that asks

	Sessions *sessionList
	Keys     *keyList
	Activity *recentActivity
}

func (q *request) showUser() error {
	u, err := q.pathUser()
	if err != nil {
		return err
	}
	roles, err := q.roles()
	if err != nil {
		return err
	}
	page := userPage{
		userRow: userRow{ID: u.ID, Name: fullName(u), Avatar: avatarOf(u, userPath(u.ID)+"/picture"), Email: u.Email, Roles: roleNames(u, roles), States: q.states(u)},
		Path:    userPath(u.ID), Provider: providerName(u.Provider), Self: u.ID == q.caller.User.ID,
		Edit: q.editForm(u),
	}
	covered, err := q.coversUser(u)
	if err != nil {
		return err
	}
	if q.mayWith(access.ActionEditAccess, access.EntityUser, u.ID) && covered {
		local := u.Provider == account.ProviderLocal
		page.MayUnlock = !page.Self && u.LockedOut
		page.MayInvite = !page.Self && local && u.Active
		page.MaySetPassword = !page.Self && local
		if q.may(access.ActionAssign, access.EntityRole) {
			if page.RolesForm, err = q.rolesForm(u, roles); err != nil {
				return err
			}
		}
	}
	if q.mayWith(access.ActionDelete, access.EntityUser, u.ID) && covered {
		page.DeletePath = severalLink(deleteAction, u.ID, usersPath)
	}
	if page.Sessions, page.LastSeen, err = q.sessionsOf(u, covered); err != nil {
		return err
	}
	if page.Keys, err = q.keysOf(u, covered); err != nil {
		return err
	}
	if page.Activity, page.Created, err = q.activityOf(u); err != nil {
		return err
	}
	return q.showStatus(http.StatusOK, "user.html", page.Name, page)
}

// userPath is the path of a user's page.
func userPath(id int64) string { return usersPath + "/" + strconv.FormatInt(id, 10) }

// pathUser is the user in the path. It fails as [account.Allow] says.
func (q *request) pathUser() (account.User, error) {
	id, err := q.id("id")
	if err != nil {
		return account.User{}, err
	}
	return q.accounts.User(q.Context(), q.caller, id)
}

// mayWith reports whether the caller may do something with a user, or with what is his.
func (q *request) mayWith(action access.Action, entity access.Entity, id int64) bool {
	return account.Allow(q.caller, action, entity, id) == nil
}

// coversUser reports whether the caller covers a user, as far as he may read the roles: a
// button that he sees for others is refused by the rules.
func (q *request) coversUser(u account.User) (bool, error) {
	var held []int64
	for _, id := range u.RoleIDs {
		if q.mayWith(access.ActionRead, access.EntityRole, id) {
			held = append(held, id)
		}
	}
	if held == nil {
		return true, nil
	}
	covered, err := q.accounts.CoveredRoles(q.Context(), q.caller, held)
	return !slices.ContainsFunc(held, func(id int64) bool { return !covered[id] }), err
}

// profileFields are what the people in the directory read about a user. path is where
// the rules look for them.
func profileFields(path string, u account.User) []*field {
	return []*field{
		{Name: "name", Label: "Name", Value: u.Name, Autocomplete: "off", Required: true, Path: path + "/name"},
		{Name: "surname", Label: "Surname", Value: textOf(u.Surname), Autocomplete: "off", Path: path + "/surname"},
		{Name: "department", Label: "Department", Value: textOf(u.Department), Autocomplete: "off", Path: path + "/department"},
		{Name: "biography", Label: "Biography", Type: "textarea", Value: textOf(u.Biography), Path: path + "/biography"},
	}
}

// textOf is a text that may be absent.
func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// was is before the name of the field that has what was shown in another. A change is
// what differs from that, so it leaves alone what somebody else has changed meanwhile.
const was = "was."

// maxChangeBytes is room for a form that carries its longest texts twice.
const maxChangeBytes = 2 * maxFormBytes

// changed reports whether a field was sent with another value than it was shown with.
func (q *request) changed(name string) bool { return q.value(name) != q.value(was+name) }

// withShown adds to fields what they show: see was.
func withShown(fields []*field) []*field {
	for _, shown := range fields {
		value := shown.Value
		if shown.Checked {
			value = "yes"
		}
		fields = append(fields, &field{Name: was + shown.Name, Type: "hidden", Value: value})
	}
	return fields
}

// sentText is what was sent for a field, or nil where it is what was shown.
func (q *request) sentText(name string) *string {
	if !q.changed(name) {
		return nil
	}
	v := q.value(name)
	return &v
}

// editForm changes what the caller may change of a user; nil: nothing.
func (q *request) editForm(u account.User) *form {
	f := &form{Action: userPath(u.ID), Submit: "Save"}
	if q.mayWith(access.ActionEdit, access.EntityUser, u.ID) {
		f.Fields = profileFields("", u)
	}
	if u.ID != q.caller.User.ID && q.mayWith(access.ActionEditAccess, access.EntityUser, u.ID) {
		f.Fields = append(f.Fields,
			&field{Name: "email", Label: "E-mail", Type: "email", Value: u.Email, Autocomplete: "off", Required: true, Hint: "To sign in with. Messages go there."},
			&field{Name: "active", Label: "Active user", Type: "checkbox", Checked: u.Active, Hint: "Who is not active cannot sign in: the sessions end, and the API keys rest."},
		)
	}
	f.Fields = withShown(f.Fields)
	if f.Fields == nil {
		return nil
	}
	return q.form(f)
}

// userFormPage is what templates/userform.html shows: one form about one user.
type userFormPage struct {
	Name, Path string
	Text       []string
	Form       *form
}

// showUserForm shows a form about a user on a page of its own: one that asks first, or
// one that was refused.
func (q *request) showUserForm(status int, u account.User, title string, f *form, text ...string) error {
	return q.showStatus(status, "userform.html", title, userFormPage{fullName(u), userPath(u.ID), text, f})
}

func (q *request) editUser() error {
	u, err := q.pathUser()
	if err != nil {
		return err
	}
	up := q.sentProfile()
	up.Email = q.sentText("email")
	if q.changed("active") {
		active := q.value("active") != ""
		up.Active = &active
	}
	if up == (account.UserUpdate{}) {
		return q.done(userPath(u.ID), "There was nothing to change.")
	}
	if _, err := q.accounts.UpdateUser(q.Context(), q.caller, u.ID, up); err != nil {
		f := q.editForm(u)
		if f == nil {
			return err
		}
		if status := q.refuse(f, err); status != 0 {
			return q.showUserForm(status, u, q.say("Edit %s", fullName(u)), f)
		}
		return err
	}
	return q.done(userPath(u.ID), "The changes are saved.")
}

// sentProfile is what was changed of the profile in a form.
func (q *request) sentProfile() (up account.UserUpdate) {
	up.Name = q.sentText("name")
	for name, to := range map[string]***string{"surname": &up.Surname, "department": &up.Department, "biography": &up.Biography} {
		if q.changed(name) {
			v := q.optional(name)
			*to = &v
		}
	}
	return up
}
