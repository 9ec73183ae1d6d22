package console

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const (
	resetPath      = "/reset-password"
	resetCookieAge = 10 * time.Minute // how long the browser keeps the token
	maxFormBytes   = 16 << 10
)

// tokenShape is what a recovery token can look like. It keeps out what a cookie
// cannot carry; whether the token is good is for account to say.
var tokenShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// Recovery is what the reset page needs of account.
type Recovery interface {
	// RetrievePassword sets the password of the account that token was made for
	// and consumes token. Failures that the caller can mend are an
	// [*account.Error].
	RetrievePassword(ctx context.Context, token, newPassword secret.Text, from account.Origin) error
}

// resetPage lets a person who holds a recovery token choose a new password.
type resetPage struct {
	*pages
	recovery Recovery
	sourceOf func(*http.Request) string
}

// resetForm is what templates/reset.html shows.
type resetForm struct {
	FormToken    string
	Alert        string   // about the whole form
	PasswordFail []string // beside the new password
	RepeatFail   string   // beside its repetition
}

// show answers GET and HEAD. It neither consumes the token nor looks it up:
// mail scanners follow links too, and must not use one up or learn anything.
func (p *resetPage) show(w http.ResponseWriter, r *http.Request) {
	if query := r.URL.Query(); query.Has("token") {
		p.takeToken(w, r, query.Get("token"))
		return
	}
	token, ok := p.token(r)
	if !ok {
		p.notify(w, r, http.StatusOK, advice, "Choose a new password",
			"This page needs the link of a recovery message. Open the newest message that you have from us and follow its link.",
			"No message? Ask for one where you sign in, or ask your administrator for one.")
		return
	}
	p.form(w, r, http.StatusOK, token, resetForm{})
}

// takeToken moves the token from the address into a cookie and sends the
// browser to the address without it, so that it stays in no history, no
// bookmark and no Referer header.
//
// The cookie is SameSite=Lax. A link in web mail is a navigation that another
// site began, and browsers count the redirect that follows as part of it: a
// Strict cookie would be set and then not sent, and the person would see the
// page that asks for a link. Lax is sent along with such a navigation by GET,
// which only shows the form, and never with a POST from another site.
func (p *resetPage) takeToken(w http.ResponseWriter, r *http.Request, token string) {
	// Nothing of this address may leave in a Referer, to our own site either.
	w.Header().Set("Referrer-Policy", "no-referrer")
	if !tokenShape.MatchString(token) {
		p.invalidLink(w, r)
		return
	}
	p.setCookie(w, r, token, int(resetCookieAge.Seconds()))
	http.Redirect(w, r, resetPath, http.StatusSeeOther)
}

// submit answers POST: it sets the new password.
func (p *resetPage) submit(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			p.notify(w, r, http.StatusRequestEntityTooLarge, failure, "That was too much",
				"The form was larger than this page accepts. A password has at most 1024 bytes. Nothing was changed.")
			return
		}
		p.notify(w, r, http.StatusBadRequest, failure, "The form could not be read", "Nothing was changed. Open the link of your message again.")
		return
	}
	token, ok := p.token(r)
	if !ok {
		p.notify(w, r, http.StatusBadRequest, advice, "Open the link again",
			"The form was open for more than ten minutes, or the browser does not keep cookies for this site. Nothing was changed.",
			"Open the link of your message again.")
		return
	}
	if !hmac.Equal([]byte(r.PostForm.Get("formToken")), []byte(formToken(token))) {
		p.notify(w, r, http.StatusForbidden, failure, "Open the link again",
			"The form does not belong to the link that you opened last. Nothing was changed.",
			"Open the link of your newest message and fill in the form there.")
		return
	}
	password := r.PostForm.Get("newPassword")
	if password != r.PostForm.Get("repeat") {
		p.form(w, r, http.StatusUnprocessableEntity, token, resetForm{
			Alert:      "Your password was not changed.",
			RepeatFail: "The two passwords differ. Type the same one twice.",
		})
		return
	}
	from := account.Origin{Source: p.sourceOf(r)}
	if err := p.recovery.RetrievePassword(r.Context(), token, secret.New(password), from); err != nil {
		p.fail(w, r, token, err)
		return
	}
	p.setCookie(w, r, "", -1)
	p.notify(w, r, http.StatusOK, done, "Your password was changed",
		"You can sign in with it now.",
		"Wherever you were signed in, you have been signed out. API keys of your account have ended too; make new ones where you need them.")
}

