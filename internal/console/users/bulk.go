package users

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// A bulk action has two steps: GET shows the selected users and what will happen to them, and POST
// applies the action. Deleting a single user works the same way.

const bulkPath = usersPath + "/several"

// bulkAction is an action that can be applied to many users at once.
type bulkAction struct {
	name  string
	label locale.Phrase // label in the list of actions
	needs access.Action // permission on users that the caller needs
	role  bool          // the action gives or takes a role
	// asks is the title of the confirmation page, and done is the message afterwards. Both have the
	// number of users as argument. effect says what will happen. If role is true, the argument of
	// effect is the name of the role.
	asks, effect, done locale.Phrase
	apply              func(h *handler, q *page.Request, id int64, role access.Role) error
}

const deleteAction = "delete"

var bulkActions = []bulkAction{
	{
		name: "activate", label: "Activate", needs: access.ActionEditAccess,
		asks: "Activate %d users?", done: "%d users are active.",
		effect: "They may sign in again, and their API keys work again.",
		apply: func(h *handler, q *page.Request, id int64, _ access.Role) error {
			return h.setActive(q, id, true)
		},
	},
	{
		name: "deactivate", label: "Deactivate", needs: access.ActionEditAccess,
		asks: "Deactivate %d users?", done: "%d users are inactive.",
		effect: "They can no longer sign in. Their sessions end, and their API keys rest until they are active again.",
		apply: func(h *handler, q *page.Request, id int64, _ access.Role) error {
			return h.setActive(q, id, false)
		},
	},
	{
		name: "add-role", label: "Add a role", needs: access.ActionEditAccess, role: true,
		asks: "Give a role to %d users?", done: "%d users have the role.",
		effect: "They get the role %s, and keep those that they have.",
		apply: func(h *handler, q *page.Request, id int64, role access.Role) error {
			_, err := h.service.ChangeUserRoles(q.Context(), q.Caller, id, []int64{role.ID}, nil)
			return err
		},
	},
	{
		name: "remove-role", label: "Remove a role", needs: access.ActionEditAccess, role: true,
		asks: "Take a role from %d users?", done: "%d users are without the role.",
		effect: "They lose the role %s, and keep the others. Who has no other role keeps it.",
		apply: func(h *handler, q *page.Request, id int64, role access.Role) error {
			_, err := h.service.ChangeUserRoles(q.Context(), q.Caller, id, nil, []int64{role.ID})
			return err
		},
	},
	{
		name: deleteAction, label: "Delete", needs: access.ActionDelete,
		asks: "Delete %d users?", done: "%d users are deleted.",
		effect: "They are deleted for good, with their sessions and API keys. There is no way back. If they may " +
			"return, deactivate them instead.",
		apply: func(h *handler, q *page.Request, id int64, _ access.Role) error {
			return h.service.DeleteUser(q.Context(), q.Caller, id)
		},
	},
}

func (h *handler) setActive(q *page.Request, id int64, active bool) error {
	_, err := h.service.UpdateUser(q.Context(), q.Caller, id, account.UserUpdate{Active: &active})
	return err
}

// bulkRequest is a submitted bulk action with the selected users.
type bulkRequest struct {
	bulkAction
	roleID int64
	ids    []int64
	back   string // path of the list in which the users were selected
}

// readBulk reads a bulkRequest from the query of a GET or from the form of a POST.
func readBulk(q *page.Request) (bulkRequest, error) {
	v := q.URL.Query()
	if q.Method == http.MethodPost {
		v = q.PostForm
	}
	at := slices.IndexFunc(bulkActions, func(a bulkAction) bool { return a.name == v.Get("action") })
	if at < 0 {
		return bulkRequest{}, account.Invalid()
	}
	s := bulkRequest{bulkAction: bulkActions[at], back: page.LocalPath(v.Get("back"))}
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
	if s.ids, err = readIDs(v["id"]...); err == nil && len(s.ids) > maxPage {
		err = page.ErrFormTooLarge
	}
	return s, err
}

// bulkPage is the data of templates/bulk.html.
type bulkPage struct {
	Effect string
	Names  []userRow
	Form   *page.Form
}

