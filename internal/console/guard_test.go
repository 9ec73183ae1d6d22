package console_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// under returns the same site, reached at another public URL.
func under(s *consoletest.Site, public string) *consoletest.Site {
	moved := *s
	moved.Host = strings.TrimPrefix(strings.TrimPrefix(public, "https://"), "http://")
	moved.Handler = console.New(console.Options{
		Accounts: s.Service, Recovery: s.Service,
		ClientNetwork: func(*http.Request) string { return "192.0.2.7" },
		PublicURL:     func(context.Context) (*url.URL, error) { return url.Parse(public) },
		Logger:        slog.New(slog.DiscardHandler),
	})
	return &moved
}

// TestSessionCookie checks the prefix __Host- and the attributes of the session cookie. They depend
// on the public URL alone, since a proxy may send any Host header.
func TestSessionCookie(t *testing.T) {
	s := consoletest.New(t)
	const secure = "; Path=/; HttpOnly; Secure; SameSite=Lax"
	tests := []struct{ public, host, cookie, rest string }{
		{"https://accounts.example.org", "accounts.example.org", "__Host-usher=usc_", secure},
		{"https://accounts.example.org", "127.0.0.1:8080", "__Host-usher=usc_", secure},
		{"http://127.0.0.1:8080", "127.0.0.1:8080", "usher-dev=usc_", "; Path=/; HttpOnly; SameSite=Lax"},
	}
	for _, test := range tests {
		b := under(s, test.public).Visitor()
		view := httptest.NewRequest("GET", "/sign-in", nil)
		view.Host = test.host
		b.Do(view)
		form := url.Values{
			"email": {consoletest.AdminEmail}, "password": {consoletest.Password}, "formToken": {b.FormToken},
		}
		r := httptest.NewRequest("POST", "/sign-in", strings.NewReader(form.Encode()))
		r.Host = test.host
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		in := b.Do(r)
		if got := in.Header.Get("Set-Cookie"); !strings.HasPrefix(got, test.cookie) || !strings.HasSuffix(got,
			test.rest) {
			t.Errorf("%s: cookie %q", test.host, got)
		}
	}
}

// TestUnknownHost checks which names of the console are answered. With a public URL, that is its
// name, and loopback names for an administrator on the machine itself.
func TestUnknownHost(t *testing.T) {
	s := consoletest.New(t)
	tests := []struct {
		public, host string
		refused      bool
	}{
		{"https://accounts.example.org", "accounts.example.org", false},
		{"https://accounts.example.org", "ACCOUNTS.example.org.", false},
		{"https://accounts.example.org", "accounts.example.org:443", false},
		{"https://accounts.example.org:8443", "accounts.example.org", false},
		{"https://bücher.example", "xn--bcher-kva.example", false},
		{"https://accounts.example.org", "localhost:8080", false},
		{"https://accounts.example.org", "127.0.0.1", false},
		{"https://accounts.example.org", "[::1]:8080", false},
		{"http://[2001:db8::1]:8080", "[2001:DB8::1]", false},
		{"http://127.0.0.1:8080", "evil.example", false},

		{"https://accounts.example.org", "evil.example", true},
		{"https://accounts.example.org", "accounts.example.org.evil.example", true},
		{"https://accounts.example.org", "example.org", true},
		{"https://accounts.example.org", "192.0.2.1:8080", true},
		{"https://accounts.example.org", "localhost.evil.example", true},
		{"https://accounts.example.org", "", true},
		{"http://accounts.example.org", "evil.example", true},
		{"http://192.0.2.1:8080", "192.0.2.2:8080", true},
	}
	for _, test := range tests {
		moved := under(s, test.public)
		for _, request := range []struct {
			method, path string
			status       int
		}{
			{"GET", "/sign-in", 200}, {"HEAD", "/sign-in", 200}, {"GET", "/", 303}, {"POST", "/sign-in", 403},
			{"GET", "/nowhere", 404}, {"GET", "/reset-password?token=usr_x", 303},
		} {
			r := httptest.NewRequest(request.method, request.path, nil)
			r.Host = test.host
			want := request.status
			if test.refused {
				want = http.StatusMisdirectedRequest
			}
			r.Header.Set("Sec-Fetch-Site", "cross-site") // refuses the POST where the host is not refused
			a := moved.Visitor().Do(r)
			if a.StatusCode != want {
				t.Errorf("%s %s of %q at %q: %d, want %d", request.method, request.path, test.host, test.public, a.StatusCode, want)
			}
			if test.refused && (len(a.Cookies()) > 0 || strings.Contains(a.Body, "accounts.example.org")) {
				t.Errorf("%q: cookies %v and the page\n%s", test.host, a.Cookies(), a.Body)
			}
		}
	}
	s.Visitor().Get("/sign-in").Want(t, 200) // the public URL is not known, and the host is example.com
}

