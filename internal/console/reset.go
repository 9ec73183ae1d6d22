package console

import (
	"context"
	"crypto/hmac"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const (
	resetPath      = "/reset-password"
	resetCookieAge = 10 * time.Minute // how long the browser keeps the token
)

const askForMessage locale.Phrase = "Ask for a message"

// resetRoutes let a person who holds a recovery token choose a new password. The form
// is bound to that token, not to a session.
var resetRoutes = []route{
	{pattern: "GET " + resetPath, page: (*request).showReset, open: true},
	{pattern: "POST " + resetPath, page: (*request).reset, open: true, ownForm: true},
}

// Recovery is what the reset page needs of account.
type Recovery interface {
	// RetrievePassword sets the password of the account that token was made for
	// and consumes token. Failures that the caller can mend are an
	// [*account.Error].
	RetrievePassword(ctx context.Context, token, newPassword secret.Text, from account.Origin) error
}

// resetForm is bound to the token, so that who does not hold it cannot make it.
func (q *request) resetForm(token secret.Text) *form {
	// Whose token it is nobody has looked up. Browsers want a field for the name
	// nevertheless, for their password managers.
	fields := append([]*field{{Name: "username", Type: "username"}}, newPasswordFields("newPassword", true)...)
	f := q.form(&form{Action: resetPath, Submit: "Change password", Fields: fields})
	f.Token = formToken(token)
	return f
}

// showReset answers GET and HEAD. It neither consumes the token nor looks it up:
// mail scanners follow links too, and must not use one up or learn anything.
func (q *request) showReset() error {
	if query := q.URL.Query(); query.Has("token") {
		return q.takeToken(query.Get("token"))
	}
	token, ok := q.tokenOf(resetCookie)
	if !ok {
		n := q.paragraphs(advice,
			"This page needs the link of a recovery message. Open the newest message that you have from us and follow its link.",
			"No message? Ask for one, or ask your administrator for one.")
		n.Link = &link{forgottenPath, askForMessage}
		q.notify(http.StatusOK, "Choose a new password", n)
		return nil
	}
	return q.show("form.html", "Choose a new password", q.resetForm(token))
}

// takeToken moves the token from the address into a cookie and sends the
// browser to the address without it, so that it stays in no history, no
// bookmark and no Referer header.
func (q *request) takeToken(token string) error {
	// Nothing of this address may leave in a Referer, to our own site either.
	q.w.Header().Set("Referrer-Policy", "no-referrer")
	if !tokenShape.MatchString(token) {
		q.invalidLink()
		return nil
	}
	q.setCookie(resetCookie, token, int(resetCookieAge.Seconds()))
	return q.redirect(resetPath)
}

// reset answers POST: it sets the new password.
func (q *request) reset() error {
	token, ok := q.tokenOf(resetCookie)
	if !ok {
		q.notify(http.StatusBadRequest, "Open the link again", q.paragraphs(advice,
			"The form was open for more than ten minutes, or the browser does not keep cookies for this site. Nothing was changed.",
			"Open the link of your message again."))
		return nil
	}
	if !hmac.Equal([]byte(q.PostForm.Get(formTokenName)), []byte(formToken(token))) {
		q.notify(http.StatusForbidden, "Open the link again", q.paragraphs(failure,
			"The form does not belong to the link that you opened last. Nothing was changed.",
			"Open the link of your newest message and fill in the form there."))
		return nil
	}
	f := q.resetForm(token)
	password, same := q.newPassword(f, "newPassword")
	if !same {
		return q.showStatus(http.StatusUnprocessableEntity, "form.html", q.say("Choose a new password"), f)
	}
	err := q.Recovery.RetrievePassword(q.Context(), token, password, q.from())
	switch {
	case account.ErrorCode(err) == account.CodeInvalidRecoveryToken:
		q.setCookie(resetCookie, "", -1)
		q.invalidLink()
		return nil
	case err != nil:
		status := q.refuse(f, err)
		if status == 0 {
			return err
		}
		return q.showStatus(status, "form.html", q.say("Choose a new password"), f)
	}
	q.setCookie(resetCookie, "", -1)
	n := q.paragraphs(done,
		"You can sign in with it now.",
		"Wherever you were signed in, you have been signed out. API keys of your account have ended too; make new ones where you need them.")
	n.Link = &link{signInPath, "Sign in"}
	q.notify(http.StatusOK, "Your password was changed", n)
	return nil
}

// invalidLink answers for a token that is unknown, used or expired; which one is not
// told.
func (q *request) invalidLink() {
	n := q.paragraphs(advice,
		"A link works once and for a short time, and a newer one may have taken its place. Your password was not changed.",
		"Ask for a new message, or ask your administrator for one, and open the newest.")
	n.Link = &link{forgottenPath, askForMessage}
	q.notify(http.StatusBadRequest, "This link is no longer valid", n)
}

// paragraphs makes a notice of phrases.
func (q *request) paragraphs(k kind, text ...locale.Phrase) notice {
	n := notice{Kind: k}
	for _, p := range text {
		n.Text = append(n.Text, q.say(p))
	}
	return n
}
