package page

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/host"
)

// gate is the handler of a route. It checks every request before it calls the page's own handler.
// It refuses requests for unknown hosts and cross-site requests, authenticates the caller and checks
// the requirements of the route. It then reads the form and checks its CSRF token.
type gate struct {
	site  *Site
	route Route
}

func (g gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &Request{
		Writer: w, Request: r, Values: Values{r}, Appearance: readAppearance(r),
		site: g.site, Logger: g.site.options.Logger,
	}
	err := g.admit(q)
	if err == nil {
		err = g.serve(q)
	}
	if err != nil {
		q.fail(err)
	}
}

// serve reads the form of a POST request and calls the handler. It refuses a file while the same
// user is uploading another one.
func (g gate) serve(q *Request) error {
	if q.Method == http.MethodGet || q.Method == http.MethodHead {
		return g.route.Handler(q)
	}
	if g.route.MaxBytes > maxSmallForm {
		user := q.Caller.User.ID
		if !g.site.uploads.begin(user) {
			return &account.Error{
				Code: account.CodeTooManyRequests, RetryAfter: uploadWait,
				Message: "You are already sending a file. Nothing was changed.",
			}
		}
		defer g.site.uploads.end(user)
	}
	if err := g.readForm(q); err != nil {
		return err
	}
	return g.route.Handler(q)
}

// admit authenticates the caller. It fails for an unknown host, for a cross-site request, for an
// unknown path, and for a caller who may not use the route.
func (g gate) admit(q *Request) error {
	public, err := g.site.options.PublicURL(q.Context())
	if err != nil {
		return err
	}
	q.secure = public != nil && public.Scheme == "https"
	if err := checkHost(q.Request, public); err != nil {
		return err
	}
	if err := checkSameOrigin(q.Request, public); err != nil {
		return err
	}
	if err := g.authenticate(q); err != nil {
		return err
	}
	if g.route.Handler == nil {
		return account.NotFound()
	}
	if !g.route.Open {
		if err := g.requireAccess(q); err != nil {
			return err
		}
	}
	if !readable(q.URL.Query()) {
		return account.Invalid()
	}
	return nil
}

// authenticate sets q.Caller from the session cookie. If the session has ended, q.Caller stays nil,
// as for a visitor.
func (g gate) authenticate(q *Request) error {
	token, ok := q.CookieToken(SessionCookie)
	if !ok {
		return nil
	}
	caller, err := g.site.options.Service.Authenticate(q.Context(), token, q.Origin())
	if account.ErrorCode(err) == account.CodeUnauthorized {
		return nil
	}
	q.Caller = caller
	return err
}

// requireAccess fails if the caller has no session, must choose a new password first, or lacks the
// permission that the route needs.
func (g gate) requireAccess(q *Request) error {
	switch {
	case q.Caller == nil:
		return errSignIn
	case q.Caller.User.NeedPasswordReset && !g.route.AllowPasswordReset:
		return &account.Error{Code: account.CodePasswordChangeRequired}
	case g.route.Needs != Permission{}:
		return account.Allow(q.Caller, g.route.Needs.Action, g.route.Needs.Entity, access.Any)
	}
	return nil
}

// readForm reads the whole form into memory and checks its CSRF token. It writes no temporary file,
// because a file of users may contain passwords.
func (g gate) readForm(q *Request) error {
	limit := g.route.maxBytes()
	q.Body = http.MaxBytesReader(q.Writer, q.Body, limit)
	err := q.ParseForm()
	if strings.HasPrefix(q.Header.Get("Content-Type"), "multipart/form-data") {
		err = errors.Join(err, q.ParseMultipartForm(limit))
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return cmp.Or(g.route.TooLarge, ErrFormTooLarge)
	}
	if refused, ok := errors.AsType[*account.Error](err); ok { // by package bodylimit
		return refused
	}
	if err != nil || !readable(q.PostForm) {
		return ErrFormUnreadable
	}
	if g.route.OwnFormToken {
		return nil
	}
	bound, ok := q.formBinding()
	if !ok || !q.HasFormToken(bound) {
		return errFormStale
	}
	return nil
}

// readable reports whether every name and value is text that the database can store:
// valid UTF-8 without NUL.
func readable(sent url.Values) bool {
	unreadable := func(text string) bool { return !utf8.ValidString(text) || strings.ContainsRune(text, 0) }
	for name, values := range sent {
		if unreadable(name) || slices.ContainsFunc(values, unreadable) {
			return false
		}
	}
	return true
}

// checkSameOrigin refuses a cross-site request. It checks the headers that browsers add:
// Sec-Fetch-Site, or else Origin. It fails with errCrossSite.
func checkSameOrigin(r *http.Request, public *url.URL) error {
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

// checkHost refuses a request for another host than that of the public URL. An attacker may have
// pointed such a name to this server (DNS rebinding). Without a public URL, or with a loopback one,
// every host is accepted; loopback names always are. The port doesn't matter, since proxies change
// it. checkHost fails with errUnknownHost.
func checkHost(r *http.Request, public *url.URL) error {
	if public == nil || host.IsLoopback(public.Hostname()) || sentToLoopback(r) {
		return nil
	}
	if !host.IsSame(requestedHost(r), public.Hostname()) {
		return errUnknownHost
	}
	return nil
}

// sentToLoopback reports whether the Host header names the loopback interface. The browser then
// runs on this machine or uses a tunnel, so the connection needs no TLS.
func sentToLoopback(r *http.Request) bool { return host.IsLoopback(requestedHost(r)) }

// requestedHost returns the name or the address in the Host header, without a port and brackets.
func requestedHost(r *http.Request) string {
	name, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		name = r.Host
	}
	return strings.Trim(name, "[]")
}

// origin returns the origin of u as browsers write it: in lower case, and without the
// default port of its scheme (RFC 6454, section 6.2).
func origin(u *url.URL) string {
	port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	return (&url.URL{Scheme: u.Scheme, Host: strings.TrimSuffix(strings.ToLower(u.Host), port)}).String()
}
