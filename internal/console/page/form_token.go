package page

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// formTokenField names the field of a form that carries its CSRF token.
const formTokenField = "formToken"

// formBinding returns the secret that the forms of the request are bound to: the session
// token, or for a visitor a random cookie. It reports whether the browser sent one.
func (q *Request) formBinding() (secret.Text, bool) {
	if q.Caller != nil {
		return q.CookieToken(SessionCookie)
	}
	return q.CookieToken(FormCookie)
}

// FormToken returns the CSRF token of the page's forms. It sets the form cookie for a
// visitor who has none.
func (q *Request) FormToken() string {
	if bound, ok := q.formBinding(); ok {
		return FormTokenFor(bound)
	}
	if q.newBinding.Empty() { // else another form of this page has set the cookie
		q.newBinding = secret.New(rand.Text())
		q.SetCookie(FormCookie, q.newBinding.Reveal(), 0)
	}
	return FormTokenFor(q.newBinding)
}

// FormTokenFor returns the CSRF token that is bound to a secret in a cookie. It doesn't
// reveal the secret.
func FormTokenFor(bound secret.Text) string {
	mac := hmac.New(sha256.New, []byte(bound.Reveal()))
	mac.Write([]byte("usher console form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// HasFormToken reports whether the form carries the CSRF token that is bound to a secret.
func (q *Request) HasFormToken(bound secret.Text) bool {
	return hmac.Equal([]byte(q.PostForm.Get(formTokenField)), []byte(FormTokenFor(bound)))
}