// fail answers for a password that was not set, by the kind of failure.
func (p *resetPage) fail(w http.ResponseWriter, r *http.Request, token secret.Text, err error) {
	failed, ok := errors.AsType[*account.Error](err)
	if !ok {
		p.fault(w, r, err)
		return
	}
	switch failed.Code {
	case account.CodeInvalid:
		var reasons []string
		for _, d := range failed.Details {
			reasons = append(reasons, "The password "+d.Message+".") // a detail says of its field what it "must" or "is"
		}
		if reasons == nil {
			reasons = []string{failed.Message}
		}
		p.form(w, r, http.StatusUnprocessableEntity, token, resetForm{Alert: "Your password was not changed.", PasswordFail: reasons})
	case account.CodeInvalidRecoveryToken:
		p.setCookie(w, r, "", -1)
		p.invalidLink(w, r)
	case account.CodeTooManyRequests:
		p.later(w, r, http.StatusTooManyRequests, token, "There were too many attempts.", failed.RetryAfter)
	case account.CodeUnavailable:
		p.logger.WarnContext(r.Context(), "password not reset", "error", err)
		p.later(w, r, http.StatusServiceUnavailable, token, "The server is busy.", failed.RetryAfter)
	default:
		p.fault(w, r, err)
	}
}

// later shows the form again, with the reason and the time after which to send
// it once more: at least a second, so that no Retry-After says "at once".
func (p *resetPage) later(w http.ResponseWriter, r *http.Request, status int, token secret.Text, reason string, after time.Duration) {
	seconds := max(1, int(math.Ceil(after.Seconds())))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	wait := plural(seconds, "second")
	if seconds > 90 {
		wait = plural((seconds+59)/60, "minute")
	}
	p.form(w, r, status, token, resetForm{
		Alert: fmt.Sprintf("Your password was not changed. %s Try again in %s.", reason, wait),
	})
}

func plural(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// invalidLink answers for a token that is unknown, used or expired; which one is
// not told.
func (p *resetPage) invalidLink(w http.ResponseWriter, r *http.Request) {
	p.notify(w, r, http.StatusBadRequest, advice, "This link is no longer valid",
		"A link works once and for a short time, and a newer one may have taken its place. Your password was not changed.",
		"Ask for a new message where you sign in, or ask your administrator for one, and open the newest.")
}

// form answers with the form, bound to token.
func (p *resetPage) form(w http.ResponseWriter, r *http.Request, status int, token secret.Text, f resetForm) {
	f.FormToken = formToken(token)
	p.render(w, r, status, resetTemplate, view{"Choose a new password", f})
}

// formToken binds a form to the token in the cookie without showing it: nobody
// who does not hold the token can make the form.
func formToken(token secret.Text) string {
	mac := hmac.New(sha256.New, []byte(token.Reveal()))
	mac.Write([]byte("usher reset-password form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// token returns the recovery token that the cookie of r holds.
func (p *resetPage) token(r *http.Request) (secret.Text, bool) {
	cookie, err := r.Cookie(cookieName(r))
	if err != nil || !tokenShape.MatchString(cookie.Value) {
		return secret.Text{}, false
	}
	return secret.New(cookie.Value), true
}

// setCookie keeps value in the browser for maxAge seconds; a negative maxAge
// removes the cookie.
func (p *resetPage) setCookie(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name:     cookieName(r),
		Value:    value,
		Path:     "/", // the prefix __Host- demands it
		MaxAge:   maxAge,
		Secure:   isSecure(r),
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}

// cookieName has the prefix __Host- over HTTPS: browsers then take the cookie
// from this host alone, not from a neighbouring subdomain. Browsers refuse the
// prefix over plain HTTP.
func cookieName(r *http.Request) string {
	if isSecure(r) {
		return "__Host-usher-reset"
	}
	return "usher-dev-reset"
}
