package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const (
	signInPath   = "/sign-in"
	passwordPath = "/profile/password"
)

var signInRoutes = []route{
	{pattern: "GET " + signInPath, page: (*request).showSignIn, open: true},
	{pattern: "POST " + signInPath, page: (*request).signIn, open: true},
	{pattern: "POST /sign-out", page: (*request).signOut, unsettled: true},
	{pattern: "POST /look", page: (*request).changeLook, open: true},
}

// signInPage is what templates/signin.html shows.
type signInPage struct{ Form *form }

func (q *request) signInForm() *form {
	return q.form(&form{
		Action: signInPath, Submit: "Sign in",
		Fields: []*field{
			{Name: "email", Label: "E-mail", Type: "email", Autocomplete: "username", Required: true, Autofocus: true},
			{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true},
			{Name: "next", Type: "hidden", Value: localPath(q.URL.Query().Get("next"))},
			{Name: "zone", Type: "zone"},
		},
	})
}

func (q *request) showSignIn() error {
	if q.caller != nil {
		return q.redirect("/")
	}
	return q.show("signin.html", "Sign in", signInPage{q.signInForm()})
}

// signIn makes a session. Whatever is wrong, the page says the same.
func (q *request) signIn() error {
	in, err := q.accounts.SignIn(q.Context(), q.value("email"), secret.New(q.PostForm.Get("password")), q.from())
	if err != nil {
		f := q.signInForm()
		status := q.refuse(f, err)
		if status == 0 {
			return err
		}
		if account.ErrorCode(err) == account.CodeInvalidCredentials {
			status = http.StatusUnauthorized
		}
		return q.showStatus(status, "signin.html", q.say("Sign in"), signInPage{f})
	}
	if q.caller != nil { // the session that was there would live on, and nobody know its token
		if err := q.accounts.SignOut(q.Context(), q.caller); err != nil {
			return err
		}
	}
	q.setCookie(sessionCookie, in.Token.Reveal(), 0)
	q.setCookie(formCookie, "", -1)
	if zone, language := q.look.setZone(q.value("zone")), q.preferLanguage(in.Token); zone || language {
		q.keepLook()
	}
	if in.NeedPasswordReset {
		return q.redirect(passwordPath)
	}
	return q.redirect(localPath(q.value("next")))
}

// preferLanguage takes the language that the account prefers, in a browser in which
// none was chosen, and reports whether it did. It does not take English: it is what
// the rules say of those who never chose, and the browser knows better then. No
// failure of it fails a sign-in.
func (q *request) preferLanguage(session secret.Text) bool {
	if q.look.chosen {
		return false
	}
	caller, err := q.accounts.Authenticate(q.Context(), session, q.from())
	if err != nil || caller.User.NeedPasswordReset {
		return false
	}
	preferences, err := q.accounts.Preferences(q.Context(), caller)
	if err != nil {
		return false
	}
	preferred := locale.Match(preferences.Language)
	if preferred == locale.Languages[0] { // also for one that we do not have
		return false
	}
	q.look.setLanguage(preferred)
	return true
}

// localPath returns the path of a page of ours, and "/" for whatever else somebody has
// put into a link to the sign-in page.
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, `\`) {
		return "/"
	}
	return u.RequestURI()
}

func (q *request) signOut() error {
	if err := q.accounts.SignOut(q.Context(), q.caller); err != nil {
		return err
	}
	q.setCookie(sessionCookie, "", -1)
	return q.done(signInPath, "You are signed out.")
}

// changeLook changes how the pages look in this browser, and goes back to the page that
// the form was on.
func (q *request) changeLook() error {
	if l := q.value("language"); l != "" {
		q.look.setLanguage(locale.Match(l))
	}
	if t := q.value("theme"); t != "" {
		q.look.setTheme(t)
	}
	q.keepLook()
	return q.redirect(localPath(q.value("back")))
}
