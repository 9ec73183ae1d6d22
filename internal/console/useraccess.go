package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

var userAccessRoutes = []route{
	{pattern: "POST " + usersPath + "/{id}/roles", page: (*request).editRoles, may: editAccess},
	{pattern: "POST " + usersPath + "/{id}/unlock", page: (*request).unlockUser, may: editAccess},
	{pattern: "POST " + usersPath + "/{id}/invite", page: (*request).inviteUser, may: editAccess},
	{pattern: "GET " + usersPath + "/{id}/password", page: (*request).showUserPassword, may: editAccess},
	{pattern: "POST " + usersPath + "/{id}/password", page: (*request).setUserPassword, may: editAccess},
}

var editAccess = permission{access.ActionEditAccess, access.EntityUser}

// roleField asks which roles somebody is to have. Those that the caller may neither
// give nor take stay as they are.
func (q *request) roleField(roles []account.RoleSummary, has []int64) (*field, error) {
	notGiven, err := q.notGiven(roles)
	f := &field{Name: "role", Label: "Roles", Type: "checkboxes", Path: "/roles"}
	for _, r := range roles {
		o := option{Value: strconv.FormatInt(r.ID, 10), Text: r.Name, Hint: r.Description, Selected: slices.Contains(has, r.ID)}
		if why := notGiven[r.ID]; why != "" {
			o.Hint, o.Disabled = q.say(why), true
		}
		f.Options = append(f.Options, o)
	}
	return f, err
}

// shownRoles carries which roles a form has shown as somebody's: see was.
func shownRoles(ids []int64) *field {
	return &field{Name: was + "role", Type: "hidden", Value: idText(ids...)}
}

// roleChange is which roles a form that was sent gives and takes, of somebody who had
// some when it was shown. Without a field it is none.
func roleChange(f *field, had []int64) (give, take []int64) {
	if f == nil {
		return nil, nil
	}
	for _, o := range f.Options {
		id, err := strconv.ParseInt(o.Value, 10, 64)
		switch {
		case err != nil || o.Disabled || o.Selected == slices.Contains(had, id):
		case o.Selected:
			give = append(give, id)
		default:
			take = append(take, id)
		}
	}
	return give, take
}

// rolesForm says which roles a user has.
func (q *request) rolesForm(u account.User, roles []account.RoleSummary) (*form, error) {
	has, err := q.roleField(roles, u.RoleIDs)
	return q.form(&form{Action: userPath(u.ID) + "/roles", Submit: "Save the roles", Fields: []*field{has, shownRoles(u.RoleIDs)}}), err
}

// idText writes ids for a hidden field, and readIDs reads them again.
func idText(ids ...int64) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(texts, " ")
}

func readIDs(texts ...string) (ids []int64, err error) {
	for text := range strings.FieldsSeq(strings.Join(texts, " ")) {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id < 1 {
			return nil, account.Invalid()
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

func (q *request) editRoles() error {
	u, err := q.pathUser()
	if err != nil {
		return err
	}
	had, err := readIDs(q.value(was + "role"))
	if err != nil {
		return err
	}
	roles, err := q.roles()
	if err != nil {
		return err
	}
	f, err := q.rolesForm(u, roles)
	if err != nil {
		return err
	}
	give, take := roleChange(f.Fields[0], had)
	if give == nil && take == nil {
		return q.done(userPath(u.ID), "There was nothing to change.")
	}
	if _, err := q.accounts.ChangeUserRoles(q.Context(), q.caller, u.ID, give, take); err != nil {
		if status := q.refuse(f, err); status != 0 {
			return q.showUserForm(status, u, q.say("Roles of %s", fullName(u)), f)
		}
		return err
	}
	return q.done(userPath(u.ID), "The roles are saved.")
}

func (q *request) unlockUser() error {
	id, err := q.id("id")
	if err != nil {
		return err
	}
	if _, err := q.accounts.UpdateUser(q.Context(), q.caller, id, account.UserUpdate{Unlock: true}); err != nil {
		return err
	}
	return q.done(userPath(id), "The user is not locked any more.")
}

func (q *request) inviteUser() error {
	u, err := q.pathUser()
	if err != nil {
		return err
	}
	if err := q.accounts.InviteUser(q.Context(), q.caller, u.ID); err != nil {
		return err
	}
	return q.done(userPath(u.ID), "An invitation to %s is on its way.", u.Email)
}

// userPasswordForm is the user in the path, and the form for a new password.
func (q *request) userPasswordForm() (account.User, *form, error) {
	u, err := q.pathUser()
	if err == nil {
		err = account.Allow(q.caller, editAccess.action, editAccess.entity, u.ID)
	}
	f := &form{Action: userPath(u.ID) + "/password", Submit: "Set the password", Cancel: userPath(u.ID), Fields: slices.Concat(
		[]*field{{Name: "username", Type: "username", Value: u.Email}}, // password managers keep both together
		newPasswordFields("password", true),
		[]*field{{Name: "keep-keys", Label: "Keep the API keys", Type: "checkbox", Hint: "Without this they end: whoever knew the old password may have made some."}},
	)}
	return u, q.form(f), err
}

const passwordEffect locale.Phrase = "All sessions end, and so does a lock. At the next sign-in another password has to be chosen, so tell this one to nobody else."

func (q *request) showUserPassword() error {
	u, f, err := q.userPasswordForm()
	if err != nil {
		return err
	}
	return q.showUserForm(http.StatusOK, u, q.say("New password for %s", fullName(u)), f, q.say(passwordEffect))
}

func (q *request) setUserPassword() error {
	u, f, err := q.userPasswordForm()
	if err != nil {
		return err
	}
	status := http.StatusUnprocessableEntity
	if password, same := q.newPassword(f, "password"); same {
		up := account.UserUpdate{Password: &password, KeepKeys: q.value("keep-keys") != ""}
		_, err := q.accounts.UpdateUser(q.Context(), q.caller, u.ID, up)
		if err == nil {
			return q.done(userPath(u.ID), "The password is set. At the next sign-in another one has to be chosen.")
		}
		if status = q.refuse(f, err); status == 0 {
			return err
		}
	}
	return q.showUserForm(status, u, q.say("New password for %s", fullName(u)), f, q.say(passwordEffect))
}
