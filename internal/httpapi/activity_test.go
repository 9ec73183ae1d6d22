package httpapi_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// entry has the fields of an activity log entry that the tests check.
type entry struct {
	ID      int64
	Action  string
	Sealed  bool
	Changes []struct {
		Field    string
		From, To any
	}
}

// TestRefusedReadsAreCounted checks which requests count as refused reads: those that lack a permission, and those for an
// object that the caller may not read, whether it exists or not. The answers are the same while nothing can be written.
func TestRefusedReadsAreCounted(t *testing.T) {
	f := newFixture(t)
	hidden := f.user("hidden@example.org")
	one := access.Permission{Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeIDs, IDs: []int64{1}}
	ada := f.user("ada@example.org", f.role(one))
	token, unlimited := f.signIn("ada@example.org", password), f.admin
	f.store.failWith(func(method string) error {
		if method == "Write" {
			return errors.New("the database is read-only")
		}
		return nil
	})
	const notFound, forbidden = http.StatusNotFound, http.StatusForbidden
	counted := 0
	for _, test := range []struct {
		method, path, token string
		status, counts      int
	}{
		{"GET", "/api/mail", token, forbidden, 1},
		{"HEAD", "/api/roles", token, forbidden, 1},
		{"GET", "/api/activity-log/export", token, forbidden, 1},
		{"GET", userPath(hidden), token, notFound, 1},
		{"GET", userPath(999), token, notFound, 1},
		{"GET", "/api/users?email=hidden@example.org", token, http.StatusOK, 0},

		{"GET", userPath(1), token, http.StatusOK, 0},
		{"GET", userPath(999), unlimited, notFound, 0},
		{"GET", "/api/nothing", token, notFound, 0},
		{"GET", "/api/mail", "", http.StatusUnauthorized, 0},
		{"DELETE", userPath(1), token, forbidden, 0},
		{"DELETE", userPath(hidden), token, forbidden, 0},
	} {
		a := f.do(call{method: test.method, path: test.path, token: test.token})
		if a.status != test.status {
			t.Errorf("%s %s: %d, want %d: %s", test.method, test.path, a.status, test.status, a.body)
		}
		counted += test.counts
	}
	f.store.failWith(nil)
	f.clock.advance(time.Minute)
	if err := f.accounts.SealActivity(t.Context()); err != nil {
		t.Fatal(err)
	}
	var entries []account.StoredActivity
	for _, e := range f.activity() {
		if e.Action == account.ActionReadRefused {
			entries = append(entries, e)
		}
	}
	if len(entries) != 1 || entries[0].Actor.ID != ada || entries[0].Count != counted {
		t.Errorf("the entries are %+v, want one of user %d with the count %d", entries, ada, counted)
	}
}

func TestActivityPages(t *testing.T) {
	f := newFixture(t)
	id := f.user("ada@example.org")
	for _, body := range []string{`{"name":"Ada"}`, `{"department":"Engines"}`, `{"department":null}`} {
		if a := f.do(call{method: "PATCH", path: userPath(id), token: f.admin, body: body}); a.status != 200 {
			t.Fatal(a.body)
		}
	}
	if err := f.accounts.SealActivity(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []entry
	const firstPage = "/api/activity-log?limit=2&action=user.*&targetKind=user&targetId=2"
	for cursor := ""; ; {
		a := f.do(call{path: firstPage + "&cursor=" + url.QueryEscape(cursor), token: f.admin})
		if cursor == "" {
			a = f.do(call{path: firstPage, token: f.admin})
		}
		if a.status != 200 {
			t.Fatal(a.body)
		}
		var page []entry
		a.decode(t, &page)
		got = append(got, page...)
		if cursor = a.header.Get("X-Next-Cursor"); cursor == "" {
			break
		}
	}
	if len(got) != 3 || !got[0].Sealed || got[0].Action != "user.update" || got[0].ID < got[1].ID {
		t.Fatalf("the entries are %+v", got)
	}
	if c := got[0].Changes; len(c) != 1 || c[0].Field != "department" || c[0].From != "Engines" || c[0].To != nil {
		t.Errorf("the changes of the newest entry are %+v", c)
	}

	const export = "/api/activity-log/export?action=user.update&from=2027-03-01T09:00:00Z&to=2027-03-01T09:00:01Z"
	a := f.do(call{path: export, token: f.admin})
	lines := strings.Split(strings.TrimSuffix(a.body, "\n"), "\n")
	if a.status != 200 || len(lines) != 3 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for i, line := range lines {
		var e entry
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.ID != got[2-i].ID {
			t.Errorf("line %d is %s, %v", i, line, err)
		}
	}

	for _, query := range []string{
		"cursor=0", "cursor=%21", "limit=0", "limit=1001", "actor=0", "actor=x", "from=yesterday", "unknown=1",
	} {
		a := f.do(call{path: "/api/activity-log?" + query, token: f.admin})
		a.want(t, 400, account.CodeInvalid)
	}
	f.do(call{path: "/api/activity-log/export?cursor=1", token: f.admin}).want(t, 400, account.CodeInvalid)
}
