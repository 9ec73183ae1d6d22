package activity_test

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
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

// rename changes the name of a user, so that the log has an entry with a changed field.
func rename(s *consoletest.Site, id int64, name string) {
	s.T.Helper()
	admin := s.Principal(consoletest.AdminEmail)
	if _, err := s.UpdateUser(s.T.Context(), admin, id, account.UserUpdate{
		ProfileUpdate: account.ProfileUpdate{Name: &name},
	}); err != nil {
		s.T.Fatal(err)
	}
}

func TestActivity(t *testing.T) {
	s := consoletest.New(t)
	ada := s.AddUser("ada@example.org")
	rename(s, ada.ID, "Countess")
	b := s.SignedInAs(consoletest.AdminEmail)
	view := b.Get("/activity?action=user.update")
	view.Want(t, 200, fmt.Sprintf(`<a href="/users/%d">ada@example.org</a>`, ada.ID),
		`<a href="/users/1">`+consoletest.AdminEmail, "192.0.2.8",
		"<dt><code>name</code></dt><dd>Ada → Countess</dd>", "Not sealed yet", "1 field",
		`href="/activity/export?action=user.update"`)
	if err := s.SealActivity(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := b.Get("/activity?action=user.update"); strings.Contains(a.Body, "Not sealed yet") {
		t.Error("a sealed entry is shown as unsealed")
	}
	// A deleted user has no page, so the log must not link to one.
	if err := s.DeleteUser(t.Context(), s.Principal(consoletest.AdminEmail), ada.ID); err != nil {
		t.Fatal(err)
	}
	a := b.Get("/activity?action=user.update")
	a.Want(t, 200, ": ada@example.org")
	if strings.Contains(a.Body, fmt.Sprintf("/users/%d", ada.ID)) {
		t.Error("a deleted user has a link")
	}
	b.Get("/activity?action=import.begin").Want(t, 200, "Nothing fits this filter.")
}

func TestActivityFilter(t *testing.T) {
	s := consoletest.New(t)
	ada := s.AddUser("ada@example.org")
	rename(s, ada.ID, "Countess")
	s.Clock.Advance(24 * time.Hour)
	rename(s, ada.ID, "Queen")
	s.SignedInAs("ada@example.org")
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Cookies["usher-dev-look"] = "zone=Europe%2FParis"
	const first, second, in = "Ada → Countess", "Countess → Queen", `<a href="/users/2">ada@example.org</a> <small>`
	for query, want := range map[string][]string{ // query and the texts that the page must contain
		"":                                {first, second, in},
		"action=user.*":                   {first, second},
		"actor=2":                         {in},
		"actor=Ada@example.org":           {in},
		"actor=" + consoletest.AdminEmail: {first, second},
		"targetKind=user&targetId=2&action=user.update": {first, second},
		"targetKind=role":               {},
		"from=2027-03-01&to=2027-03-01": {first},
		"from=2027-03-02":               {second, in},
		"to=2027-03-01":                 {first},
		"from=2027-03-03":               {},
	} {
		a := b.Get("/activity?" + query)
		a.Want(t, 200, want...)
		found := 0
		for _, text := range []string{first, second, in} {
			if strings.Contains(a.Body, text) {
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
		a := b.Get("/activity?" + query)
		a.Want(t, 422, says, `aria-invalid="true"`)
		if strings.Contains(a.Body, "<tbody>") {
			t.Errorf("%s: the page has entries", query)
		}
		b.Get("/activity/export?"+query).Want(t, 303)
	}
	b.Get("/activity?cursor=!").Want(t, 400)
	// An export with an invalid filter redirects to the page of the log. The redirect must keep
	// values that the form doesn't offer.
	const odd = "action=user.invented&from=yesterday&targetKind=invented"
	if got := b.Get("/activity/export?" + odd).Header.Get("Location"); got != "/activity?"+odd {
		t.Errorf("the filter became %s", got)
	}
}

// TestActivityFilterByAddress filters by the exact address of a user. An address that merely
// contains it doesn't match.
func TestActivityFilterByAddress(t *testing.T) {
	s := consoletest.New(t)
	admin := s.Principal(consoletest.AdminEmail)
	others := make([]account.NewUser, account.DefaultPage)
	for i := range others {
		others[i] = account.NewUser{
			Email: fmt.Sprintf("x%da@example.org", i), Profile: account.Profile{Name: "Ada"}, Invite: true, Active: true,
		}
	}
	consoletest.Must(s.CreateUsers(t.Context(), admin, others[:50]))
	consoletest.Must(s.CreateUsers(t.Context(), admin, others[50:]))
	s.AddUser("A@example.org")
	s.SignedInAs("a@example.org")
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/activity?actor=a@example.org").Want(t, 200, "A@example.org</a> <small>")
	few := s.AddRoleFrom("few", "activity-log:read")
	s.AddUser("few@example.org", few)
	s.SignedInAs("few@example.org").Get("/activity?actor=a@example.org").Want(t, 422,
		"There is no user with this address.")
}

// TestActivityFilterUsesZone checks that a day in the filter is a day in the time zone that the
// user has chosen.
func TestActivityFilterUsesZone(t *testing.T) {
	s := consoletest.New(t)
	ada := s.AddUser("ada@example.org")
	s.Clock.Advance(14*time.Hour + 30*time.Minute) // 23:30 in UTC, half past midnight in Paris
	rename(s, ada.ID, "Countess")
	b := s.SignedInAs(consoletest.AdminEmail)
	for zone, day := range map[string]string{"UTC": "2027-03-01", "Europe%2FParis": "2027-03-02"} {
		b.Cookies["usher-dev-look"] = "zone=" + zone
		b.Get("/activity?action=user.update&from="+day+"&to="+day).Want(t, 200, "Countess", day+" ")
	}
}

var actionConstant = regexp.MustCompile(`Action\w+ +Action = "([^"]+)"`)

// TestActivityFilterOffersEveryAction compares the form's options with the action constants in the
// source code of package account.
func TestActivityFilterOffersEveryAction(t *testing.T) {
	source, err := os.ReadFile("../../account/activity.go")
	if err != nil {
		t.Fatal(err)
	}
	found := actionConstant.FindAllStringSubmatch(string(source), -1)
	if len(found) < 20 {
		t.Fatalf("only %d actions were found", len(found))
	}
	view := consoletest.New(t).SignedInAs(consoletest.AdminEmail).Get("/activity")
	for _, action := range found {
		if !strings.Contains(view.Body, `<option value="`+action[1]+`"`) {
			t.Errorf("the filter does not offer %s", action[1])
		}
	}
}

var olderLink = regexp.MustCompile(`href="([^"]+)" rel="next"`)

func TestActivityPages(t *testing.T) {
	s := consoletest.New(t)
	ada := s.AddUser("ada@example.org")
	for i := range 60 {
		rename(s, ada.ID, fmt.Sprintf("Ada %d.", i))
	}
	b := s.SignedInAs(consoletest.AdminEmail)
	first := b.Get("/activity?action=user.update")
	first.Want(t, 200, "→ Ada 59.", "→ Ada 10.")
	older := olderLink.FindStringSubmatch(first.Body)
	if older == nil || strings.Contains(first.Body, "→ Ada 9.") {
		t.Fatalf("the first page does not end:\n%s", first.Body)
	}
	last := b.Get(strings.ReplaceAll(older[1], "&amp;", "&"))
	last.Want(t, 200, "→ Ada 9.", "→ Ada 0.", `href="/activity?action=user.update">Newest</a>`)
	if olderLink.MatchString(last.Body) || strings.Contains(last.Body, "→ Ada 10.") {
		t.Error("the last page does not have the rest")
	}
}

func TestActivityExport(t *testing.T) {
	s := consoletest.New(t)
	ada := s.AddUser("ada@example.org")
	rename(s, ada.ID, "Countess")
	b := s.SignedInAs(consoletest.AdminEmail)
	a := b.Get("/activity/export?action=user.*")
	a.Want(t, 200, `"action":"user.create"`, `{"field":"name","from":"Ada","to":"Countess"}`)
	if lines := strings.Count(a.Body, "\n"); lines != 3 { // the two new users and the first administrator
		t.Errorf("%d lines:\n%s", lines, a.Body)
	}
	if got := a.Header.Get("Content-Disposition"); got != `attachment; filename="usher-activity.ndjson"` ||
		a.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("the media type is %s", got)
	}
	head := b.Do(httptest.NewRequest(http.MethodHead, "/activity/export", nil))
	head.Want(t, 200)
	if head.Body != "" || head.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("HEAD reads the log: %s", head.Body)
	}
}

// TestActivityPermissions checks that a user who may read only their own entries sees no others. A
// user without any permission to read the log doesn't reach the page.
func TestActivityPermissions(t *testing.T) {
	s := consoletest.New(t)
	ada := s.AddUser("ada@example.org")
	reader := s.AddRoleFrom("reader", "activity-log:read")
	s.AddUser("reader@example.org", reader)
	rename(s, ada.ID, "Countess")
	s.SignedInAs("reader@example.org").Get("/activity?action=user.update").Want(t, 200, "Countess", ": ada@example.org")
	own := s.SignedInAs("ada@example.org")
	a := own.Get("/activity")
	a.Want(t, 200, "session.create")
	if strings.Contains(a.Body, "Ada → Countess") {
		t.Error("the page has entries of other users")
	}
	export := own.Get("/activity/export")
	export.Want(t, 200, "session.create")
	if strings.Contains(export.Body, "Countess") {
		t.Errorf("the export has entries of other users:\n%s", export.Body)
	}
	none := s.AddRoleFrom("none", "user:read")
	if _, err := s.SetUserRoles(t.Context(), s.Principal(consoletest.AdminEmail), ada.ID, []int64{none}); err != nil {
		t.Fatal(err)
	}
	own.Get("/activity").Want(t, 403)
	own.Get("/activity/export").Want(t, 403)
}
