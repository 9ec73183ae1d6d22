package page

import (
	"log/slog"
	"net/http"
	"strconv"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/appearance"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Request is a request for a page. A handler answers with one of its methods or returns an error.
// [Site] answers an error with a notice or a redirect.
type Request struct {
	*http.Request
	appearance.Appearance
	Values // the values of the submitted form

	Writer http.ResponseWriter
	Caller *account.Principal // nil: a visitor without a session
	Logger *slog.Logger

	site       *Site
	secure     bool        // the public URL of the server is an HTTPS one
	newBinding secret.Text // value of the form cookie that this response sets for a visitor
}

// HTTPS reports whether the public URL of the server is an HTTPS one.
func (q *Request) HTTPS() bool { return q.secure }

// May reports whether the caller may do action on at least one object of the given entity.
func (q *Request) May(action access.Action, entity access.Entity) bool {
	return q.Caller != nil && account.Allow(q.Caller, action, entity, access.Any) == nil
}

// MayOn reports whether the caller may do action on the object with this id.
func (q *Request) MayOn(action access.Action, entity access.Entity, id int64) bool {
	return account.Allow(q.Caller, action, entity, id) == nil
}

// MayOwn reports whether the caller may do action on their own user, or on the sessions, keys and
// log entries that belong to it.
func (q *Request) MayOwn(action access.Action, entity access.Entity) bool {
	return q.MayOn(action, entity, q.Caller.User.ID)
}

// RequireAdministrator fails with [account.CodeForbidden] unless the caller is an administrator.
func (q *Request) RequireAdministrator() error {
	if !q.Caller.Access.Administrator {
		return &account.Error{Code: account.CodeForbidden, Message: "Only an administrator may change this."}
	}
	return nil
}

// PathID returns the id in the named wildcard of the route's pattern. Anything but a positive
// decimal number is reported as not found.
func (q *Request) PathID(name string) (int64, error) {
	text := q.PathValue(name)
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != text {
		return 0, account.NotFound()
	}
	return id, nil
}

// Redirect redirects the browser with 303 (See Other), so that it requests the other page with GET.
func (q *Request) Redirect(path string) error {
	http.Redirect(q.Writer, q.Request, path, http.StatusSeeOther)
	return nil
}

// RedirectWithFlash redirects the browser to another page, which shows phrase once above its
// content.
func (q *Request) RedirectWithFlash(path string, phrase locale.Phrase, args ...any) error {
	q.SetFlash(q.Tr(phrase, args...))
	return q.Redirect(path)
}

// Origin describes the client to package service.
func (q *Request) Origin() account.Origin {
	return account.Origin{
		ClientNetwork: q.site.options.ClientNetwork(q.Request), Device: q.UserAgent(), Channel: account.ChannelConsole,
	}
}
