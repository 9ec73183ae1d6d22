package console

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// notice is a page that only says something. Its title is the heading.
type notice struct {
	Kind      kind
	Text      []string // paragraphs
	RequestID string   // to quote when asking for help; "" where there is none
	Link      *link    // what to do next; nil: nothing
}

type link struct {
	Path string
	Text locale.Phrase
}

// kind gives a notice its colour and its role.
type kind string

const (
	done    kind = "done"
	advice  kind = "advice"
	failure kind = "failure"
)

// refusal is a request that the pages refuse before any rule is asked.
type refusal struct {
	status int
	title  locale.Phrase
	text   []locale.Phrase
}

func (r *refusal) Error() string { return string(r.title) }

// The refusals.
var (
	errSignIn    = errors.New("nobody is signed in")
	errCrossSite = &refusal{http.StatusForbidden, "This request was refused", []locale.Phrase{
		"It came from another site. Nothing was changed.",
		"If you sent the form yourself, open the page again and fill it in there.",
	}}
	errFormStale = &refusal{http.StatusForbidden, "Open the page again", []locale.Phrase{
		"The form is from before you signed in or out, or the browser does not keep cookies for this site. Nothing was changed.",
		"Open the page again and fill the form in there.",
	}}
	errFormTooLarge = &refusal{http.StatusRequestEntityTooLarge, "That was too much", []locale.Phrase{
		"The form was larger than this page accepts. Nothing was changed.",
	}}
	errFormUnreadable = &refusal{http.StatusBadRequest, "The form could not be read", []locale.Phrase{
		"Nothing was changed. Open the page again and fill the form in there.",
	}}
)

// refusals has the page of each failure of the rules that is not shown in a form.
// What is not in it is a fault of the server.
var refusals = map[account.Code]struct {
	status int
	title  locale.Phrase
}{
	account.CodeInvalid:         {http.StatusBadRequest, "This could not be understood"},
	account.CodeForbidden:       {http.StatusForbidden, "You may not do this"},
	account.CodeNotFound:        {http.StatusNotFound, "There is nothing here"},
	account.CodeTooManyRequests: {http.StatusTooManyRequests, "Too many attempts"},
	account.CodeUnavailable:     {http.StatusServiceUnavailable, "The server is busy"},
}

// fail answers a request that failed.
func (q *request) fail(err error) {
	if errors.Is(err, context.Canceled) && q.Context().Err() != nil {
		return // nobody waits for an answer
	}
	if errors.Is(err, errFormStale) && q.caller == nil && q.URL.Path == signInPath { // of several tabs the last has the cookie
		_ = q.done(signInPath, "The page was out of date. Please sign in again.")
		return
	}
	if r, ok := errors.AsType[*refusal](err); ok {
		n := notice{Kind: failure}
		for _, p := range r.text {
			n.Text = append(n.Text, q.say(p))
		}
		q.notify(r.status, r.title, n)
		return
	}
	code := account.ErrorCode(err)
	switch {
	case errors.Is(err, errSignIn) || code == account.CodeUnauthorized:
		q.toSignIn()
		return
	case code == account.CodePasswordChangeRequired:
		_ = q.redirect(passwordPath)
		return
	}
	known, ok := refusals[code]
	if !ok && code != account.CodeInternal {
		known.status, known.title, ok = http.StatusConflict, "This cannot be done now", true
	}
	if !ok {
		q.fault(err)
		return
	}
	failed, _ := errors.AsType[*account.Error](err)
	n := notice{Kind: failure, Text: []string{q.look.language.SayRule(failed.Message)}}
	for _, d := range failed.Details {
		n.Text = append(n.Text, d.Path+" "+q.look.language.SayRule(d.Message))
	}
	if failed.RetryAfter > 0 {
		n.Text = append(n.Text, q.retryAfter(failed.RetryAfter))
	}
	if code == account.CodeUnavailable {
		q.Logger.WarnContext(q.Context(), "console request not served", "page", q.Pattern, "error", err)
	}
	q.notify(known.status, known.title, n)
}

// fault answers 500 for a failure of the server and logs it. The page says nothing of
// the cause but quotes the request id that the middleware gave.
func (q *request) fault(err error) {
	q.Logger.ErrorContext(q.Context(), "console request failed", "page", q.Pattern, "error", err)
	q.notify(http.StatusInternalServerError, "Something went wrong", notice{
		Kind:      failure,
		Text:      []string{q.say(serverFault)},
		RequestID: q.w.Header().Get("X-Request-Id"),
	})
}

const serverFault locale.Phrase = "The server could not do this. Try again in a while, and tell your administrator if it stays so."

// retryAfter tells the reader how long to wait, and his browser too.
func (q *request) retryAfter(wait time.Duration) string {
	seconds := max(1, int(math.Ceil(wait.Seconds())))
	q.w.Header().Set("Retry-After", strconv.Itoa(seconds))
	if seconds <= 60 {
		return q.say("Try again in a minute.")
	}
	return q.say("Try again in %d minutes.", int(math.Ceil(wait.Minutes())))
}

// toSignIn sends the browser to the sign-in page, and from there back to the page
// that it asked for.
func (q *request) toSignIn() {
	target := signInPath
	if q.Method == http.MethodGet && q.URL.Path != "/" {
		target += "?" + url.Values{"next": {q.URL.RequestURI()}}.Encode()
	}
	_ = q.redirect(target)
}
