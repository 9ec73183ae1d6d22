package profile

import (
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// passwordPage is the data of templates/password.html.
type passwordPage struct {
	Form   *page.Form // nil: an external identity provider checks the user's password
	Forced bool       // the caller must choose a new password before anything else
}

func newPasswordPage(q *page.Request) passwordPage {
	view := passwordPage{Forced: q.Caller.User.NeedPasswordReset}
	if q.Caller.User.Provider == account.ProviderLocal {
		fields := []*page.Field{
			{Name: "username", Type: "username", Value: q.Caller.User.Email}, // for password managers
			{
				Name: "oldPassword", Label: "Current password", Type: "password", Autocomplete: "current-password",
				Required: true, Autofocus: true,
			},
		}
		view.Form = q.PrepareForm(&page.Form{
			Action: page.PasswordPath, Submit: "Change password",
			Fields: append(append(fields, page.NewPasswordFields("newPassword", false)...), &page.Field{
				Name: "revokeKeys", Label: "Also revoke my API keys", Type: "checkbox", Checked: true,
				Hint: "Somebody who knew your password may have made one. Programs that use a key need a new one.",
			}),
		})
	}
	return view
}

func showPassword(q *page.Request) error {
	return showPasswordStatus(q, http.StatusOK, newPasswordPage(q))
}

func showPasswordStatus(q *page.Request, status int, view passwordPage) error {
	title := q.Tr("Password")
	if view.Forced {
		title = q.Tr("Choose a new password")
	}
	return q.ShowStatus(status, "password.html", title, view)
}

// changePassword sets the new password. It also gives this session a new token, so that a token
// stolen earlier stops working.
func (h *handler) changePassword(q *page.Request) error {
	view := newPasswordPage(q)
	if view.Form == nil {
		return showPasswordStatus(q, http.StatusConflict, view)
	}
	next, same := q.NewPassword(view.Form, "newPassword")
	if !same {
		return showPasswordStatus(q, http.StatusUnprocessableEntity, view)
	}
	change := auth.PasswordChange{
		Current: secret.New(q.PostForm.Get("oldPassword")), Next: next, RevokeKeys: q.PostForm.Has("revokeKeys"),
	}
	if err := h.service.ChangePassword(q.Context(), q.Caller, change, q.Origin()); err != nil {
		if account.ErrorCode(err) == account.CodeWrongPassword && h.sessionEnded(q) {
			q.SetCookie(page.SessionCookie, "", -1)
			return q.RedirectWithFlash(page.SignInPath,
				"The current password was wrong five times, so you were signed out. Your password was not changed.")
		}
		return q.AnswerRefusal(view.Form, err, func(status int) error { return showPasswordStatus(q, status, view) })
	}
	former, _ := q.CookieToken(page.SessionCookie)
	token, err := h.service.RenewSession(q.Context(), q.Caller, former)
	if err != nil { // the new password is already stored
		q.Logger.WarnContext(q.Context(), "session not renewed", "error", err)
		q.SetCookie(page.SessionCookie, "", -1)
		return q.RedirectWithFlash(page.SignInPath, "Your password was changed. Sign in with the new one.")
	}
	q.SetCookie(page.SessionCookie, token.Reveal(), 0)
	if view.Forced {
		return q.RedirectWithFlash(firstPage(q), "Your password was changed.")
	}
	return q.RedirectWithFlash(page.PasswordPath,
		"Your password was changed. Wherever else you were signed in, you are signed out.")
}

// sessionEnded reports whether the caller's session has ended since this request began.
func (h *handler) sessionEnded(q *page.Request) bool {
	token, _ := q.CookieToken(page.SessionCookie)
	_, err := h.service.Authenticate(q.Context(), token, q.Origin())
	return account.ErrorCode(err) == account.CodeUnauthorized
}

// firstPage returns the path of the page that follows the first choice of a password. For an
// administrator it is the first run.
func firstPage(q *page.Request) string {
	if q.RequireAdministrator() != nil {
		return "/"
	}
	return page.WelcomePath
}
