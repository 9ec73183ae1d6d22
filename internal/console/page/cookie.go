package page

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/console/appearance"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Cookie identifies a cookie of the console by the suffix of its name; see cookieName.
type Cookie string

// The cookies of the console. A full name is one of the prefixes below and this suffix.
const (
	SessionCookie    Cookie = ""       // holds the session token
	FormCookie       Cookie = "-form"  // holds the secret that a visitor's forms are bound to
	ResetCookie      Cookie = "-reset" // holds the token of a password recovery
	SetupCookie      Cookie = "-setup" // present during the first run
	flashCookie      Cookie = "-flash" // holds a text that the next page shows once
	appearanceCookie Cookie = "-look"  // holds language, theme and time zone
)

// The prefixes of the cookie names: one over HTTPS, the other over plain HTTP.
const (
	securePrefix   = "__Host-usher"
	insecurePrefix = "usher-dev"
)

// cookieName returns the full name of a cookie. Over HTTPS it begins with __Host-. Browsers accept
// a cookie with that prefix only from this very host, not from another subdomain, and refuse it
// over plain HTTP.
func (q *Request) cookieName(c Cookie) string {
	if q.secure {
		return securePrefix + string(c)
	}
	return insecurePrefix + string(c)
}

// SetCookie stores a value in the browser for maxAge seconds. With 0 the browser keeps the cookie
// until it is closed; a negative maxAge removes the cookie.
//
// Cookies are SameSite=Lax. Browsers send them when a user follows a link on another site or in a
// message, but not with another site's form. With SameSite=Strict, browsers would send no cookie
// after such a link, not even with a redirect that follows it.
//
// SetCookie does nothing for HEAD. Programs send it to look at a link, which must have no effect.
func (q *Request) SetCookie(c Cookie, value string, maxAge int) {
	if q.Method == http.MethodHead {
		return
	}
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

// MoveCookies stores the cookies of this browser again under the names for a new public URL. The
// prefix of the names depends on the scheme of the URL. An administrator who changes the URL from
// the machine itself, or through a tunnel, therefore stays signed in.
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

// tokenPattern matches a text that may be a token and fits into a cookie. It says nothing about
// whether the token is valid.
var tokenPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// IsToken reports whether a text has the form of a token, so that a cookie can hold it.
func IsToken(text string) bool { return tokenPattern.MatchString(text) }

// CookieToken returns the token in a cookie. ok is false if there is none, or if the text doesn't
// have the form of a token.
func (q *Request) CookieToken(c Cookie) (secret.Text, bool) {
	found, err := q.Cookie(q.cookieName(c))
	if err != nil || !IsToken(found.Value) {
		return secret.Text{}, false
	}
	return secret.New(found.Value), true
}

const appearanceAge = 365 * 24 * 60 * 60 // seconds

// readAppearance reads the cookie with the language, theme and time zone. If a request has both the
// HTTPS cookie and the HTTP cookie, the HTTPS cookie counts.
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

// SaveAppearance stores language, theme and time zone in the browser's cookie.
func (q *Request) SaveAppearance() { q.SetCookie(appearanceCookie, q.Encode(), appearanceAge) }
