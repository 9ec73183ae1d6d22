package console

import (
	"cmp"
	"crypto/hmac"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// route is a page, or a form that a page sends.
type route struct {
	pattern string // of [http.ServeMux]
	page    func(*request) error

	// Who may come. Unless it is open, one has to be signed in; may then says what he
	// needs a permission for, before a byte of the form is read. The rules ask again.
	open bool
	may  permission

	// settled lets in who must choose a new password before anything else.
	unsettled bool
	// ownForm leaves the check of the form's token to the page: see reset.go.
	ownForm bool
	body    int64 // how many bytes a form may have; 0: maxFormBytes
	// tooLarge is the page for a form that has more; nil: errFormTooLarge.
	tooLarge *refusal
}

// permission is what one needs to see a page, for at least one thing. Its zero value
// asks for nothing.
type permission struct {
	action access.Action
	entity access.Entity
}

const maxFormBytes = 64 << 10

// routes are all pages, in the files that are named after them.
var routes = slices.Concat(
	[]route{{pattern: "GET /{$}", page: (*request).home}},
	signInRoutes, forgottenRoutes, resetRoutes, welcomeRoutes,
	profileRoutes, avatarRoutes, passwordRoutes, sessionRoutes, keyRoutes, ownActivityRoutes,
	overviewRoutes, activityRoutes, mailRoutes, settingsRoutes,
	userListRoutes, severalRoutes, userRoutes, userCreateRoutes, userAccessRoutes, userCredentialRoutes,
	roleRoutes, importRoutes,
)

// enter is the gate of every request. It refuses what another site made the browser
// send, finds who asks, keeps out whom the route does not let in, and reads the form
// and checks its token. Of large forms it reads a few at once.
func (c *console) enter(to route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{w: w, Request: r, console: c, look: readLook(r)}
		err := q.pass(to)
		if err == nil {
			err = q.serve(to)
		}
		if err != nil {
			q.fail(err)
		}
	})
}

// serve reads the form, where one was sent, and runs the page.
func (q *request) serve(to route) error {
	if q.Method == http.MethodGet || q.Method == http.MethodHead {
		return to.page(q)
	}
	if to.body > maxSmallForm {
		if !q.large.enter(q.caller.User.ID) {
			return &account.Error{Code: account.CodeUnavailable, Message: "Too many files are being sent. Nothing was changed.", RetryAfter: largeFormWait}
		}
		defer q.large.leave(q.caller.User.ID)
	}
	if err := q.readForm(to); err != nil {
		return err
	}
	return to.page(q)
}

func (q *request) pass(to route) error {
	public, err := q.PublicURL(q.Context())
	if err != nil {
		return err
	}
	q.secure = public != nil && public.Scheme == "https"
	if err := fromHere(q.Request, public); err != nil {
		return err
	}
	if err := q.authenticate(); err != nil {
		return err
	}
	if to.page == nil {
		return account.NotFound()
	}
	if !to.open {
		if err := q.mayCome(to); err != nil {
			return err
		}
	}
	if !readable(q.URL.Query()) {
		return account.Invalid()
	}
	return nil
}

// mayCome keeps out who is not signed in, who has to choose another password first,
// and who has no permission for what the route is about.
func (q *request) mayCome(to route) error {
	switch {
	case q.caller == nil:
		return errSignIn
	case q.caller.User.NeedPasswordReset && !to.unsettled:
		return &account.Error{Code: account.CodePasswordChangeRequired}
	case to.may != permission{}:
		return account.Allow(q.caller, to.may.action, to.may.entity, access.Any)
	}
	return nil
}

// readForm reads what was sent, all of it into memory: an import may hold passwords,
// which must not land in a temporary file.
func (q *request) readForm(to route) error {
	limit := to.body
	if limit == 0 {
		limit = maxFormBytes
	}
	q.Body = http.MaxBytesReader(q.w, q.Body, limit)
	err := q.ParseForm()
	if strings.HasPrefix(q.Header.Get("Content-Type"), "multipart/form-data") {
		err = errors.Join(err, q.ParseMultipartForm(limit))
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return cmp.Or(to.tooLarge, errFormTooLarge)
	}
	if err != nil || !readable(q.PostForm) {
		return errFormUnreadable
	}
	if to.ownForm {
		return nil
	}
	bound, ok := q.formBinding()
	if !ok || !hmac.Equal([]byte(q.PostForm.Get(formTokenName)), []byte(formToken(bound))) {
		return errFormStale
	}
	return nil
}

// readable reports whether every name and value is text that the database can keep.
func readable(sent url.Values) bool {
	unreadable := func(text string) bool { return !utf8.ValidString(text) || strings.ContainsRune(text, 0) }
	for name, values := range sent {
		if unreadable(name) || slices.ContainsFunc(values, unreadable) {
			return false
		}
	}
	return true
}

// fromHere refuses what another site made the browser send, by the headers that
// browsers add: Sec-Fetch-Site, and Origin where there is none.
func fromHere(r *http.Request, public *url.URL) error {
	guard := http.NewCrossOriginProtection()
	if public != nil {
		if err := guard.AddTrustedOrigin(origin(public)); err != nil {
			return err
		}
	}
	if guard.Check(r) != nil {
		return errCrossSite
	}
	return nil
}