// TestHeadChangesNothing sends HEAD to each page, as programs do that look at a link. Nothing is
// stored in the database or in the browser: no recovery token becomes a cookie, and a text that is
// shown once remains.
func TestHeadChangesNothing(t *testing.T) {
	var commits atomic.Int64
	s := consoletest.New(t, func(o *service.Options) {
		store := *o.Store
		store.Transactor = countingTransactor{o.Store.Transactor, &commits}
		o.Store = &store
	})
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Cookies["usher-dev-flash"] = "Saved."
	open, closed := console.Patterns()
	before := commits.Load()
	for _, pattern := range append(open, closed...) {
		path, ok := strings.CutPrefix(pattern, "GET ")
		if !ok {
			continue
		}
		path = strings.NewReplacer("{id}", "1", "{key}", "1", "{$}", "").Replace(path)
		for _, browser := range []*consoletest.Browser{b, s.Visitor()} {
			a := browser.Do(httptest.NewRequest("HEAD", path+"?token=usr_x", nil))
			if len(a.Cookies()) > 0 {
				t.Errorf("HEAD %s sets %v", path, a.Cookies())
			}
		}
		if commits.Load() != before {
			t.Fatalf("HEAD %s has written", path)
		}
	}
	b.Get("/profile").Want(t, 200, "Saved.")
}

// TestRefusedPagesAreCounted checks that pages which the caller may not see are counted in the
// activity log, and refused forms and missing pages are not.
func TestRefusedPagesAreCounted(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	b := s.SignedInAs("ada@example.org")
	for _, path := range []string{"/overview", "/roles/1", "/mail", "/settings/mail"} {
		b.Get(path).Want(t, 403)
	}
	b.Get("/users/1").Want(t, 404) // hidden
	b.Get("/nowhere").Want(t, 404)
	b.Post("/users/new", nil).Want(t, 403)
	s.SignedInAs(consoletest.AdminEmail).Get("/users/999").Want(t, 404)
	s.Clock.Advance(time.Minute)
	if err := s.SealActivity(t.Context()); err != nil {
		t.Fatal(err)
	}
	admin := s.SignedInAs(consoletest.AdminEmail)
	admin.Get("/activity?action=read.refuse").Want(t, 200, "Was refused to read without the permission", "ada@example.org",
		"5 times")
}

// countingTransactor counts commits.
type countingTransactor struct {
	account.Transactor
	commits *atomic.Int64
}

func (c countingTransactor) Write(ctx context.Context, f func(context.Context, *account.Tx) error) error {
	err := c.Transactor.Write(ctx, f)
	if err == nil {
		c.commits.Add(1)
	}
	return err
}

// TestInsecureCookieIsRefused checks that a session cookie set over plain HTTP doesn't authenticate
// over HTTPS.
func TestInsecureCookieIsRefused(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	moved := under(s, "https://accounts.example.org").Visitor()
	moved.Cookies = b.Cookies
	if a := moved.Get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("status %d", a.StatusCode)
	}
}

