package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// TestPagesOfUsers: with any parameter the answer is one page, and its header
// leads to the next.
func TestPagesOfUsers(t *testing.T) {
	f := newFixture(t)
	f.manyUsers(250)
	var all []int64
	path := "/api/users?sort=-id"
	for pages := 1; ; pages++ {
		a := f.do(call{path: path, token: f.admin})
		var users []struct{ ID int64 }
		a.decode(t, &users)
		for _, u := range users {
			all = append(all, u.ID)
		}
		cursor := a.header.Get("X-Next-Cursor")
		if cursor == "" {
			if pages != 3 || len(users) != 51 {
				t.Errorf("%d pages, %d users on the last", pages, len(users))
			}
			break
		}
		path = "/api/users?sort=-id&cursor=" + cursor
	}
	for i, id := range all {
		if want := int64(251 - i); id != want || len(all) != 251 {
			t.Fatalf("at %d of %d is the user %d, want %d", i, len(all), id, want)
		}
	}
	for query, place := range map[string]string{
		"limit=0": "/query/limit", "limit=1001": "/query/limit", "sort=colour": "/query/sort", "cursor=rubbish": "/query/cursor",
		"active=maybe": "/query/active", "role=x": "/query/role", "provider=x": "/query/provider", "search=%00": "/query/search",
		strings.Replace(path, "/api/users?sort=-id", "sort=id", 1): "/query/cursor",
	} {
		a := f.do(call{path: "/api/users?" + query, token: f.admin})
		a.want(t, http.StatusBadRequest, account.CodeInvalid)
		if !a.failure(t).names(place) {
			t.Errorf("%.40s: %s", query, a.body)
		}
	}
	if a := f.do(call{path: "/api/users?colour=red", token: f.admin}); strings.Count(a.body, `"id":`) != 251 {
		t.Errorf("a parameter of nothing: %d, %d bytes", a.status, len(a.body))
	}
	if a := f.do(call{path: "/api/users?search=nobody-has-this", token: f.admin}); a.body != "[]\n" {
		t.Errorf("no users are %q", a.body)
	}
}

// TestImportFaultsByRow: what breaks a rule is told by its row; what is no row at
// all is refused as a whole.
func TestImportFaultsByRow(t *testing.T) {
	f := newFixture(t)
	f.do(call{method: "POST", path: "/api/imports", token: f.admin, body: `{"dryRun":true}`})
	add := func(users string) answer {
		return f.do(call{method: "POST", path: "/api/imports/1/rows", token: f.admin, body: `{"first":1,"users":[` + users + `]}`})
	}
	for _, body := range []string{`{"name":"n"}`, `{"name":"n","email":"e@example.org","age":3}`, `{"name":1,"email":"e@example.org"}`, ``, `null`} {
		add(body).want(t, http.StatusBadRequest, account.CodeInvalid)
	}
	a := add(`{"name":"","email":"","password":"","active":true},
		{"name":"` + strings.Repeat("n", 300) + `","email":"b@example.org","surname":"` + strings.Repeat("n", 300) + `","passwordHash":"x"}`)
	var got struct {
		Faults []struct {
			Row           int
			Path, Message string
		}
	}
	a.decode(t, &got)
	var places []string
	for _, fault := range got.Faults {
		places = append(places, fmt.Sprint(fault.Row, fault.Path))
	}
	const want = "1/name 1/email 1/password 2/name 2/surname 2/passwordHash"
	if a.status != http.StatusOK || strings.Join(places, " ") != want {
		t.Errorf("%d, faults %q, want %q", a.status, places, want)
	}
	if strings.Contains(a.body, strings.Repeat("n", 300)) {
		t.Error("a value is repeated")
	}
}

// TestImportStates: what comes too late is 409, what is missing 400.
func TestImportStates(t *testing.T) {
	f := newFixture(t)
	ask := func(method, path, body string) answer {
		return f.do(call{method: method, path: path, token: f.admin, body: body})
	}
	ask("POST", "/api/imports", `{"dryRun":false}`)
	a := ask("POST", "/api/imports/1/rows", strings.Replace(importRow, `"first":1`, `"first":2`, 1))
	a.want(t, http.StatusBadRequest, account.CodeInvalid)
	if !a.failure(t).names("/first") {
		t.Error(a.body)
	}
	if a := ask("POST", "/api/imports/1/finish", ""); a.status != http.StatusOK {
		t.Fatal(a.body)
	}
	ask("POST", "/api/imports/1/rows", importRow).want(t, http.StatusConflict, account.CodeImportState)
	ask("DELETE", "/api/imports/1", "").want(t, http.StatusConflict, account.CodeImportState)
}

// TestInvitationOfWhoCannotSignIn: there is a reason for each.
func TestInvitationOfWhoCannotSignIn(t *testing.T) {
	f := newFixture(t)
	inactive := f.insert(account.User{Email: "i@example.org", Name: "i", Provider: account.ProviderLocal})
	path := userPath(inactive) + "/invitation"
	f.do(call{method: "POST", path: path, token: f.admin}).want(t, http.StatusConflict, account.CodeInactiveUser)
	path = userPath(f.user("active@example.org")) + "/invitation"
	for range 3 {
		if a := f.do(call{method: "POST", path: path, token: f.admin}); a.status != http.StatusNoContent {
			t.Fatal(a.status, a.body)
		}
	}
	f.do(call{method: "POST", path: path, token: f.admin}).want(t, http.StatusTooManyRequests, account.CodeTooManyRequests)
}
