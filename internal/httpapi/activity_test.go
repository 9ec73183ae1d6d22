package httpapi_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

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