// findBulk returns the selected users, and the role to give or take, if any. It skips users who
// were deleted in the meantime.
func (h *handler) findBulk(q *page.Request, s bulkRequest) (users []account.User, role access.Role, err error) {
	if s.role {
		if role, err = h.service.Role(q.Context(), q.Caller, s.roleID); err != nil {
			return nil, role, err
		}
	}
	for _, id := range s.ids {
		u, err := h.service.User(q.Context(), q.Caller, id)
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

// newBulkPage returns the page that asks for confirmation. If the action deletes users, the
// administrator must type a word, which newBulkPage returns: the name of a single user, or the
// number of users.
func newBulkPage(q *page.Request, s bulkRequest, users []account.User, role access.Role) (view bulkPage, word string) {
	var ids []int64
	for _, u := range users {
		ids = append(ids, u.ID)
		view.Names = append(view.Names, userRow{ID: u.ID, Name: fullName(u), Email: u.Email})
	}
	if view.Effect = q.Tr(s.effect); s.role {
		view.Effect = q.Tr(s.effect, role.Name)
	}
	view.Form = &page.Form{Action: bulkPath, Submit: s.label, Cancel: s.back, Fields: []*page.Field{
		{Name: "action", Type: "hidden", Value: s.name},
		{Name: "role", Type: "hidden", Value: idText(role.ID)},
		{Name: "id", Type: "hidden", Value: idText(ids...)},
		{Name: "back", Type: "hidden", Value: s.back},
	}}
	if s.name == deleteAction {
		view.Form.Danger = true
		typed := &page.Field{
			Name: "typed", Label: "Number of users", Hint: "Type it to confirm.", Autocomplete: "off", Required: true,
		}
		if word = strconv.Itoa(len(users)); len(users) == 1 {
			word, typed.Label = fullName(users[0]), "Name of the user"
		}
		view.Form.Fields = append(view.Form.Fields, typed)
	}
	q.PrepareForm(view.Form)
	return view, word
}

func (h *handler) confirmBulk(q *page.Request) error {
	s, err := readBulk(q)
	if err != nil {
		return err
	}
	switch {
	case s.ids == nil:
		return q.RedirectWithFlash(s.back, "Nothing was changed. Choose the users first.")
	case s.role && s.roleID == 0:
		return q.RedirectWithFlash(s.back, "Nothing was changed. Choose the role too.")
	}
	users, role, err := h.findBulk(q, s)
	if err != nil {
		return err
	}
	view, _ := newBulkPage(q, s, users, role)
	return q.ShowStatus(http.StatusOK, "bulk.html", q.Tr(s.asks, len(users)), view)
}

// refusedUser is a selected user whom the action was refused for, with the reason.
type refusedUser struct {
	userRow
	Why string
}

// bulkResult is the data of templates/bulkresult.html.
type bulkResult struct {
	Done    string
	Refused []refusedUser
	Back    string
}

// applyBulk applies the action to the selected users one by one. If the action is refused for one
// user, it continues with the next.
func (h *handler) applyBulk(q *page.Request) error {
	s, err := readBulk(q)
	if err != nil {
		return err
	}
	users, role, err := h.findBulk(q, s)
	if err != nil {
		return err
	}
	typed := strings.Join(strings.Fields(q.Value("typed")), " ")
	if view, word := newBulkPage(q, s, users, role); word != "" && typed != word {
		q.MarkField(view.Form, "typed", "This is not the same. Look again whom it is about.")
		return q.ShowStatus(http.StatusUnprocessableEntity, "bulk.html", q.Tr(s.asks, len(users)), view)
	}
	result := bulkResult{Back: s.back}
	for _, u := range users {
		err := s.apply(h, q, u.ID, role)
		if account.ErrorCode(err) == account.CodeUnauthorized { // the caller has deleted their own user
			return err
		}
		if err != nil {
			row := userRow{ID: u.ID, Name: fullName(u), Email: u.Email}
			result.Refused = append(result.Refused, refusedUser{row, q.ErrorText(err)})
		}
	}
	n := len(users) - len(result.Refused)
	if result.Refused == nil {
		return q.RedirectWithFlash(s.back, s.done, n)
	}
	if n > 0 {
		result.Done = q.Tr(s.done, n)
	}
	title := q.Tr("%d users were left as they are", len(result.Refused))
	return q.ShowStatus(http.StatusConflict, "bulkresult.html", title, result)
}

// bulkLink returns the path of the confirmation page of a bulk action for a single user.
func bulkLink(action string, id int64, back string) string {
	query := url.Values{"action": {action}, "id": {strconv.FormatInt(id, 10)}, "back": {back}}
	return bulkPath + "?" + query.Encode()
}
