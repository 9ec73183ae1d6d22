package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// What is done to several users at once is asked about first: GET shows whom it is
// about and what will happen, POST does it. One user is deleted in the same way.

const severalPath = usersPath + "/several"

var severalRoutes = []route{
	{pattern: "GET " + severalPath, page: (*request).askSeveral, may: readUsers},
	{pattern: "POST " + severalPath, page: (*request).doSeveral, may: readUsers},
}

// severalAction is something that can be done to several users.
type severalAction struct {
	name  string
	label locale.Phrase // in the list
	may   access.Action // with users, that one needs for it
	role  bool          // it is about a role
	// asks and done have the number of users as an argument; effect says what will
	// happen, and has the name of the role as an argument where it is about one.
	asks, effect, done locale.Phrase
	do                 func(q *request, id int64, role access.Role) error
}

const deleteAction = "delete"

var severalActions = []severalAction{
	{
		name: "activate", label: "Activate", may: access.ActionEditAccess,
		asks: "Activate %d users?", done: "%d users are active.",
		effect: "They may sign in again, and their API keys work again.",
		do:     func(q *request, id int64, _ access.Role) error { return q.setActive(id, true) },
	},
	{
		name: "deactivate", label: "Deactivate", may: access.ActionEditAccess,
		asks: "Deactivate %d users?", done: "%d users are inactive.",
		effect: "They can no longer sign in. Their sessions end, and their API keys rest until they are active again.",
		do:     func(q *request, id int64, _ access.Role) error { return q.setActive(id, false) },
	},
	{
		name: "add-role", label: "Add a role", may: access.ActionEditAccess, role: true,
		asks: "Give a role to %d users?", done: "%d users have the role.",
		effect: "They get the role %s, and keep those that they have.",
		do: func(q *request, id int64, role access.Role) error {
			_, err := q.accounts.ChangeUserRoles(q.Context(), q.caller, id, []int64{role.ID}, nil)
			return err
		},
	},
	{
		name: "remove-role", label: "Remove a role", may: access.ActionEditAccess, role: true,
		asks: "Take a role from %d users?", done: "%d users are without the role.",
		effect: "They lose the role %s, and keep the others. Who has no other role keeps it.",
		do: func(q *request, id int64, role access.Role) error {
			_, err := q.accounts.ChangeUserRoles(q.Context(), q.caller, id, nil, []int64{role.ID})
			return err
		},
	},
	{
		name: deleteAction, label: "Delete", may: access.ActionDelete,
		asks: "Delete %d users?", done: "%d users are deleted.",
		effect: "They are deleted for good, with their sessions and API keys. There is no way back. If they may return, deactivate them instead.",
		do: func(q *request, id int64, _ access.Role) error {
			return q.accounts.DeleteUser(q.Context(), q.caller, id)
		},
	},
}

func (q *request) setActive(id int64, active bool) error {
	_, err := q.accounts.UpdateUser(q.Context(), q.caller, id, account.UserUpdate{Active: &active})
	return err
}

// several is a request to do something to several users.
type several struct {
	severalAction
	roleID int64
	ids    []int64
	back   string // the list that they were chosen in
}

// readSeveral reads what is asked for, from the address or from the form.
func (q *request) readSeveral() (several, error) {
	v := q.URL.Query()
	if q.Method == http.MethodPost {
		v = q.PostForm
	}
	at := slices.IndexFunc(severalActions, func(a severalAction) bool { return a.name == v.Get("action") })
	if at < 0 {
		return several{}, account.Invalid()
	}
	s := several{severalAction: severalActions[at], back: localPath(v.Get("back"))}
	if !strings.HasPrefix(s.back, usersPath) {
		s.back = usersPath
	}
	if s.role && v.Get("role") != "" {
		var err error
		if s.roleID, err = strconv.ParseInt(v.Get("role"), 10, 64); err != nil {
			return s, account.Invalid()
		}
	}
	var err error
	if s.ids, err = readIDs(v["id"]...); err == nil && len(s.ids) > usersPage {
		err = errFormTooLarge
	}
	return s, err
}

// severalPage is what templates/several.html shows.
type severalPage struct {
	Effect string
	Names  []userRow
	Form   *form
}

// findSeveral returns the users that it is about and the role, if it is about one. A
// user who is gone is left out.
func (q *request) findSeveral(s several) (users []account.User, role access.Role, err error) {
	if s.role {
		if role, err = q.accounts.Role(q.Context(), q.caller, s.roleID); err != nil {
			return nil, role, err
		}
	}
	for _, id := range s.ids {
		u, err := q.accounts.User(q.Context(), q.caller, id)
		if account.ErrorCode(err) == account.CodeNotFound {
			continue
		}
		if err != nil {
			return nil, role, err
		}
		users = append(users, u)
	}
	if users == nil {
		return nil, role, account.NotFound()
	}
	return users, role, nil
}

