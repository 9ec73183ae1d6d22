package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// rename gives a user another name, which leaves an entry in the log.
func (s *site) rename(id int64, name string) {
	s.t.Helper()
	if _, err := s.UpdateUser(s.t.Context(), s.principal(adminEmail), id, account.UserUpdate{Name: &name}); err != nil {
		s.t.Fatal(err)
	}
}

func TestActivity(t *testing.T) {
	s := newSite(t)
	ada := s.user("ada@example.org")
	s.rename(ada.ID, "Countess")
	b := s.as(adminEmail)
	page := b.get("/activity?action=user.update")
	page.want(t, 200, fmt.Sprintf(`<a href="/users/%d">ada@example.org</a>`, ada.ID), `<a href="/users/1">`+adminEmail, "192.0.2.8",
		"<dt><code>name</code></dt><dd>Ada → Countess</dd>", "Not sealed yet", "1 field", `href="/activity/export?action=user.update"`)
	if err := s.SealActivity(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := b.get("/activity?action=user.update"); strings.Contains(a.body, "Not sealed yet") {
		t.Error("a sealed entry is said not to be")
	}
	// Who is gone has no page any more.
	if err := s.DeleteUser(t.Context(), s.principal(adminEmail), ada.ID); err != nil {
		t.Fatal(err)
	}
	a := b.get("/activity?action=user.update")
	a.want(t, 200, ": ada@example.org")
	if strings.Contains(a.body, fmt.Sprintf("/users/%d", ada.ID)) {
		t.Error("who was deleted has a link")
	}
	b.get("/activity?action=import.begin").want(t, 200, "Nothing fits this filter.")
}

func TestActivityFilter(t *testing.T) {
	s := newSite(t)
	ada := s.user("ada@example.org")
	s.rename(ada.ID, "Countess")
	s.clock.advance(24 * time.Hour)
	s.rename(ada.ID, "Queen")
	s.as("ada@example.org")
	b := s.as(adminEmail)
	b.cookies["usher-dev-look"] = "zone=Europe%2FParis"
	const first, second, in = "Ada → Countess", "Countess → Queen", `<a href="/users/2">ada@example.org</a> <small>`
	for query, want := range map[string][]string{ // what the page says
		"":                      {first, second, in},
		"action=user.*":         {first, second},
		"actor=2":               {in},
		"actor=Ada@example.org": {in},
		"actor=" + adminEmail:   {first, second},
		"targetKind=user&targetId=2&action=user.update": {first, second},
		"targetKind=role":               {},
		"from=2027-03-01&to=2027-03-01": {first},
		"from=2027-03-02":               {second, in},
		"to=2027-03-01":                 {first},
		"from=2027-03-03":               {},
	} {
		a := b.get("/activity?" + query)
		a.want(t, 200, want...)
		found := 0
		for _, text := range []string{first, second, in} {
			if strings.Contains(a.body, text) {
				found++
			}
		}
		if found != len(want) {
			t.Errorf("%s: %d of the entries, want %q", query, found, want)
		}
	}
	for query, says := range map[string]string{
		"actor=bob@example.org":         "There is no user with this address.",
		"actor=Ada":                     "There is no user with this address.",
		"targetId=x":                    "Must be a number, such as 7.",
		"from=yesterday":                "Must be a date, such as 2027-03-01.",
		"to=2027-02-30":                 "Must be a date, such as 2027-03-01.",
		"from=2027-03-02&to=2027-03-01": "Must not be before the first day.",
	} {
		a := b.get("/activity?" + query)
		a.want(t, 422, says, `aria-invalid="true"`)
		if strings.Contains(a.body, "<tbody>") {
			t.Errorf("%s: the page has entries", query)
		}
		b.get("/activity/export?"+query).want(t, 303)
	}
	b.get("/activity?cursor=!").want(t, 400)
	// What is not offered is kept as it was asked for.
	const odd = "action=user.invented&from=yesterday&targetKind=invented"
	if got := b.get("/activity/export?" + odd).Header.Get("Location"); got != "/activity?"+odd {
		t.Errorf("the filter became %s", got)
	}
}

// Somebody is found by his address, also where those of many others end with it.
func TestActivityOfAnAddress(t *testing.T) {
	s := newSite(t)
	admin := s.principal(adminEmail)
	others := make([]account.NewUser, account.DefaultPage)
	for i := range others {
		others[i] = account.NewUser{Email: fmt.Sprintf("x%da@example.org", i), Name: "Ada", Invite: true, Active: true}
	}
	must(s.CreateUsers(t.Context(), admin, others[:50]))
	must(s.CreateUsers(t.Context(), admin, others[50:]))
	s.user("A@example.org")
	s.as("a@example.org")
	b := s.as(adminEmail)
	b.get("/activity?actor=a@example.org").want(t, 200, "A@example.org</a> <small>")
	few := s.roleFor("few", "activity-log:read")
	s.user("few@example.org", few)
	s.as("few@example.org").get("/activity?actor=a@example.org").want(t, 422, "There is no user with this address.")
}

// A day ends where the reader's does.
func TestActivityIsInTheReadersZone(t *testing.T) {
	s := newSite(t)
	ada := s.user("ada@example.org")
	s.clock.advance(14*time.Hour + 30*time.Minute) // 23:30 in UTC, half past midnight in Paris
	s.rename(ada.ID, "Countess")
	b := s.as(adminEmail)
	for zone, day := range map[string]string{"UTC": "2027-03-01", "Europe%2FParis": "2027-03-02"} {
		b.cookies["usher-dev-look"] = "zone=" + zone
		b.get("/activity?action=user.update&from="+day+"&to="+day).want(t, 200, "Countess", day+" ")
	}
}

var actionConstant = regexp.MustCompile(`Action\w+ +Action = "([^"]+)"`)

// Every action of the log can be chosen.
func TestActivityOffersEveryAction(t *testing.T) {
	source, err := os.ReadFile("../account/activity.go")
	if err != nil {
		t.Fatal(err)
	}
	found := actionConstant.FindAllStringSubmatch(string(source), -1)
	if len(found) < 20 {
		t.Fatalf("only %d actions were found", len(found))
	}
	page := newSite(t).as(adminEmail).get("/activity")
	for _, action := range found {
		if !strings.Contains(page.body, `<option value="`+action[1]+`"`) {
			t.Errorf("%s cannot be chosen", action[1])
		}
	}
}

var olderLink = regexp.MustCompile(`href="([^"]+)" rel="next"`)

func TestActivityPages(t *testing.T) {
	s := newSite(t)
	ada := s.user("ada@example.org")
	for i := range 60 {
		s.rename(ada.ID, fmt.Sprintf("Ada %d.", i))
	}
	b := s.as(adminEmail)
	first := b.get("/activity?action=user.update")
	first.want(t, 200, "→ Ada 59.", "→ Ada 10.")
	older := olderLink.FindStringSubmatch(first.body)
	if older == nil || strings.Contains(first.body, "→ Ada 9.") {
		t.Fatalf("the first page does not end:\n%s", first.body)
	}
	last := b.get(strings.ReplaceAll(older[1], "&amp;", "&"))
	last.want(t, 200, "→ Ada 9.", "→ Ada 0.", `href="/activity?action=user.update">Newest</a>`)
	if olderLink.MatchString(last.body) || strings.Contains(last.body, "→ Ada 10.") {
		t.Error("the last page is not the rest")
	}
}

func TestActivityExport(t *testing.T) {
	s := newSite(t)
	ada := s.user("ada@example.org")
	s.rename(ada.ID, "Countess")
	b := s.as(adminEmail)
	a := b.get("/activity/export?action=user.*")
	a.want(t, 200, `"action":"user.create"`, `{"field":"name","from":"Ada","to":"Countess"}`)
	if lines := strings.Count(a.body, "\n"); lines != 3 { // two, and the first administrator
		t.Errorf("%d lines:\n%s", lines, a.body)
	}
	if got := a.Header.Get("Content-Disposition"); got != `attachment; filename="usher-activity.ndjson"` || a.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("it is sent as %s", got)
	}
	head := b.do(httptest.NewRequest(http.MethodHead, "/activity/export", nil))
	head.want(t, 200)
	if head.body != "" || head.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("HEAD reads the log: %s", head.body)
	}
}

// Who may read his own entries alone sees no others, and who may read none has no page.
func TestActivityIsPermitted(t *testing.T) {
	s := newSite(t)
	ada := s.user("ada@example.org")
	reader := s.roleFor("reader", "activity-log:read")
	s.user("reader@example.org", reader)
	s.rename(ada.ID, "Countess")
	s.as("reader@example.org").get("/activity?action=user.update").want(t, 200, "Countess", ": ada@example.org")
	own := s.as("ada@example.org")
	a := own.get("/activity")
	a.want(t, 200, "session.create")
	if strings.Contains(a.body, "Ada → Countess") {
		t.Error("somebody sees what others have done")
	}
	export := own.get("/activity/export")
	export.want(t, 200, "session.create")
	if strings.Contains(export.body, "Countess") {
		t.Errorf("the export has what others have done:\n%s", export.body)
	}
	none := s.roleFor("none", "user:read")
	if _, err := s.SetUserRoles(t.Context(), s.principal(adminEmail), ada.ID, []int64{none}); err != nil {
		t.Fatal(err)
	}
	own.get("/activity").want(t, 403)
	own.get("/activity/export").want(t, 403)
}
