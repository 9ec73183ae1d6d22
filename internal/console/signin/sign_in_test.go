package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

func TestSignIn(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	tests := []struct {
		name   string
		form   url.Values
		status int
		says   string
	}{
		{"wrong password", url.Values{
			"email": {"ada@example.org"}, "password": {"Wrong-Horse-77"},
		}, 401, "do not match"},
		{"nobody", url.Values{"email": {"bob@example.org"}, "password": {consoletest.Password}}, 401, "do not match"},
		{"no address", url.Values{"password": {consoletest.Password}}, 401, "do not match"},
		{"no password", url.Values{"email": {"ada@example.org"}}, 401, "do not match"},
		{"form of another visitor", url.Values{
			"email": {"ada@example.org"}, "password": {consoletest.Password}, "formToken": {"x"},
		}, 303, ""},
		{"not text", url.Values{
			"email": {"ada\x00@example.org"}, "password": {consoletest.Password},
		}, 400, "could not be read"},
		{"right", url.Values{"email": {" Ada@example.org "}, "password": {consoletest.Password}}, 303, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := s.Visitor()
			b.Get("/sign-in").Want(t, 200, `autocomplete="username"`, `autocomplete="current-password"`)
			a := b.Post("/sign-in", test.form)
			a.Want(t, test.status, test.says)
			if strings.Contains(a.Body, consoletest.Password) {
				t.Error("the page shows the password")
			}
			if _, in := b.Cookies["usher-dev"]; in != (test.name == "right") {
				t.Errorf("signed in: %t", in)
			}
		})
	}
}

// TestRedirectAfterSignIn checks that a sign-in leads back to the page that was requested, but
// never to another site.
func TestRedirectAfterSignIn(t *testing.T) {
	s := consoletest.New(t)
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
		b := s.Visitor()
		b.Get("/sign-in")
		got := b.Post("/sign-in", url.Values{
			"email": {consoletest.AdminEmail}, "password": {consoletest.Password}, "next": {next},
		}).Header.Get("Location")
		if plain, _ := url.PathUnescape(got); plain != want {
			t.Errorf("%q redirects to %q, want %q", next, got, want)
		}
	}
	got := s.Visitor().Get("/profile/sessions?x=1").Header.Get("Location")
	if got != "/sign-in?next=%2Fprofile%2Fsessions%3Fx%3D1" {
		t.Errorf("a page requested without a session redirects to %q", got)
	}
}

func TestSignOut(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	token := b.Cookies["usher-dev"]
	out := b.Post("/sign-out", nil)
	if got := out.Header.Get("Clear-Site-Data"); out.StatusCode != http.StatusSeeOther || got != `"cache", "storage"` {
		t.Errorf("signing out: %d, Clear-Site-Data is %q", out.StatusCode, got)
	}
	b.Get(out.Header.Get("Location")).Want(t, 200, "You are signed out.")
	if b.Cookies["usher-dev"] != "" {
		t.Error("the cookie is still set")
	}
	b.Cookies["usher-dev"] = token
	if a := b.Get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the session is still valid: %d", a.StatusCode)
	}
}

// TestIdleSessionEnds checks that a session ends when it is idle for too long. A form that is sent
// afterwards changes nothing.
func TestIdleSessionEnds(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	s.Clock.Advance(13 * time.Hour)
	if a := b.Post("/profile/sessions/end-others", nil); a.Header.Get("Location") != "/sign-in" {
		t.Errorf("status %d to %q", a.StatusCode, a.Header.Get("Location"))
	}
}
