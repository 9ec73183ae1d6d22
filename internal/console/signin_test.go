package console_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/console"
)

func TestSignIn(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	tests := []struct {
		name   string
		form   url.Values
		status int
		says   string
	}{
		{"wrong password", url.Values{"email": {"ada@example.org"}, "password": {"Wrong-Horse-77"}}, 401, "do not match"},
		{"nobody", url.Values{"email": {"bob@example.org"}, "password": {password}}, 401, "do not match"},
		{"no address", url.Values{"password": {password}}, 401, "do not match"},
		{"no password", url.Values{"email": {"ada@example.org"}}, 401, "do not match"},
		{"form of another visitor", url.Values{"email": {"ada@example.org"}, "password": {password}, "formToken": {"x"}}, 303, ""},
		{"not text", url.Values{"email": {"ada\x00@example.org"}, "password": {password}}, 400, "could not be read"},
		{"right", url.Values{"email": {" Ada@example.org "}, "password": {password}}, 303, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := s.visitor()
			b.get("/sign-in").want(t, 200, `autocomplete="username"`, `autocomplete="current-password"`)
			a := b.post("/sign-in", test.form)
			a.want(t, test.status, test.says)
			if strings.Contains(a.body, password) {
				t.Error("the page shows the password")
			}
			if _, in := b.cookies["usher-dev"]; in != (test.name == "right") {
				t.Errorf("signed in: %t", in)
			}
		})
	}
}

// The page that was asked for comes after signing in, and never one elsewhere.
func TestNextPage(t *testing.T) {
	s := newSite(t)
	for next, want := range map[string]string{
		"/profile/sessions":      "/profile/sessions",
		"/users?role=1&search=é": "/users?role=1&search=é",
		"":                       "/",
		"//evil.example":         "/",
		`/\evil.example`:         "/",
		"https://evil.example/":  "/",
		"javascript:alert(1)":    "/",
		"/\t/evil.example":       "/",
		"profile":                "/",
	} {
		b := s.visitor()
		b.get("/sign-in")
		got := b.post("/sign-in", url.Values{"email": {adminEmail}, "password": {password}, "next": {next}}).Header.Get("Location")
		if plain, _ := url.PathUnescape(got); plain != want {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
	if got := s.visitor().get("/profile/sessions?x=1").Header.Get("Location"); got != "/sign-in?next=%2Fprofile%2Fsessions%3Fx%3D1" {
		t.Errorf("a page asked for by nobody leads to %q", got)
	}
}

// Without a session there is nothing but the pages that are open to everybody, and
// these are known.
func TestNothingIsOpen(t *testing.T) {
	open, closed := console.Patterns()
	wanted := []string{"GET /reset-password", "POST /reset-password", "GET /sign-in", "POST /sign-in", "POST /look",
		"GET /forgotten-password", "POST /forgotten-password", "GET /forgotten-password/sent"}
	if slices.Sort(open); !slices.Equal(open, slices.Sorted(slices.Values(wanted))) {
		t.Errorf("open to everybody: %q", open)
	}
	b := newSite(t).visitor()
	b.get("/sign-in")
	for _, pattern := range closed {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{id}", "1", "{session}", "1", "{key}", "1", "{$}", "").Replace(path)
		a := b.get(path)
		if method == http.MethodPost {
			a = b.post(path, nil)
		}
		if signIn := strings.HasPrefix(a.Header.Get("Location"), "/sign-in"); a.StatusCode != 303 || !signIn {
			t.Errorf("%s: %d\n%s", pattern, a.StatusCode, a.body)
		}
	}
}

func TestSignOut(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	token := b.cookies["usher-dev"]
	b.follow("/sign-out", nil).want(t, 200, "You are signed out.")
	if b.cookies["usher-dev"] != "" {
		t.Error("the cookie stays")
	}
	b.cookies["usher-dev"] = token
	if a := b.get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the session goes on: %d", a.StatusCode)
	}
}

// A session ends when it was idle for too long, and a form that is sent then changes
// nothing.
func TestSessionIsOver(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	s.clock.advance(13 * time.Hour)
	if a := b.post("/profile/sessions/end-others", nil); a.Header.Get("Location") != "/sign-in" {
		t.Errorf("status %d to %q", a.StatusCode, a.Header.Get("Location"))
	}
}

func TestSessions(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	b, other, admin := s.as("ada@example.org"), s.as("ada@example.org"), s.as(adminEmail)
	phone := s.visitor()
	phone.agent = http.Header{"User-Agent": {`Mozilla/5.0 (X11; Linux x86_64) "Firefox/140.0`}}
	phone.get("/sign-in")
	phone.post("/sign-in", url.Values{"email": {"ada@example.org"}, "password": {password}})
	phone.get("/profile/sessions").want(t, 200, `title="Mozilla/5.0 (X11; Linux x86_64) &#34;Firefox/140.0">Firefox on Linux<`)
	b.get("/profile/sessions").want(t, 200, "This one")
	b.follow("/profile/sessions/end-others", nil).want(t, 200, "All other sessions have ended.")
	if a := other.get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the other session goes on: %d", a.StatusCode)
	}
	for _, id := range []string{"1", "0", "x", "99999999999999999999"} {
		b.post("/profile/sessions/"+id+"/end", nil).want(t, 404, "There is nothing here")
	}
	admin.get("/profile/sessions").want(t, 200)
}

// Language, theme and zone are kept in the browser, and anything else is not taken.
func TestLook(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	b.follow("/look", url.Values{"language": {"fr"}, "theme": {"dark"}, "back": {"/profile/sessions"}}).
		want(t, 200, `lang="fr" data-theme="dark"`, "Se déconnecter")
	b.follow("/look", url.Values{"theme": {`"><script>`}, "back": {"//evil.example"}})
	b.get("/profile/sessions").want(t, 200, `data-theme="dark"`, "Se déconnecter")
}

// A zone is a place of the IANA database, and nothing else that there is beside it. Over
// HTTPS the cookie of HTTPS counts.
func TestZone(t *testing.T) {
	s := newSite(t)
	for zone, want := range map[string]string{
		"Europe/Paris":         "10:00:00 CET",
		"America/Indiana/Knox": "03:00:00 CST",
		"UTC":                  "09:00:00 UTC",
		"right/Europe/Paris":   "09:00:00 UTC",
		"localtime":            "09:00:00 UTC",
		"../../etc/passwd":     "09:00:00 UTC",
		"Europe/Nowhere":       "09:00:00 UTC",
		"Local":                "09:00:00 UTC",
	} {
		b := s.visitor()
		b.get("/sign-in")
		b.post("/sign-in", url.Values{"email": {adminEmail}, "password": {password}, "zone": {zone}})
		if kept, ok := b.cookies["usher-dev-look"]; ok { // and one that was set before there was HTTPS
			b.cookies["__Host-usher-look"], b.cookies["usher-dev-look"] = kept, "zone=Asia/Tokyo"
		}
		if page := b.get("/profile/sessions"); !strings.Contains(page.body, want) {
			t.Errorf("%s: no %q on\n%s", zone, want, page.body)
		}
	}
}
