package console_test

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console"
)

// Everybody sees what was done in his own name, and nothing of others.
func TestOwnActivity(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	s.user("bob@example.org")
	b := s.as("ada@example.org")
	b.get("/profile")
	b.follow("/profile", url.Values{"name": {"Ada"}, "surname": {"Lovelace"}})
	b.post("/profile/keys", url.Values{"name": {"backup"}})
	b.get("/profile")
	b.post("/profile/keys/contract/renew", nil)
	page := b.get("/profile/activity")
	page.want(t, 200, "Signed in", "Changed the profile", ">Surname<", "192.0.2.7", "Made an API key", ">backup<", ">Key of the contract<")
	if strings.Contains(page.body, "Made a user") {
		t.Errorf("what others did is shown:\n%s", page.body)
	}
	admin := s.as(adminEmail).get("/profile/activity")
	admin.want(t, 200, "Made a user: bob@example.org")
	if strings.Contains(admin.body, "Surname") {
		t.Errorf("an administrator sees others on his own page:\n%s", admin.body)
	}
}

func TestOwnActivityPages(t *testing.T) {
	s := newSite(t)
	admin := s.principal(adminEmail)
	for i := range 60 {
		name := fmt.Sprintf("Name-%02d-", i)
		must(s.UpdateUser(t.Context(), admin, admin.User.ID, account.UserUpdate{Name: &name}))
	}
	b := s.as(adminEmail)
	first := b.get("/profile/activity")
	first.want(t, 200, "Older")
	if strings.Contains(first.body, "Newest") || strings.Count(first.body, `<th scope="row">`) != 50 {
		t.Errorf("the first page has %d rows", strings.Count(first.body, `<th scope="row">`))
	}
	_, link, _ := strings.Cut(first.body, `href="/profile/activity?`)
	link, _, _ = strings.Cut(link, `"`)
	second := b.get("/profile/activity?" + link)
	second.want(t, 200, "Newest")
	if strings.Contains(second.body, "Older") || strings.Count(second.body, `<th scope="row">`) < 10 {
		t.Errorf("the second page:\n%s", second.body)
	}
	b.get("/profile/activity?cursor=!").want(t, 400)
}

func TestActivityOfWhoMayReadNone(t *testing.T) {
	s := newSite(t)
	s.powerless("ada@example.org")
	b := s.visitor()
	b.get("/sign-in")
	b.post("/sign-in", url.Values{"email": {"ada@example.org"}, "password": {password}})
	b.get("/profile/activity").want(t, 200, "Your roles do not let you read the activity log.")
}

// Every action of the log is said in words.
func TestEveryActionHasAPhrase(t *testing.T) {
	source := must(os.ReadFile("../account/activity.go"))
	actions := regexp.MustCompile(`Action = "([^"]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(actions) < 20 {
		t.Fatalf("only %d actions were found", len(actions))
	}
	for _, action := range actions {
		if !console.SaysAction(account.Action(action[1])) {
			t.Errorf("%s has no phrase", action[1])
		}
	}
}
