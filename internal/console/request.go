package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// request is one request of a page: who asks, and how he wants to be answered. A page
// answers by one of its methods, or returns why it cannot, which is answered by
// [request.fail].
type request struct {
	*http.Request
	*console

	w      http.ResponseWriter
	look   look
	secure bool               // people reach the page by HTTPS
	fresh  secret.Text        // what the forms of a visitor without a cookie are bound to
	caller *account.Principal // nil: nobody is signed in
}

// say writes a phrase in the reader's language.
func (q *request) say(p locale.Phrase, args ...any) string { return q.look.language.Say(p, args...) }

// local moves a time into the reader's zone. A template writes it as it is.
func (q *request) local(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(q.look.zone)
}

// may reports whether the caller has the permission for at least one thing.
func (q *request) may(action access.Action, entity access.Entity) bool {
	return q.caller != nil && account.Allow(q.caller, action, entity, access.Any) == nil
}

// id is the number in the path under a name. It fails as for a thing that is not there.
func (q *request) id(name string) (int64, error) {
	text := q.PathValue(name)
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != text {
		return 0, account.NotFound()
	}
	return id, nil
}

// redirect sends the browser to another page, which it asks for by GET.
func (q *request) redirect(path string) error {
	http.Redirect(q.w, q.Request, path, http.StatusSeeOther)
	return nil
}

// done sends the browser to another page, which says what was done.
func (q *request) done(path string, what locale.Phrase, args ...any) error {
	q.setFlash(q.say(what, args...))
	return q.redirect(path)
}

const maxFlash = 1000 // bytes; escaped they are three times as many, and a cookie has room for 4096

func (q *request) setFlash(text string) {
	q.setCookie(flashCookie, url.QueryEscape(cut(text, maxFlash)), 0)
}

// cut returns the beginning of a text that is longer than so many bytes, as whole
// characters, and without what is none.
func cut(text string, maxBytes int) string {
	return strings.ToValidUTF8(text[:min(len(text), maxBytes)], "")
}

// takeFlash returns what the page before has done, once.
func (q *request) takeFlash() string {
	found, err := q.Cookie(q.cookieName(flashCookie))
	if err != nil {
		return ""
	}
	q.setCookie(flashCookie, "", -1)
	text, err := url.QueryUnescape(found.Value)
	if err != nil || len(text) > maxFlash {
		return ""
	}
	return text
}

// home sends the browser to the page that fits who asks.
func (q *request) home() error {
	for _, group := range navigation {
		for _, entry := range group.entries {
			if q.sees(entry) {
				return q.redirect(entry.path)
			}
		}
	}
	return account.NotFound()
}
