package signin

import (
	"context"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const (
	resetPath      = "/reset-password"
	resetCookieAge = 10 * time.Minute // how long the browser keeps the recovery token
)

const askForMessage locale.Phrase = "Ask for a message"

// Recovery sets a new password with a recovery token.
type Recovery interface {
	// RetrievePassword sets the password of the account that token was issued for. The token then
	// stops working. An error that the user can fix is an [*account.Error].
	RetrievePassword(ctx context.Context, token, newPassword secret.Text, from account.Origin) error
}

// resetForm returns the form for a new password. Its CSRF token is derived from the recovery token.
func resetForm(q *page.Request, token secret.Text) *page.Form {
	// Password managers look for a field with the user name. It is empty, because the token was not
	// looked up, so the user is not known yet.
	fields := append([]*page.Field{{Name: "username", Type: "username"}},
		page.NewPasswordFields("newPassword", true)...)
	f := q.PrepareForm(&page.Form{Action: resetPath, Submit: "Change password", Fields: fields})
	f.Token = page.FormTokenFor(token)
	return f
}

// showReset shows the form for a new password. It doesn't use the token up, because mail scanners
// also open the links in messages.
func showReset(q *page.Request) error {
	if query := q.URL.Query(); query.Has("token") {
		return takeToken(q, query.Get("token"))
	}
	token, ok := q.CookieToken(page.ResetCookie)
	if !ok {
		n := q.NewNotice(page.NoticeAdvice,
			"This page needs the link of a recovery message. Open the newest message that you have from us and "+
				"follow its link.",
			"No message? Ask for one, or ask your administrator for one.")
		n.Link = &page.Link{Path: forgottenPath, Text: askForMessage}
		return q.Notify(http.StatusOK, "Choose a new password", n)
	}
	return q.Show("form.html", "Choose a new password", resetForm(q, token))
}

// takeToken moves the recovery token from the URL into a cookie, and redirects to the URL without
// it. The token then stays out of the browser history, of bookmarks and of Referer headers.
func takeToken(q *page.Request, token string) error {
	// Browsers must not send this URL in a Referer header, not even to this site.
	q.Writer.Header().Set("Referrer-Policy", "no-referrer")
	if !page.IsToken(token) {
		return notifyInvalidLink(q)
	}
	q.SetCookie(page.ResetCookie, token, int(resetCookieAge.Seconds()))
	return q.Redirect(resetPath)
}

// reset sets the new password that was submitted.
func (h *handler) reset(q *page.Request) error {
	token, ok := q.CookieToken(page.ResetCookie)
	if !ok {
		return q.Notify(http.StatusBadRequest, "Open the link again", q.NewNotice(page.NoticeAdvice,
			"The form was open for more than ten minutes, or the browser does not keep cookies for this site. "+
				"Nothing was changed.",
			"Open the link of your message again."))
	}
	if !q.HasFormToken(token) {
		return q.Notify(http.StatusForbidden, "Open the link again", q.NewNotice(page.NoticeFailure,
			"The form does not belong to the link that you opened last. Nothing was changed.",
			"Open the link of your newest message and fill in the form there."))
	}
	f := resetForm(q, token)
	show := func(status int) error {
		return q.ShowStatus(status, "form.html", q.Tr("Choose a new password"), f)
	}
	password, same := q.NewPassword(f, "newPassword")
	if !same {
		return show(http.StatusUnprocessableEntity)
	}
	err := h.recovery.RetrievePassword(q.Context(), token, password, q.Origin())
	if account.ErrorCode(err) == account.CodeInvalidRecoveryToken {
		q.SetCookie(page.ResetCookie, "", -1)
		return notifyInvalidLink(q)
	}
	if err != nil {
		return q.AnswerRefusal(f, err, show)
	}
	q.SetCookie(page.ResetCookie, "", -1)
	n := q.NewNotice(page.NoticeDone,
		"You can sign in with it now.",
		"Wherever you were signed in, you have been signed out. API keys of your account have ended too; make new "+
			"ones where you need them.")
	n.Link = &page.Link{Path: page.SignInPath, Text: "Sign in"}
	return q.Notify(http.StatusOK, "Your password was changed", n)
}

// notifyInvalidLink shows a notice for a token that is unknown, used or expired. The text is the
// same in all three cases.
func notifyInvalidLink(q *page.Request) error {
	n := q.NewNotice(page.NoticeAdvice,
		"A link works once and for a short time, and a newer one may have taken its place. Your password was not "+
			"changed.",
		"Ask for a new message, or ask your administrator for one, and open the newest.")
	n.Link = &page.Link{Path: forgottenPath, Text: askForMessage}
	return q.Notify(http.StatusBadRequest, "This link is no longer valid", n)
}
