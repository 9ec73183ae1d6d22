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

// Request is one request of a page. Its handler answers by one of its methods, or returns
// an error, which the gate answers with a notice or a redirect.
type Request struct {
	*http.Request
	appearance.Appearance
	Values // of the form

	Writer http.ResponseWriter
	Caller *account.Principal // nil: a visitor without a session
	Logger *slog.Logger

	site       *Site
	secure     bool        // users reach the page over HTTPS
	newBinding secret.Text // binds the forms of a visitor who sent no form cookie
}

// May reports whether the caller has a permission for at least one entity.
func (q *Request) May(action access.Action, entity access.Entity) bool {
	return q.Caller != nil && account.Allow(q.Caller, action, entity, access.Any) == nil
}

// MayOn reports whether the caller has a permission for the entity of an id.
func (q *Request) MayOn(action access.Action, entity access.Entity, id int64) bool {
	return account.Allow(q.Caller, action, entity, id) == nil
}

// MayOwn reports whether the caller has a permission for their own user, or for what
// belongs to it.
func (q *Request) MayOwn(action access.Action, entity access.Entity) bool {
	return q.MayOn(action, entity, q.Caller.User.ID)
}

// RequireAdministrator fails with [account.CodeForbidden] unless the caller is an
// administrator.
func (q *Request) RequireAdministrator() error {
	if !q.Caller.Access.Administrator {
		return &account.Error{Code: account.CodeForbidden, Message: "Only an administrator may change this."}
	}
	return nil
}

// PathID returns the id in a wildcard of the path. Anything but a positive decimal number
// is reported as not found.
func (q *Request) PathID(name string) (int64, error) {
	text := q.PathValue(name)
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != text {
		return 0, account.NotFound()
	}
	return id, nil
}

// Redirect sends the browser to another page, which it requests with GET.
func (q *Request) Redirect(path string) error {
	http.Redirect(q.Writer, q.Request, path, http.StatusSeeOther)
	return nil
}

// RedirectWithFlash sends the browser to another page, which shows a phrase above its
// content, once.
func (q *Request) RedirectWithFlash(path string, phrase locale.Phrase, args ...any) error {
	q.SetFlash(q.Tr(phrase, args...))
	return q.Redirect(path)
}

// Origin describes the client for the rules.
func (q *Request) Origin() account.Origin {
	return account.Origin{
		ClientNetwork: q.site.options.ClientNetwork(q.Request), Device: q.UserAgent(), Channel: account.ChannelConsole,
	}
}
