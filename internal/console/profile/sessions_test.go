package profile_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

func TestSessions(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	b, other := s.SignedInAs("ada@example.org"), s.SignedInAs("ada@example.org")
	admin := s.SignedInAs(consoletest.AdminEmail)
	phone := s.Visitor()
	phone.Header = http.Header{"User-Agent": {`Mozilla/5.0 (X11; Linux x86_64) "Firefox/140.0`}}
	phone.Get("/sign-in")
	phone.Post("/sign-in", url.Values{"email": {"ada@example.org"}, "password": {consoletest.Password}})
	phone.Get("/profile/sessions").Want(t, 200,
		`title="Mozilla/5.0 (X11; Linux x86_64) &#34;Firefox/140.0">Firefox on Linux<`)
	b.Get("/profile/sessions").Want(t, 200, "This one")
	b.Follow("/profile/sessions/end-others", nil).Want(t, 200, "All other sessions have ended.")
	if a := other.Get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the other session is still valid: %d", a.StatusCode)
	}
	for _, id := range []string{"1", "0", "x", "99999999999999999999"} {
		b.Post("/profile/sessions/"+id+"/end", nil).Want(t, 404, "There is nothing here")
	}
	admin.Get("/profile/sessions").Want(t, 200)
}
