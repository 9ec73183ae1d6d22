package console

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// cookie is a cookie of the pages, by the end of its name.
type cookie string

const (
	sessionCookie cookie = ""       // the token of the session
	formCookie    cookie = "-form"  // what the form of a visitor who is not signed in is bound to
	resetCookie   cookie = "-reset" // the token of a password recovery
	flashCookie   cookie = "-flash" // what the next page says was done
	setupCookie   cookie = "-setup" // that the first run goes on
	lookCookie    cookie = "-look"  // language, theme and time zone
)

// cookieName has the prefix __Host- over HTTPS: browsers then take the cookie from
// this host alone, not from a neighbouring subdomain. Browsers refuse the prefix over
// plain HTTP.
func (q *request) cookieName(c cookie) string {
	if q.secure {
		return "__Host-usher" + string(c)
	}
	return "usher-dev" + string(c)
}

// setCookie keeps a value in the browser for maxAge seconds: 0 until it is closed, and
// a negative maxAge removes it.
//
// Cookies are SameSite=Lax: they are sent along when somebody follows a link from
// elsewhere, from a message say, and never with a form that another site sends. Strict
// would not be sent with the redirect that follows such a link.
func (q *request) setCookie(c cookie, value string, maxAge int) {
	http.SetCookie(q.w, &http.Cookie{
		Name:     q.cookieName(c),
		Value:    value,
		Path:     "/", // the prefix __Host- demands it
		MaxAge:   maxAge,
		Secure:   q.secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}

// moveCookies gives the browser its session under the name that counts once people reach
// the server at another address: who changes it on the machine itself, or through a
// tunnel, stays signed in.
func (q *request) moveCookies(public string) {
	token, ok := q.tokenOf(sessionCookie)
	_, err := q.Cookie(q.cookieName(setupCookie))
	q.secure = strings.HasPrefix(public, "https://")
	if ok {
		q.setCookie(sessionCookie, token.Reveal(), 0)
	}
	if err == nil {
		q.setCookie(setupCookie, setupGoesOn, setupAge)
	}
	q.keepLook()
}

// tokenShape is what a token in a cookie can look like. It keeps out what a cookie
// cannot carry; whether the token is good is for account to say.
var tokenShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// tokenOf returns the token that a cookie holds.
func (q *request) tokenOf(c cookie) (secret.Text, bool) {
	found, err := q.Cookie(q.cookieName(c))
	if err != nil || !tokenShape.MatchString(found.Value) {
		return secret.Text{}, false
	}
	return secret.New(found.Value), true
}

// authenticate finds who asks. A session that has ended leaves nobody.
func (q *request) authenticate() error {
	token, ok := q.tokenOf(sessionCookie)
	if !ok {
		return nil
	}
	caller, err := q.accounts.Authenticate(q.Context(), token, q.from())
	if account.ErrorCode(err) == account.CodeUnauthorized {
		return nil
	}
	q.caller = caller
	return err
}

// from is where the request comes from, as the rules want to know it.
func (q *request) from() account.Origin {
	return account.Origin{ClientNetwork: q.ClientNetwork(q.Request), Device: q.UserAgent(), Channel: account.ChannelConsole}
}

const formTokenName = "formToken"

// formBinding is the secret that the request's forms are bound to: the session, or for
// a visitor a random cookie.
func (q *request) formBinding() (secret.Text, bool) {
	if q.caller != nil {
		return q.tokenOf(sessionCookie)
	}
	return q.tokenOf(formCookie)
}

// FormToken is what the page's forms carry, so that only who was shown the page can
// send them. A visitor without a cookie to bind it to gets one.
func (q *request) FormToken() string {
	if bound, ok := q.formBinding(); ok {
		return formToken(bound)
	}
	if q.fresh.Empty() { // else another form of this page has got it
		q.fresh = secret.New(rand.Text())
		q.setCookie(formCookie, q.fresh.Reveal(), 0)
	}
	return formToken(q.fresh)
}

// formToken binds a form to a secret that the browser holds in a cookie. It says
// nothing of it.
func formToken(bound secret.Text) string {
	mac := hmac.New(sha256.New, []byte(bound.Reveal()))
	mac.Write([]byte("usher console form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// sentToLoopback reports whether the browser says that it runs on this machine, or
// reaches it through a tunnel: such a connection needs no TLS.
func sentToLoopback(r *http.Request) bool {
	name, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		name = r.Host
	}
	return host.IsLoopback(strings.Trim(name, "[]"))
}

// origin is the origin of u as browsers write it: in lower case, and without the
// port that its scheme has anyway (RFC 6454, section 6.2).
func origin(u *url.URL) string {
	usual := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	return (&url.URL{Scheme: u.Scheme, Host: strings.TrimSuffix(strings.ToLower(u.Host), usual)}).String()
}
