package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// TestInvalidText sends text that is not UTF-8 or contains NUL in every part of a request. PostgreSQL can't store this
// text, so the server must refuse it before. A server error fails the test.
func TestInvalidText(t *testing.T) {
	f := newFixture(t)
	var requests []*http.Request
	for _, text := range []string{"a\xffb", "a\x00b", "\xed\xa0\x80", "\U0010ffff"} {
		for path, names := range map[string][]string{
			"/api/users":    {"search", "role", "active", "locked", "provider", "sort", "cursor", "limit"},
			"/api/activity": {"actor", "action", "targetKind", "targetId", "from", "to", "cursor", "limit"},
		} {
			for _, name := range names {
				requests = append(requests, call{path: path + "?" + name + "=" + url.QueryEscape(text), token: f.admin}.request())
			}
		}
		for _, path := range []string{"/api/users/", "/api/roles/", "/api/keys/", "/api/mail/", "/api/imports/",
			"/api/sessions/"} {
			requests = append(requests, call{path: path + url.PathEscape(text), token: f.admin}.request())
		}
		for _, body := range []string{
			jsonOf(map[string]string{"email": adminEmail, "password": password}),
			jsonOf(map[string]string{"email": text, "password": text}),
			`{"email": "` + text + `", "password": "` + text + `"}`,
		} {
			for _, name := range []string{"User-Agent", "X-Forwarded-For", "X-Api-Key", "Referer"} {
				r := call{method: "POST", path: "/api/login", body: body}.request()
				r.Header.Set(name, text)
				requests = append(requests, r)
			}
		}
	}
	for _, r := range requests {
		if a := f.serve(r); a.status >= 500 {
			t.Errorf("%s %s, %q: %d %s", r.Method, r.URL, r.Header, a.status, a.body)
		}
	}
}

// TestInvisibleCharactersInAddresses sends addresses that look like another one to every operation that takes a new
// address.
func TestInvisibleCharactersInAddresses(t *testing.T) {
	f := newFixture(t)
	other := f.session(f.user("other@example.org", access.AdministratorRole), f.clock.Now())
	for i, invisible := range []string{"\ufe0f", "\u3164", "\u034f", "\u2800"} {
		for _, test := range []struct{ op, body, path string }{
			{"POST /api/users", `[{"name":"n","email":"ADDRESS","password":"Correct-Horse-1"}]`, "/0/email"},
			{"PATCH /api/users/1", `{"email":"ADDRESS"}`, "/email"},
			{"POST /api/users/forgotten-password", `{"email":"ADDRESS"}`, "/email"},
			{"PATCH /api/application-settings", `{"emailSender":"ADDRESS"}`, "/emailSender"},
		} {
			method, path, _ := strings.Cut(test.op, " ")
			body := strings.Replace(test.body, "ADDRESS", "admin"+invisible+"@example.org", 1)
			a := f.do(call{method: method, path: path, token: other, body: body})
			a.want(t, http.StatusBadRequest, account.CodeInvalid)
			if !a.errorBody(t).names(test.path) {
				t.Errorf("%s with %+q: %s", test.op, invisible, a.body)
			}
		}
		f.do(call{method: "POST", path: "/api/imports", token: f.admin, body: `{"dryRun":true}`})
		a := f.do(call{
			method: "POST", path: fmt.Sprintf("/api/imports/%d/rows", i+1), token: f.admin,
			body: `{"first":1,"users":[{"name":"n","email":"admin` + invisible + `@example.org"}]}`,
		})
		if !strings.Contains(a.body, `"path":"/email"`) {
			t.Errorf("an imported row with %+q: %s", invisible, a.body)
		}
	}
}
