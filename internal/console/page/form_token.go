package page

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// formTokenField is the name of the form field with the CSRF token.
const formTokenField = "formToken"

// formBinding returns the secret from which CSRF tokens are derived. It is the session token, or
// for a visitor the random value of the form cookie. ok is false if the request has no such cookie.
func (q *Request) formBinding() (secret.Text, bool) {
	if q.Caller != nil {
		return q.CookieToken(SessionCookie)
	}
	return q.CookieToken(FormCookie)
}

// FormToken returns the CSRF token for the forms of the page. If a visitor has no form cookie yet,
// FormToken sets one.
func (q *Request) FormToken() string {
	if bound, ok := q.formBinding(); ok {
		return FormTokenFor(bound)
	}
	if q.newBinding.Empty() { // otherwise another form of this page has set the cookie
		q.newBinding = secret.New(rand.Text())
		q.SetCookie(FormCookie, q.newBinding.Reveal(), 0)
	}
	return FormTokenFor(q.newBinding)
}

// FormTokenFor derives a CSRF token from bound, a secret that the browser has in a cookie. The
// token doesn't reveal the secret.
func FormTokenFor(bound secret.Text) string {
	mac := hmac.New(sha256.New, []byte(bound.Reveal()))
	mac.Write([]byte("usher console form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// HasFormToken reports whether the submitted form has the CSRF token derived from bound.
func (q *Request) HasFormToken(bound secret.Text) bool {
	return hmac.Equal([]byte(q.PostForm.Get(formTokenField)), []byte(FormTokenFor(bound)))
}
