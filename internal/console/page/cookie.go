package page

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/console/appearance"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Cookie is a cookie of the console, by the suffix of its name.
type Cookie string

// The cookies.
const (
	SessionCookie    Cookie = ""       // the session token
	FormCookie       Cookie = "-form"  // binds the forms of a visitor
	ResetCookie      Cookie = "-reset" // the token of a password recovery
	SetupCookie      Cookie = "-setup" // present during the first run
	flashCookie      Cookie = "-flash" // the text that the next page shows
	appearanceCookie Cookie = "-look"  // language, theme and time zone
)

// The names of the cookies begin with these, over HTTPS and over HTTP.
const (
	securePrefix   = "__Host-usher"
	insecurePrefix = "usher-dev"
)

// cookieName returns the full name. Over HTTPS it has the prefix __Host-: browsers accept
// such a cookie from this host alone, not from another subdomain. They refuse the prefix
// over plain HTTP.
func (q *Request) cookieName(c Cookie) string {
	if q.secure {
		return securePrefix + string(c)
	}
	return insecurePrefix + string(c)
}

// SetCookie stores a value in the browser for maxAge seconds. 0 stores it until the browser
// is closed, and a negative maxAge removes it.
//
// Cookies are SameSite=Lax: browsers send them when a user follows a link from elsewhere,
// such as from a message, but not with a form of another site. Browsers would not send
// Strict cookies with the redirect that follows such a link.
func (q *Request) SetCookie(c Cookie, value string, maxAge int) {
	http.SetCookie(q.Writer, &http.Cookie{
		Name:     q.cookieName(c),
		Value:    value,
		Path:     "/", // required by the prefix __Host-
		MaxAge:   maxAge,
		Secure:   q.secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}

// MoveCookies stores the cookies again under the names that apply with a new public URL. An
// administrator who changes the URL on the machine itself, or through a tunnel, stays
// signed in.
func (q *Request) MoveCookies(public string) {
	token, ok := q.CookieToken(SessionCookie)
	_, err := q.Cookie(q.cookieName(SetupCookie))
	q.secure = strings.HasPrefix(public, "https://")
	if ok {
		q.SetCookie(SessionCookie, token.Reveal(), 0)
	}
	if err == nil {
		q.SetCookie(SetupCookie, setupInProgress, setupAge)
	}
	q.SaveAppearance()
}

// tokenPattern matches a text that can be a token and fits into a cookie. Only the rules know
// whether the token is valid.
var tokenPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// IsToken reports whether a text can be a token, so that a cookie can hold it.
func IsToken(text string) bool { return tokenPattern.MatchString(text) }

// CookieToken returns the token in a cookie, and whether there is one.
func (q *Request) CookieToken(c Cookie) (secret.Text, bool) {
	found, err := q.Cookie(q.cookieName(c))
	if err != nil || !IsToken(found.Value) {
		return secret.Text{}, false
	}
	return secret.New(found.Value), true
}

const appearanceAge = 365 * 24 * 60 * 60 // seconds that the browser keeps the cookie

// readAppearance reads the cookie of a request, the Secure one first.
func readAppearance(r *http.Request) appearance.Appearance {
	text := ""
	for _, prefix := range []string{securePrefix, insecurePrefix} {
		if found, err := r.Cookie(prefix + string(appearanceCookie)); err == nil {
			text = found.Value
			break
		}
	}
	return appearance.Parse(text, r.Header.Get("Accept-Language"))
}

// SaveAppearance stores the appearance in the browser's cookie.
func (q *Request) SaveAppearance() { q.SetCookie(appearanceCookie, q.Encode(), appearanceAge) }
