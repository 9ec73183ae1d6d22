package httpapi_test

import (
	"net/http"
	"net/url"
	"testing"
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
