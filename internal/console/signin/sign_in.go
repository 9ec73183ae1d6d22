package signin

import (
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// signInPage is the data of templates/signin.html.
type signInPage struct{ Form *page.Form }

func signInForm(q *page.Request) *page.Form {
	return q.PrepareForm(&page.Form{
		Action: page.SignInPath, Submit: "Sign in",
		Fields: []*page.Field{
			{Name: "email", Label: "E-mail", Type: "email", Autocomplete: "username", Required: true, Autofocus: true},
			{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true},
			{Name: "next", Type: "hidden", Value: page.LocalPath(q.URL.Query().Get("next"))},
			{Name: "zone", Type: "zone"},
		},
	})
}

func showSignIn(q *page.Request) error {
	if q.Caller != nil {
		return q.Redirect("/")
	}
	return q.Show("signin.html", "Sign in", signInPage{signInForm(q)})
}

// signIn creates a session. The page shows the same message for an unknown user as for a wrong
// password.
func (h *handler) signIn(q *page.Request) error {
	in, err := h.service.SignIn(q.Context(), q.Value("email"), secret.New(q.PostForm.Get("password")), q.Origin())
	if err != nil {
		f := signInForm(q)
		return q.AnswerRefusal(f, err, func(status int) error {
			if account.ErrorCode(err) == account.CodeInvalidCredentials {
				status = http.StatusUnauthorized
			}
			return q.ShowStatus(status, "signin.html", q.Tr("Sign in"), signInPage{f})
		})
	}
	if q.Caller != nil { // end the previous session; nobody would have its token any more
		if err := h.service.SignOut(q.Context(), q.Caller); err != nil {
			return err
		}
	}
	q.SetCookie(page.SessionCookie, in.Token.Reveal(), 0)
	q.SetCookie(page.FormCookie, "", -1)
	if zone, language := q.SetZone(q.Value("zone")), h.preferLanguage(q, in.Token); zone || language {
		q.SaveAppearance()
	}
	if in.NeedPasswordReset {
		return q.Redirect(page.PasswordPath)
	}
	return q.Redirect(page.LocalPath(q.Value("next")))
}

// preferLanguage sets the language that is stored with the account, if none was chosen in this
// browser. It reports whether it did so. It ignores English, because accounts without a choice have
// it too; the page then follows Accept-Language. If preferLanguage fails, the sign-in still
// succeeds.
func (h *handler) preferLanguage(q *page.Request, session secret.Text) bool {
	if q.LanguageChosen {
		return false
	}
	caller, err := h.service.Authenticate(q.Context(), session, q.Origin())
	if err != nil || caller.User.NeedPasswordReset {
		return false
	}
	preferences, err := h.service.Preferences(q.Context(), caller)
	if err != nil {
		return false
	}
	preferred := locale.Match(preferences.Language)
	if preferred == locale.Languages[0] { // English, or a language that this release doesn't know
		return false
	}
	q.SetLanguage(preferred)
	return true
}

func (h *handler) signOut(q *page.Request) error {
	if err := h.service.SignOut(q.Context(), q.Caller); err != nil {
		return err
	}
	q.SetCookie(page.SessionCookie, "", -1)
	// The browser also drops pages that it keeps for its button Back. "cookies" is left out: it
	// would remove the cookies of other services under the same registered domain too.
	q.Writer.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return q.RedirectWithFlash(page.SignInPath, "You are signed out.")
}
