package console_test

import (
	"net/url"
	"strings"
	"testing"
)

// Nobody learns here who has an account: every address that is one is answered alike.
func TestForgottenPassword(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	signedIn := s.as("ada@example.org")
	for _, b := range []*browser{s.visitor(), signedIn} {
		b.get("/forgotten-password").want(t, 200, "Forgotten password", `autocomplete="username"`)
		var pages []string
		for _, email := range []string{"ada@example.org", "nobody@example.org", " Ada@Example.org "} {
			b.get("/forgotten-password")
			a := b.post("/forgotten-password", url.Values{"email": {email}})
			a.want(t, 303)
			if strings.Contains(a.body+a.Header.Get("Location"), "@") {
				t.Errorf("the answer names the address: %v", a.Header)
			}
			page := b.get(a.Header.Get("Location"))
			page.want(t, 200, "If there is an account with the address", "No message after a few minutes?")
			pages = append(pages, page.body)
		}
		if pages[0] != pages[1] || pages[0] != pages[2] {
			t.Errorf("the pages differ:\n%s\n%s", pages[0], pages[1])
		}
	}
	mails := must(s.ListMail(t.Context(), s.principal(adminEmail)))
	if len(mails) != 6 {
		t.Errorf("%d messages were asked for", len(mails))
	}
}

func TestForgottenPasswordRefuses(t *testing.T) {
	s := newSite(t)
	b := s.visitor()
	b.get("/forgotten-password").want(t, 200, `href="/sign-in"`)
	for _, email := range []string{"", "ada", "ada@", "a b@example.org"} {
		b.post("/forgotten-password", url.Values{"email": {email}}).want(t, 422, "Must be an e-mail address.", `id="email-fault"`)
	}
	b.post("/forgotten-password", url.Values{"email": {"ada@example.org"}, "formToken": {"x"}}).want(t, 403)
	for range 20 {
		b.post("/forgotten-password", url.Values{"email": {"ada@example.org"}}).want(t, 303)
	}
	b.get("/forgotten-password")
	a := b.post("/forgotten-password", url.Values{"email": {"ada@example.org"}})
	a.want(t, 429, "Too many attempts. Wait before you try again. Try again in 60 minutes.", `value="ada@example.org"`)
	if a.Header.Get("Retry-After") != "3600" {
		t.Errorf("Retry-After: %q", a.Header.Get("Retry-After"))
	}
}
