package page

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// Refusal is an error that the console itself raises, before it calls the package service. The
// response is a page with a notice.
type Refusal struct {
	Status int
	Title  locale.Phrase
	Text   []locale.Phrase // paragraphs
}

func (r *Refusal) Error() string { return string(r.Title) }

// errSignIn means that the route needs a session, and that the request has none.
var errSignIn = errors.New("not signed in")

var errCrossSite = &Refusal{
	Status: http.StatusForbidden, Title: "This request was refused",
	Text: []locale.Phrase{
		"It came from another site. Nothing was changed.",
		"If you sent the form yourself, open the page again and fill it in there.",
	},
}

// errUnknownHost doesn't name the public URL: a scanner that knows only the address of the server
// must not learn it.
var errUnknownHost = &Refusal{
	Status: http.StatusMisdirectedRequest, Title: "This is not the address of this server",
	Text: []locale.Phrase{
		"Open the address that your administrator has given you.",
		"If you are the administrator: let the proxy pass the header Host on, or set the public address with usher " +
			"settings set publicUrl=…, or open this page at localhost.",
	},
}

var errFormStale = &Refusal{
	Status: http.StatusForbidden, Title: "Open the page again",
	Text: []locale.Phrase{
		"The form is from before you signed in or out, or the browser does not keep cookies for this site. Nothing " +
			"was changed.",
		"Open the page again and fill the form in there.",
	},
}

// ErrFormTooLarge refuses a form that is larger than its route allows.
var ErrFormTooLarge = &Refusal{
	Status: http.StatusRequestEntityTooLarge, Title: "That was too much",
	Text: []locale.Phrase{"The form was larger than this page accepts. Nothing was changed."},
}

// ErrFormUnreadable refuses a form that can't be parsed, or has text that the database can't store.
// No page of the console sends such a form.
var ErrFormUnreadable = &Refusal{
	Status: http.StatusBadRequest, Title: "The form could not be read",
	Text: []locale.Phrase{"Nothing was changed. Open the page again and fill the form in there."},
}

// errorPages maps an error code to the status and the title of its error page. It is used for an
// error that no form can show. An error with any other code is answered with 409 (Conflict), or
// with 500 if it is internal.
var errorPages = map[account.Code]struct {
	status int
	title  locale.Phrase
}{
	account.CodeInvalid:         {http.StatusBadRequest, "This could not be understood"},
	account.CodeForbidden:       {http.StatusForbidden, "You may not do this"},
	account.CodeNotFound:        {http.StatusNotFound, "There is nothing here"},
	account.CodeTooSlow:         {http.StatusRequestTimeout, "That took too long"},
	account.CodeTooManyRequests: {http.StatusTooManyRequests, "Too many attempts"},
	account.CodeUnavailable:     {http.StatusServiceUnavailable, "The server is busy"},
}

// fail answers a request for which a check or the handler has returned err.
func (q *Request) fail(err error) {
	if errors.Is(err, context.Canceled) && q.Context().Err() != nil {
		return // the client has disconnected
	}
	if q.Caller != nil && (q.Method == http.MethodGet || q.Method == http.MethodHead) && account.IsDenied(err) {
		q.site.options.Service.CountRefusedRead(q.Caller)
	}
	// If the sign-in page is open in several tabs, only the form of the last one matches the form
	// cookie. A form from another tab is shown again.
	if errors.Is(err, errFormStale) && q.Caller == nil && q.URL.Path == SignInPath {
		_ = q.RedirectWithFlash(SignInPath, "The page was out of date. Please sign in again.")
		return
	}
	if r, ok := errors.AsType[*Refusal](err); ok {
		_ = q.Notify(r.Status, r.Title, q.NewNotice(NoticeFailure, r.Text...))
		return
	}
	code := account.ErrorCode(err)
	switch {
	case errors.Is(err, errSignIn) || code == account.CodeUnauthorized:
		redirectToSignIn(q)
		return
	case code == account.CodePasswordChangeRequired:
		_ = q.Redirect(PasswordPath)
		return
	}
	answer, ok := errorPages[code]
	if !ok && code != account.CodeInternal {
		answer.status, answer.title, ok = http.StatusConflict, "This cannot be done now", true
	}
	if !ok {
		serverError(q, err)
		return
	}
	failed, _ := errors.AsType[*account.Error](err)
	n := Notice{Kind: NoticeFailure, Text: []string{q.TrRule(failed.Message)}}
	for _, d := range failed.Details {
		n.Text = append(n.Text, d.Path+" "+q.TrRule(d.Message))
	}
	if failed.RetryAfter > 0 {
		n.Text = append(n.Text, retryAfter(q, failed.RetryAfter))
	}
	if code == account.CodeUnavailable {
		q.Logger.WarnContext(q.Context(), "console request not served", "page", q.Pattern, "error", err)
	}
	_ = q.Notify(answer.status, answer.title, n)
}

// serverError logs err and answers 500. The page doesn't reveal the cause. It shows the request id
// that the middleware has set, so that an administrator can find the log line.
func serverError(q *Request, err error) {
	q.Logger.ErrorContext(q.Context(), "console request failed", "page", q.Pattern, "error", err)
	_ = q.Notify(http.StatusInternalServerError, "Something went wrong", Notice{
		Kind:      NoticeFailure,
		Text:      []string{q.Tr(serverErrorText)},
		RequestID: q.Writer.Header().Get("X-Request-Id"),
	})
}

const serverErrorText locale.Phrase = "The server could not do this. Try again in a while, and tell your " +
	"administrator if it stays so."

// retryAfter sets the header Retry-After, and returns a translated sentence with the same time.
func retryAfter(q *Request, wait time.Duration) string {
	seconds := max(1, int(math.Ceil(wait.Seconds())))
	q.Writer.Header().Set("Retry-After", strconv.Itoa(seconds))
	if seconds <= 60 {
		return q.Tr("Try again in a minute.")
	}
	return q.Tr("Try again in %d minutes.", int(math.Ceil(wait.Minutes())))
}

// redirectToSignIn redirects the browser to the sign-in page. After the sign-in, the browser
// returns to the page that it requested.
func redirectToSignIn(q *Request) {
	target := SignInPath
	if q.Method == http.MethodGet && q.URL.Path != "/" {
		target += "?" + url.Values{"next": {q.URL.RequestURI()}}.Encode()
	}
	_ = q.Redirect(target)
}

// ErrorText returns a one-line, translated message for an error. It logs an internal error.
func (q *Request) ErrorText(err error) string {
	failed, ok := errors.AsType[*account.Error](err)
	if !ok {
		q.Logger.ErrorContext(q.Context(), "console request failed", "path", q.URL.Path, "error", err)
		return q.Tr(serverErrorText)
	}
	if len(failed.Details) == 0 {
		return q.TrRule(failed.Message)
	}
	var parts []string
	for _, d := range failed.Details {
		parts = append(parts, q.TrDetail(d.Message))
	}
	return strings.Join(parts, " ")
}
