package console

import (
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// passwordRoutes let in who has to choose another password before anything else.
var passwordRoutes = []route{
	{pattern: "GET " + passwordPath, page: (*request).showPassword, unsettled: true},
	{pattern: "POST " + passwordPath, page: (*request).changePassword, unsettled: true},
}

// passwordPage is what templates/password.html shows.
type passwordPage struct {
	Form   *form // nil: the password is kept elsewhere
	Forced bool  // nothing else can be done before
}

func (q *request) passwordPage() passwordPage {
	page := passwordPage{Forced: q.caller.User.NeedPasswordReset}
	if q.caller.User.Provider == account.ProviderLocal {
		page.Form = q.form(&form{Action: passwordPath, Submit: "Change password", Fields: append([]*field{
			{Name: "username", Type: "username", Value: q.caller.User.Email}, // password managers keep both together
			{Name: "oldPassword", Label: "Current password", Type: "password", Autocomplete: "current-password", Required: true, Autofocus: true},
		}, newPasswordFields("newPassword", false)...)})
	}
	return page
}

func (q *request) showPassword() error { return q.showPasswordStatus(http.StatusOK, q.passwordPage()) }

func (q *request) showPasswordStatus(status int, page passwordPage) error {
	title := q.say("Password")
	if page.Forced {
		title = q.say("Choose a new password")
	}
	return q.showStatus(status, "password.html", title, page)
}

// changePassword sets the new password, and gives this session another token: who had
// got hold of the one before is out.
func (q *request) changePassword() error {
	page := q.passwordPage()
	if page.Form == nil {
		return q.showPasswordStatus(http.StatusConflict, page)
	}
	next, same := q.newPassword(page.Form, "newPassword")
	if !same {
		return q.showPasswordStatus(http.StatusUnprocessableEntity, page)
	}
	current := secret.New(q.PostForm.Get("oldPassword"))
	if err := q.accounts.ChangePassword(q.Context(), q.caller, current, next, q.from()); err != nil {
		if account.ErrorCode(err) == account.CodeWrongPassword && q.sessionIsOver() {
			q.setCookie(sessionCookie, "", -1)
			return q.done(signInPath, "The current password was wrong five times, so you were signed out. Your password was not changed.")
		}
		status := q.refuse(page.Form, err)
		if status == 0 {
			return err
		}
		return q.showPasswordStatus(status, page)
	}
	was, _ := q.tokenOf(sessionCookie)
	token, err := q.accounts.RenewSession(q.Context(), q.caller, was)
	if err != nil { // the password was changed, and is not called unchanged
		q.Logger.WarnContext(q.Context(), "session not renewed", "error", err)
		q.setCookie(sessionCookie, "", -1)
		return q.done(signInPath, "Your password was changed. Sign in with the new one.")
	}
	q.setCookie(sessionCookie, token.Reveal(), 0)
	if page.Forced {
		return q.done(q.firstPage(), "Your password was changed.")
	}
	return q.done(passwordPath, "Your password was changed. Wherever else you were signed in, you are signed out.")
}

// sessionIsOver reports whether the caller's session has ended since he came.
func (q *request) sessionIsOver() bool {
	token, _ := q.tokenOf(sessionCookie)
	_, err := q.accounts.Authenticate(q.Context(), token, q.from())
	return account.ErrorCode(err) == account.CodeUnauthorized
}

const repeatField = "repeat"

// newPasswordFields ask for a new password, twice. The first has the name given.
func newPasswordFields(name string, autofocus bool) []*field {
	return []*field{
		{
			Name: name, Label: "New password", Type: "password", Autocomplete: "new-password", Required: true,
			Hint:  "At least 12 characters, with a digit, a lower-case letter, an upper-case letter and a special character; at most 1024 bytes.",
			Guide: true, Autofocus: autofocus,
		},
		{Name: repeatField, Label: "Repeat it", Type: "password", Autocomplete: "new-password", Required: true},
	}
}

// newPassword returns the new password that was sent, and whether it was twice the
// same; if not, the form says so.
func (q *request) newPassword(f *form, name string) (secret.Text, bool) {
	password := q.PostForm.Get(name)
	if password != q.PostForm.Get(repeatField) {
		q.markField(f, repeatField, "The two passwords differ. Type the same one twice.")
		return secret.Text{}, false
	}
	return secret.New(password), true
}
