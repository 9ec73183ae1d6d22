package console_test

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
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

var shownKey = regexp.MustCompile(`<code class="once" id="once">([^<]+)</code>`)

// key returns the text of the key that a page shows.
func (a answer) key(t *testing.T) string {
	t.Helper()
	a.want(t, 200)
	found := shownKey.FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("no key is shown:\n%s", a.body)
	}
	return found[1]
}

// works fails the test unless the key lets its owner in, or does not.
func (s *site) works(key string, want bool) {
	s.t.Helper()
	_, err := s.Authenticate(s.t.Context(), secret.New(key), account.Origin{ClientNetwork: "192.0.2.8"})
	if got := err == nil; got != want {
		s.t.Errorf("the key lets in: %t (%v)", got, err)
	}
}

func TestNamedKeys(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	b := s.as("ada@example.org")
	b.get("/profile/keys").want(t, 200, "You have no named key.", "Make a key", "Make a key of the contract")

	key := b.post("/profile/keys", url.Values{"name": {"backup"}, "expiresInDays": {"30"}, "readOnly": {"yes"}}).key(t)
	s.works(key, true)
	page := b.get("/profile/keys")
	page.want(t, 200, "backup", "…"+key[len(key)-4:], "Reading only", "2027-03-31 09:00", "user:read")
	if strings.Contains(page.body, key) {
		t.Error("the key is shown again")
	}
	whole := b.post("/profile/keys", url.Values{"name": {"<b>all</b>"}, "expiresInDays": {"0"}}).key(t)
	b.get("/profile/keys").want(t, 200, "&lt;b&gt;all&lt;/b&gt;", "All that you may", "2027-05-30 09:00") // 90 days
	s.clock.advance(31 * 24 * time.Hour)
	s.works(key, false)
	b = s.as("ada@example.org")
	b.get("/profile/keys").want(t, 200, "Ended")

	id := endLink.FindStringSubmatch(b.get("/profile/keys").body)[1]
	b.get("/profile/keys/"+id+"/end").want(t, 200, "will be refused at once", "Cancel")
	s.works(whole, true)
	b.follow("/profile/keys/"+id+"/end", nil).want(t, 200, "The key has ended.")
	s.works(whole, false)
}

var endLink = regexp.MustCompile(`href="/profile/keys/(\d+)/end"`)

func TestNamedKeysRefuse(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	b.get("/profile/keys")
	b.post("/profile/keys", url.Values{"name": {" "}, "expiresInDays": {"365"}, "readOnly": {"yes"}}).
		want(t, 422, "Must not be empty or white space alone.", `<option value="365" selected>`, " checked")
	admin := s.principal(adminEmail)
	for i := range apikey.MaxNamedKeys {
		_, _, err := s.CreateKey(t.Context(), admin, apikey.NewAPIKey{Name: fmt.Sprint("key ", i)})
		if err != nil {
			t.Fatal(err)
		}
	}
	b.post("/profile/keys", url.Values{"name": {"one more"}, "expiresInDays": {"30"}}).want(t, 409, "You have 50 named keys already. End one first.")
}

// On these pages everybody has to do with his own keys, an administrator too.
func TestKeysOfOthers(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	_, key, err := s.CreateKey(t.Context(), s.principal("ada@example.org"), apikey.NewAPIKey{Name: "hers"})
	if err != nil {
		t.Fatal(err)
	}
	b := s.as(adminEmail)
	for _, id := range []string{fmt.Sprint(key.ID), "0", "x", "99999"} {
		b.get("/profile/keys/"+id+"/end").want(t, 404)
		b.get("/profile/keys")
		b.post("/profile/keys/"+id+"/end", nil).want(t, 404)
	}
}

func TestContractKey(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	b := s.as("ada@example.org")
	b.post("/profile/keys/contract/show", nil).want(t, 409, "You have no API key yet.")
	b.get("/profile/keys").want(t, 200, "You have none.")
	first := b.post("/profile/keys/contract/renew", nil).key(t)
	s.works(first, true)
	page := b.get("/profile/keys")
	page.want(t, 200, "Show it", "…"+first[len(first)-4:])
	if strings.Contains(page.body, first) {
		t.Error("the list shows the key")
	}
	if again := b.post("/profile/keys/contract/show", nil).key(t); again != first {
		t.Error("another key is shown")
	}
	if a := b.get("/profile/keys/contract/show"); a.StatusCode != http.StatusNotFound {
		t.Errorf("the key can be had by a link: %d", a.StatusCode)
	}
	b.get("/profile/keys/contract/renew").want(t, 200, "There is one at a time")
	second := b.post("/profile/keys/contract/renew", nil).key(t)
	s.works(first, false)
	s.works(second, true)
	id := endLink.FindStringSubmatch(b.get("/profile/keys").body)[1]
	b.get("/profile/keys/"+id+"/end").want(t, 200, "your key of the contract")
	b.follow("/profile/keys/"+id+"/end", nil).want(t, 200, "The key has ended.", "You have none.")
	s.works(second, false)
}

func TestKeysOfWhoMayHaveNone(t *testing.T) {
	s := newSite(t)
	s.powerless("ada@example.org")
	b := s.as("ada@example.org")
	b.get("/profile")
	page := b.get("/profile/keys")
	page.want(t, 200, "Your roles do not let you have API keys.")
	if strings.Contains(page.body, "/contract/") {
		t.Errorf("buttons that are refused:\n%s", page.body)
	}
	b.get("/profile")
	for _, path := range []string{"/profile/keys", "/profile/keys/1/end", "/profile/keys/contract/show", "/profile/keys/contract/renew"} {
		b.post(path, url.Values{"name": {"x"}}).want(t, 403)
		b.get("/profile")
	}
}
