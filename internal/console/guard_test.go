package console_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// under is the same site, reached at an address.
func (s *site) under(public string) *site {
	moved := *s
	moved.handler = console.New(console.Options{
		Accounts: s.Service, Recovery: s.Service,
		ClientNetwork: func(*http.Request) string { return "192.0.2.7" },
		PublicURL:     func(context.Context) (*url.URL, error) { return url.Parse(public) },
		Logger:        slog.New(slog.DiscardHandler),
	})
	return &moved
}

// The cookie of a session is for this host alone, by HTTPS alone, and out of the reach
// of scripts and of other sites, by whatever name a proxy asks for it.
func TestSessionCookie(t *testing.T) {
	s := newSite(t)
	const secure = "; Path=/; HttpOnly; Secure; SameSite=Lax"
	tests := []struct{ public, host, cookie, rest string }{
		{"https://accounts.example.org", "accounts.example.org", "__Host-usher=usc_", secure},
		{"https://accounts.example.org", "127.0.0.1:8080", "__Host-usher=usc_", secure},
		{"http://127.0.0.1:8080", "127.0.0.1:8080", "usher-dev=usc_", "; Path=/; HttpOnly; SameSite=Lax"},
	}
	for _, test := range tests {
		b := s.under(test.public).visitor()
		page := httptest.NewRequest("GET", "/sign-in", nil)
		page.Host = test.host
		b.do(page)
		form := url.Values{"email": {adminEmail}, "password": {password}, "formToken": {b.formToken}}
		r := httptest.NewRequest("POST", "/sign-in", strings.NewReader(form.Encode()))
		r.Host = test.host
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		in := b.do(r)
		if got := in.Header.Get("Set-Cookie"); !strings.HasPrefix(got, test.cookie) || !strings.HasSuffix(got, test.rest) {
			t.Errorf("%s: cookie %q", test.host, got)
		}
	}
}

// A cookie that anybody on the way could have set does not count where there is HTTPS.
func TestCookieOfPlainHTTPIsNotTaken(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	moved := s.under("https://accounts.example.org").visitor()
	moved.cookies = b.cookies
	if a := moved.get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("status %d", a.StatusCode)
	}
}

// Every form needs the token of its session, and none is taken from another site.
func TestEveryFormIsGuarded(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	admin, ada := s.as(adminEmail), s.as("ada@example.org")
	open, closed := console.Patterns()
	for _, pattern := range append(open, closed...) {
		method, path, _ := strings.Cut(pattern, " ")
		if method != http.MethodPost || path == "/reset-password" { // that one is bound to its link: TestRefusedRequests
			continue
		}
		path = strings.NewReplacer("{id}", "1").Replace(path)
		for name, form := range map[string]url.Values{"no token": {"formToken": {""}}, "token of another session": {"formToken": {ada.formToken}}} {
			if a := admin.post(path, form); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "Open the page again") {
				t.Errorf("POST %s with %s: %d\n%s", path, name, a.StatusCode, a.body)
			}
		}
		r := httptest.NewRequest(method, path, strings.NewReader(url.Values{"formToken": {admin.formToken}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if a := admin.do(r); a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "another site") {
			t.Errorf("POST %s from another site: %d", path, a.StatusCode)
		}
	}
}

// The token of a session of the API, and an API key, are of no use in a cookie.
func TestCookieTakesNoOtherToken(t *testing.T) {
	s := newSite(t)
	in, err := s.SignIn(t.Context(), adminEmail, secret.New(password), account.Origin{ClientNetwork: "192.0.2.8"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.RenewContractKey(t.Context(), s.principal(adminEmail))
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]secret.Text{"session of the API": in.Token, "API key": key} {
		b := s.visitor()
		b.cookies["usher-dev"] = token.Reveal()
		if a := b.get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
}

// Who must choose another password sees nothing else before.
func TestPasswordFirst(t *testing.T) {
	s := newSite(t)
	ada := s.user("ada@example.org")
	reset := secret.New(password + "!")
	if _, err := s.UpdateUser(t.Context(), s.principal(adminEmail), ada.ID, account.UserUpdate{Password: &reset}); err != nil {
		t.Fatal(err)
	}
	b := s.visitor()
	b.get("/sign-in")
	in := b.post("/sign-in", url.Values{"email": {"ada@example.org"}, "password": {reset.Reveal()}})
	if to := in.Header.Get("Location"); to != "/profile/password" {
		t.Errorf("the sign-in leads to %q", to)
	}
	_, closed := console.Patterns()
	for _, pattern := range closed {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{id}", "1", "{$}", "").Replace(path)
		if path == "/profile/password" || path == "/sign-out" {
			continue
		}
		a := b.get(path)
		if method == http.MethodPost {
			a = b.post(path, nil)
		}
		if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/profile/password" {
			t.Errorf("%s: %d to %q", pattern, a.StatusCode, a.Header.Get("Location"))
		}
	}
}

// Other sites cannot renew the cookie that a visitor's sign-in form is bound to.
func TestCrossSiteRequestSetsNoCookie(t *testing.T) {
	b := newSite(t).visitor()
	r := httptest.NewRequest("POST", "/sign-in", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	a := b.do(r)
	a.want(t, http.StatusForbidden)
	if got := a.Header.Get("Set-Cookie"); got != "" {
		t.Errorf("it sets %q", got)
	}
}

// Of several tabs that were opened at once the last has the cookie. The others show the
// form anew instead of a dead end.
func TestStaleSignInFormIsShownAnew(t *testing.T) {
	s := newSite(t)
	b := s.visitor()
	b.get("/sign-in")
	stale := b.formToken
	clear(b.cookies)
	b.get("/sign-in")
	b.follow("/sign-in", url.Values{"email": {adminEmail}, "password": {password}, "formToken": {stale}}).want(t, 200, "out of date")
}

// A form cookie that no page of ours has set does not keep anybody from signing in.
func TestOddFormCookie(t *testing.T) {
	s := newSite(t)
	b := s.visitor()
	b.cookies["usher-dev-form"] = "a b"
	page := b.get("/sign-in")
	if tokens := formTokenField.FindAllStringSubmatch(page.body, -1); len(tokens) < 2 || tokens[0][1] != tokens[1][1] {
		t.Errorf("the forms of one page carry %q", tokens)
	}
	if in := b.post("/sign-in", url.Values{"email": {adminEmail}, "password": {password}}); in.StatusCode != http.StatusSeeOther || b.cookies["usher-dev"] == "" {
		t.Errorf("status %d", in.StatusCode)
	}
}

// Who signs in once more leaves no session behind that nobody would end.
func TestSignInAgain(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	former := b.cookies["usher-dev"]
	b.post("/sign-in", url.Values{"email": {adminEmail}, "password": {password}})
	old := s.visitor()
	old.cookies["usher-dev"] = former
	if a := old.get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the former session goes on: %d", a.StatusCode)
	}
}

// A query that no database takes is refused on every page, before a rule is asked.
func TestUnreadableQueryIsRefused(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	for _, path := range []string{"/users", "/activity", "/activity/export", "/roles", "/settings", "/sign-in", "/users/2"} {
		for _, query := range []string{"action=%00", "targetKind=%ff", "%00=x", "search=a&search=%fe"} {
			b.get(path+"?"+query).want(t, 400, "This could not be understood")
		}
	}
	b.post("/profile?%ff", nil).want(t, 400)
	b.get("/activity?action=%C3%A9").want(t, 200)
}