// severalForm asks whether to go on. What is deleted wants a word typed, which it
// returns: the name of the one user, or the number of all.
func (q *request) severalForm(s several, users []account.User, role access.Role) (page severalPage, word string) {
	var ids []int64
	for _, u := range users {
		ids = append(ids, u.ID)
		page.Names = append(page.Names, userRow{ID: u.ID, Name: fullName(u), Email: u.Email})
	}
	if page.Effect = q.say(s.effect); s.role {
		page.Effect = q.say(s.effect, role.Name)
	}
	page.Form = &form{Action: severalPath, Submit: s.label, Cancel: s.back, Fields: []*field{
		{Name: "action", Type: "hidden", Value: s.name},
		{Name: "role", Type: "hidden", Value: idText(role.ID)},
		{Name: "id", Type: "hidden", Value: idText(ids...)},
		{Name: "back", Type: "hidden", Value: s.back},
	}}
	if s.name == deleteAction {
		page.Form.Danger = true
		typed := &field{Name: "typed", Label: "Number of users", Hint: "Type it to confirm.", Autocomplete: "off", Required: true}
		if word = strconv.Itoa(len(users)); len(users) == 1 {
			word, typed.Label = fullName(users[0]), "Name of the user"
		}
		page.Form.Fields = append(page.Form.Fields, typed)
	}
	q.form(page.Form)
	return page, word
}

func (q *request) askSeveral() error {
	s, err := q.readSeveral()
	if err != nil {
		return err
	}
	switch {
	case s.ids == nil:
		return q.done(s.back, "Nothing was changed. Choose the users first.")
	case s.role && s.roleID == 0:
		return q.done(s.back, "Nothing was changed. Choose the role too.")
	}
	users, role, err := q.findSeveral(s)
	if err != nil {
		return err
	}
	page, _ := q.severalForm(s, users, role)
	return q.showStatus(http.StatusOK, "several.html", q.say(s.asks, len(users)), page)
}

// refusedUser is somebody with whom it was not done, and why.
type refusedUser struct {
	userRow
	Why string
}

// severalResult is what templates/severalresult.html shows.
type severalResult struct {
	Done    string
	Refused []refusedUser
	Back    string
}

// doSeveral does it to one user after the other: who is refused does not keep it from
// the others.
func (q *request) doSeveral() error {
	s, err := q.readSeveral()
	if err != nil {
		return err
	}
	users, role, err := q.findSeveral(s)
	if err != nil {
		return err
	}
	if page, word := q.severalForm(s, users, role); word != "" && strings.Join(strings.Fields(q.value("typed")), " ") != word {
		q.markField(page.Form, "typed", "This is not the same. Look again whom it is about.")
		return q.showStatus(http.StatusUnprocessableEntity, "several.html", q.say(s.asks, len(users)), page)
	}
	result := severalResult{Back: s.back}
	for _, u := range users {
		err := s.do(q, u.ID, role)
		if account.ErrorCode(err) == account.CodeUnauthorized { // he has deleted himself
			return err
		}
		if err != nil {
			result.Refused = append(result.Refused, refusedUser{userRow{ID: u.ID, Name: fullName(u), Email: u.Email}, q.why(err)})
		}
	}
	n := len(users) - len(result.Refused)
	if result.Refused == nil {
		return q.done(s.back, s.done, n)
	}
	if n > 0 {
		result.Done = q.say(s.done, n)
	}
	return q.showStatus(http.StatusConflict, "severalresult.html", q.say("%d users were left as they are", len(result.Refused)), result)
}

// why says in one line why something was not done. A fault of the server is logged.
func (q *request) why(err error) string {
	failed, ok := errors.AsType[*account.Error](err)
	if !ok {
		q.Logger.ErrorContext(q.Context(), "console request failed", "path", q.URL.Path, "error", err)
		return q.say(serverFault)
	}
	if len(failed.Details) == 0 {
		return q.look.language.SayRule(failed.Message)
	}
	var parts []string
	for _, d := range failed.Details {
		parts = append(parts, sentence(q.look.language.SayRule(d.Message)))
	}
	return strings.Join(parts, " ")
}

// severalLink is the address of the page that asks about one user.
func severalLink(action string, id int64, back string) string {
	return severalPath + "?" + url.Values{"action": {action}, "id": {strconv.FormatInt(id, 10)}, "back": {back}}.Encode()
}
