package users

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// newRoleField returns the form field for the roles of a user. It disables roles that the caller
// may neither give nor take.
func (h *handler) newRoleField(q *page.Request, roles []account.RoleSummary, selected []int64) (*page.Field, error) {
	unassignable, err := h.unassignable(q, roles)
	f := &page.Field{Name: "role", Label: "Roles", Type: "checkboxes", Path: "/roles"}
	for _, r := range roles {
		o := page.Option{
			Value: strconv.FormatInt(r.ID, 10), Text: r.Name, Hint: r.Description,
			Selected: slices.Contains(selected, r.ID),
		}
		if reason := unassignable[r.ID]; reason != "" {
			o.Hint, o.Disabled = q.Tr(reason), true
		}
		f.Options = append(f.Options, o)
	}
	return f, err
}

// originalRoles returns a hidden field with the roles that the form shows as selected; see
// [page.OriginalPrefix].
func originalRoles(ids []int64) *page.Field {
	return &page.Field{Name: page.OriginalPrefix + "role", Type: "hidden", Value: idText(ids...)}
}

// roleChange compares the submitted roles with original: the roles that the form showed as
// selected. It returns the ids of the roles to give and to take. If f is nil, it returns none.
func roleChange(f *page.Field, original []int64) (give, take []int64) {
	if f == nil {
		return nil, nil
	}
	for _, o := range f.Options {
		id, err := strconv.ParseInt(o.Value, 10, 64)
		switch {
		case err != nil || o.Disabled || o.Selected == slices.Contains(original, id):
		case o.Selected:
			give = append(give, id)
		default:
			take = append(take, id)
		}
	}
	return give, take
}

// rolesForm returns the form that changes the roles of a user.
func (h *handler) rolesForm(q *page.Request, u account.User, roles []account.RoleSummary) (*page.Form, error) {
	has, err := h.newRoleField(q, roles, u.RoleIDs)
	return q.PrepareForm(&page.Form{
		Action: userPath(u.ID) + "/roles", Submit: "Save the roles",
		Fields: []*page.Field{has, originalRoles(u.RoleIDs)},
	}), err
}

// idText formats ids for a hidden field. readIDs parses them.
func idText(ids ...int64) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(texts, " ")
}

// readIDs parses ids that are separated by spaces. It sorts them and removes duplicates.
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

func (h *handler) editRoles(q *page.Request) error {
	u, err := h.pathUser(q)
	if err != nil {
		return err
	}
	original, err := readIDs(q.Value(page.OriginalPrefix + "role"))
	if err != nil {
		return err
	}
	roles, err := h.listRoles(q)
	if err != nil {
		return err
	}
	f, err := h.rolesForm(q, u, roles)
	if err != nil {
		return err
	}
	give, take := roleChange(f.Fields[0], original)
	if give == nil && take == nil {
		return q.RedirectWithFlash(userPath(u.ID), "There was nothing to change.")
	}
	if _, err := h.service.ChangeUserRoles(q.Context(), q.Caller, u.ID, give, take); err != nil {
		return q.AnswerRefusal(f, err, func(status int) error {
			return showUserForm(q, status, u, q.Tr("Roles of %s", fullName(u)), f)
		})
	}
	return q.RedirectWithFlash(userPath(u.ID), "The roles are saved.")
}

func (h *handler) unlockUser(q *page.Request) error {
	id, err := q.PathID("id")
	if err != nil {
		return err
	}
	if _, err := h.service.UpdateUser(q.Context(), q.Caller, id, account.UserUpdate{Unlock: true}); err != nil {
		return err
	}
	return q.RedirectWithFlash(userPath(id), "The user is not locked any more.")
}

func (h *handler) inviteUser(q *page.Request) error {
	u, err := h.pathUser(q)
	if err != nil {
		return err
	}
	if err := h.service.InviteUser(q.Context(), q.Caller, u.ID); err != nil {
		return err
	}
	return q.RedirectWithFlash(userPath(u.ID), "An invitation to %s is on its way.", u.Email)
}

// userPasswordForm returns the user whose id is in the path, and the form that sets their password.
func (h *handler) userPasswordForm(q *page.Request) (account.User, *page.Form, error) {
	u, err := h.pathUser(q)
	if err == nil {
		err = account.Allow(q.Caller, access.ActionEditAccess, access.EntityUser, u.ID)
	}
	fields := []*page.Field{{Name: "username", Type: "username", Value: u.Email}} // for password managers
	fields = append(fields, page.NewPasswordFields("password", true)...)
	fields = append(fields, &page.Field{
		Name: "keep-keys", Label: "Keep the API keys", Type: "checkbox",
		Hint: "Without this they end: whoever knew the old password may have made some.",
	})
	f := &page.Form{
		Action: userPath(u.ID) + "/password", Submit: "Set the password", Cancel: userPath(u.ID), Fields: fields,
	}
	return u, q.PrepareForm(f), err
}

const passwordEffect locale.Phrase = "All sessions end, and so does a lock. " +
	"At the next sign-in another password has to be chosen, so tell this one to nobody else."

func (h *handler) showUserPassword(q *page.Request) error {
	u, f, err := h.userPasswordForm(q)
	if err != nil {
		return err
	}
	return showPasswordForm(q, http.StatusOK, u, f)
}

func showPasswordForm(q *page.Request, status int, u account.User, f *page.Form) error {
	return showUserForm(q, status, u, q.Tr("New password for %s", fullName(u)), f, q.Tr(passwordEffect))
}

func (h *handler) setUserPassword(q *page.Request) error {
	u, f, err := h.userPasswordForm(q)
	if err != nil {
		return err
	}
	password, same := q.NewPassword(f, "password")
	if !same {
		return showPasswordForm(q, http.StatusUnprocessableEntity, u, f)
	}
	up := account.UserUpdate{Password: &password, KeepKeys: q.Value("keep-keys") != ""}
	if _, err := h.service.UpdateUser(q.Context(), q.Caller, u.ID, up); err != nil {
		return q.AnswerRefusal(f, err, func(status int) error { return showPasswordForm(q, status, u, f) })
	}
	return q.RedirectWithFlash(userPath(u.ID), "The password is set. At the next sign-in another one has to be chosen.")
}
