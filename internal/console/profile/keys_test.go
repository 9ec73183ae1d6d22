package profile_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

var shownKey = regexp.MustCompile(`<code class="once" id="once">([^<]+)</code>`)

// keyText returns the text of the API key that a page shows.
func keyText(t *testing.T, a consoletest.Answer) string {
	t.Helper()
	a.Want(t, 200)
	found := shownKey.FindStringSubmatch(a.Body)
	if found == nil {
		t.Fatalf("no key is shown:\n%s", a.Body)
	}
	return found[1]
}

// works fails the test unless authentication with the key succeeds (want is true) or fails (want is
// false).
func works(s *consoletest.Site, key string, want bool) {
	s.T.Helper()
	_, err := s.Authenticate(s.T.Context(), secret.New(key), account.Origin{ClientNetwork: "192.0.2.8"})
	if got := err == nil; got != want {
		s.T.Errorf("the key authenticates: %t (%v)", got, err)
	}
}

func TestNamedKeys(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	b := s.SignedInAs("ada@example.org")
	b.Get("/profile/keys").Want(t, 200, "You have no named key.", "Make a key", "Make a key of the contract")

	key := keyText(t, b.Post("/profile/keys", url.Values{
		"name": {"backup"}, "expiresInDays": {"30"}, "readOnly": {"yes"},
	}))
	works(s, key, true)
	view := b.Get("/profile/keys")
	view.Want(t, 200, "backup", "…"+key[len(key)-4:], "Reading only", "2027-03-31 09:00", "user:read")
	if strings.Contains(view.Body, key) {
		t.Error("the key is shown again")
	}
	unrestricted := keyText(t, b.Post("/profile/keys", url.Values{"name": {"<b>all</b>"}, "expiresInDays": {"0"}}))
	b.Get("/profile/keys").Want(t, 200, "&lt;b&gt;all&lt;/b&gt;", "All that you may", "2027-05-30 09:00")
	s.Clock.Advance(31 * 24 * time.Hour)
	works(s, key, false)
	b = s.SignedInAs("ada@example.org")
	b.Get("/profile/keys").Want(t, 200, "Ended")

	id := endLink.FindStringSubmatch(b.Get("/profile/keys").Body)[1]
	b.Get("/profile/keys/"+id+"/end").Want(t, 200, "will be refused at once", "Cancel")
	works(s, unrestricted, true)
	b.Follow("/profile/keys/"+id+"/end", nil).Want(t, 200, "The key has ended.")
	works(s, unrestricted, false)
}

var endLink = regexp.MustCompile(`href="/profile/keys/(\d+)/end"`)

func TestNamedKeysRefuse(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/profile/keys")
	b.Post("/profile/keys", url.Values{"name": {" "}, "expiresInDays": {"365"}, "readOnly": {"yes"}}).
		Want(t, 422, "Must not be empty or white space alone.", `<option value="365" selected>`, " checked")
	admin := s.Principal(consoletest.AdminEmail)
	for i := range apikey.MaxNamedKeys {
		_, _, err := s.CreateKey(t.Context(), admin, apikey.NewAPIKey{Name: fmt.Sprint("key ", i)})
		if err != nil {
			t.Fatal(err)
		}
	}
	b.Post("/profile/keys", url.Values{"name": {"one more"}, "expiresInDays": {"30"}}).Want(t, 409,
		"You have 50 named keys already. End one first.")
}

// TestKeysOfOthers checks that even an administrator reaches only their own keys through these
// pages.
func TestKeysOfOthers(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	_, key, err := s.CreateKey(t.Context(), s.Principal("ada@example.org"), apikey.NewAPIKey{Name: "hers"})
	if err != nil {
		t.Fatal(err)
	}
	b := s.SignedInAs(consoletest.AdminEmail)
	for _, id := range []string{fmt.Sprint(key.ID), "0", "x", "99999"} {
		b.Get("/profile/keys/"+id+"/end").Want(t, 404)
		b.Get("/profile/keys")
		b.Post("/profile/keys/"+id+"/end", nil).Want(t, 404)
	}
}

func TestContractKey(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	b := s.SignedInAs("ada@example.org")
	b.Post("/profile/keys/contract/show", nil).Want(t, 409, "You have no API key yet.")
	b.Get("/profile/keys").Want(t, 200, "You have none.")
	first := keyText(t, b.Post("/profile/keys/contract/renew", nil))
	works(s, first, true)
	view := b.Get("/profile/keys")
	view.Want(t, 200, "Show it", "…"+first[len(first)-4:])
	if strings.Contains(view.Body, first) {
		t.Error("the list shows the key")
	}
	if again := keyText(t, b.Post("/profile/keys/contract/show", nil)); again != first {
		t.Error("another key is shown")
	}
	if a := b.Get("/profile/keys/contract/show"); a.StatusCode != http.StatusNotFound {
		t.Errorf("GET shows the key: %d", a.StatusCode)
	}
	b.Get("/profile/keys/contract/renew").Want(t, 200, "There is one at a time")
	second := keyText(t, b.Post("/profile/keys/contract/renew", nil))
	works(s, first, false)
	works(s, second, true)
	id := endLink.FindStringSubmatch(b.Get("/profile/keys").Body)[1]
	b.Get("/profile/keys/"+id+"/end").Want(t, 200, "your key of the contract")
	b.Follow("/profile/keys/"+id+"/end", nil).Want(t, 200, "The key has ended.", "You have none.")
	works(s, second, false)
}

func TestKeysWithoutPermission(t *testing.T) {
	s := consoletest.New(t)
	s.AddPowerlessUser("ada@example.org")
	b := s.SignedInAs("ada@example.org")
	b.Get("/profile")
	view := b.Get("/profile/keys")
	view.Want(t, 200, "Your roles do not let you have API keys.")
	if strings.Contains(view.Body, "/contract/") {
		t.Errorf("buttons whose use is refused:\n%s", view.Body)
	}
	b.Get("/profile")
	for _, path := range []string{
		"/profile/keys", "/profile/keys/1/end", "/profile/keys/contract/show", "/profile/keys/contract/renew",
	} {
		b.Post(path, url.Values{"name": {"x"}}).Want(t, 403)
		b.Get("/profile")
	}
}