// TestEveryFormNeedsToken posts every form without a CSRF token, with the token of another session,
// and from another site. All are refused.
func TestEveryFormNeedsToken(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	admin, ada := s.SignedInAs(consoletest.AdminEmail), s.SignedInAs("ada@example.org")
	open, closed := console.Patterns()
	for _, pattern := range append(open, closed...) {
		method, path, _ := strings.Cut(pattern, " ")
		// The form for a new password is bound to the recovery link instead; see
		// TestRefusedRequests.
		if method != http.MethodPost || path == "/reset-password" {
			continue
		}
		path = strings.NewReplacer("{id}", "1").Replace(path)
		for name, form := range map[string]url.Values{
			"no token": {"formToken": {""}}, "token of another session": {"formToken": {ada.FormToken}},
		} {
			if a := admin.Post(path, form); a.StatusCode != http.StatusForbidden || !strings.Contains(a.Body,
				"Open the page again") {
				t.Errorf("POST %s with %s: %d\n%s", path, name, a.StatusCode, a.Body)
			}
		}
		r := httptest.NewRequest(method, path, strings.NewReader(url.Values{"formToken": {admin.FormToken}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if a := admin.Do(r); a.StatusCode != http.StatusForbidden || !strings.Contains(a.Body, "another site") {
			t.Errorf("POST %s from another site: %d", path, a.StatusCode)
		}
	}
}

// TestCookieRefusesOtherTokens checks that neither a session token of the API nor an API key
// authenticates as a cookie.
func TestCookieRefusesOtherTokens(t *testing.T) {
	s := consoletest.New(t)
	in, err := s.SignIn(t.Context(), consoletest.AdminEmail, secret.New(consoletest.Password),
		account.Origin{ClientNetwork: "192.0.2.8"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.RenewContractKey(t.Context(), s.Principal(consoletest.AdminEmail))
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]secret.Text{"session of the API": in.Token, "API key": key} {
		b := s.Visitor()
		b.Cookies["usher-dev"] = token.Reveal()
		if a := b.Get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
}

// TestPasswordFirst checks that a user who must choose a new password reaches no other page until
// then.
func TestPasswordFirst(t *testing.T) {
	s := consoletest.New(t)
	ada := s.AddUser("ada@example.org")
	reset := secret.New(consoletest.Password + "!")
	if _, err := s.UpdateUser(t.Context(), s.Principal(consoletest.AdminEmail), ada.ID,
		account.UserUpdate{Password: &reset}); err != nil {
		t.Fatal(err)
	}
	b := s.Visitor()
	b.Get("/sign-in")
	in := b.Post("/sign-in", url.Values{"email": {"ada@example.org"}, "password": {reset.Reveal()}})
	if to := in.Header.Get("Location"); to != "/profile/password" {
		t.Errorf("the sign-in redirects to %q", to)
	}
	_, closed := console.Patterns()
	for _, pattern := range closed {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{id}", "1", "{$}", "").Replace(path)
		if path == "/profile/password" || path == "/sign-out" {
			continue
		}
		a := b.Get(path)
		if method == http.MethodPost {
			a = b.Post(path, nil)
		}
		if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/profile/password" {
			t.Errorf("%s: %d to %q", pattern, a.StatusCode, a.Header.Get("Location"))
		}
	}
}

// TestCrossSiteRequestSetsNoCookie checks that another site can't replace the cookie that a
// visitor's sign-in form is bound to.
func TestCrossSiteRequestSetsNoCookie(t *testing.T) {
	b := consoletest.New(t).Visitor()
	r := httptest.NewRequest("POST", "/sign-in", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	a := b.Do(r)
	a.Want(t, http.StatusForbidden)
	if got := a.Header.Get("Set-Cookie"); got != "" {
		t.Errorf("the answer sets %q", got)
	}
}

// TestStaleSignInFormIsShownAgain opens the sign-in page in two tabs. The second page replaces the
// form cookie, so the form of the first no longer matches. The server shows that form again.
func TestStaleSignInFormIsShownAgain(t *testing.T) {
	s := consoletest.New(t)
	b := s.Visitor()
	b.Get("/sign-in")
	stale := b.FormToken
	clear(b.Cookies)
	b.Get("/sign-in")
	b.Follow("/sign-in", url.Values{
		"email": {consoletest.AdminEmail}, "password": {consoletest.Password}, "formToken": {stale},
	}).Want(t, 200, "out of date")
}

// TestInvalidFormCookie checks that a visitor whose form cookie is invalid can still sign in.
func TestInvalidFormCookie(t *testing.T) {
	s := consoletest.New(t)
	b := s.Visitor()
	b.Cookies["usher-dev-form"] = "a b"
	view := b.Get("/sign-in")
	if tokens := consoletest.FormTokenField.FindAllStringSubmatch(view.Body, -1); len(tokens) < 2 ||
		tokens[0][1] != tokens[1][1] {
		t.Errorf("the forms of one page carry %q", tokens)
	}
	if in := b.Post("/sign-in", url.Values{
		"email": {consoletest.AdminEmail}, "password": {consoletest.Password},
	}); in.StatusCode != http.StatusSeeOther || b.Cookies["usher-dev"] == "" {
		t.Errorf("status %d", in.StatusCode)
	}
}

// TestSignInEndsFormerSession signs in twice in one browser. The second sign-in ends the first
// session.
func TestSignInEndsFormerSession(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	former := b.Cookies["usher-dev"]
	b.Post("/sign-in", url.Values{"email": {consoletest.AdminEmail}, "password": {consoletest.Password}})
	old := s.Visitor()
	old.Cookies["usher-dev"] = former
	if a := old.Get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the former session is still valid: %d", a.StatusCode)
	}
}

// TestUnreadableQueryIsRefused checks that pages refuse a query that a database can't store:
// invalid UTF-8 or a NUL character.
func TestUnreadableQueryIsRefused(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	for _, path := range []string{
		"/users", "/activity", "/activity/export", "/roles", "/settings", "/sign-in", "/users/2",
	} {
		for _, query := range []string{"action=%00", "targetKind=%ff", "%00=x", "search=a&search=%fe"} {
			b.Get(path+"?"+query).Want(t, 400, "This could not be understood")
		}
	}
	b.Post("/profile?%ff", nil).Want(t, 400)
	b.Get("/activity?action=%C3%A9").Want(t, 200)
}

// TestOpenPages checks that visitors reach exactly the pages in wanted.
func TestOpenPages(t *testing.T) {
	open, closed := console.Patterns()
	wanted := []string{"GET /reset-password", "POST /reset-password", "GET /sign-in", "POST /sign-in", "POST /look",
		"GET /forgotten-password", "POST /forgotten-password", "GET /forgotten-password/sent"}
	if slices.Sort(open); !slices.Equal(open, slices.Sorted(slices.Values(wanted))) {
		t.Errorf("open to visitors: %q", open)
	}
	b := consoletest.New(t).Visitor()
	b.Get("/sign-in")
	for _, pattern := range closed {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{id}", "1", "{session}", "1", "{key}", "1", "{$}", "").Replace(path)
		a := b.Get(path)
		if method == http.MethodPost {
			a = b.Post(path, nil)
		}
		if signIn := strings.HasPrefix(a.Header.Get("Location"), "/sign-in"); a.StatusCode != 303 || !signIn {
			t.Errorf("%s: %d\n%s", pattern, a.StatusCode, a.Body)
		}
	}
}

// TestFormLimits checks the size limits of forms: 16 KiB for a visitor and 64 KiB for a user. It lists the forms that
// may be larger, all of which need a permission before they are read.
func TestFormLimits(t *testing.T) {
	limits, unguarded := console.LargeForms()
	wanted := map[string]int64{ // in KiB
		"POST /profile":                128, // with the original values
		"POST /profile/picture":        10<<10 + 64,
		"POST /roles/{id}":             128,
		"POST /roles/{id}/permissions": 512,
		"POST /settings/directory":     192,
		"POST /settings/mail":          192,
		"POST /settings/saml":          192,
		"POST /users/import":           10<<10 + 64,
		"POST /users/{id}":             128,
	}
	for pattern, limit := range limits {
		if wanted[pattern] != limit>>10 {
			t.Errorf("%s accepts %d KiB, want %d", pattern, limit>>10, wanted[pattern])
		}
		delete(wanted, pattern)
	}
	if len(wanted) > 0 || len(unguarded) > 0 {
		t.Errorf("not large: %v; without a permission: %v", wanted, unguarded)
	}

	s := consoletest.New(t)
	admin := s.SignedInAs(consoletest.AdminEmail)
	open, closed := console.Patterns()
	check := func(b *consoletest.Browser, pattern string, limit int) {
		method, path, _ := strings.Cut(pattern, " ")
		if method != http.MethodPost || limits[pattern] > 0 {
			return
		}
		for size, want := range map[int]bool{limit: false, limit + 1: true} {
			r := httptest.NewRequest(method, strings.NewReplacer("{id}", "1").Replace(path),
				strings.NewReader("x="+strings.Repeat("x", size-2)))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			if a := b.Do(r); (a.StatusCode == http.StatusRequestEntityTooLarge) != want {
				t.Errorf("%s with %d bytes: %d", pattern, size, a.StatusCode)
			}
		}
	}
	for _, pattern := range open {
		check(s.Visitor(), pattern, 16<<10)
	}
	for _, pattern := range closed {
		check(admin, pattern, 64<<10)
	}
}
