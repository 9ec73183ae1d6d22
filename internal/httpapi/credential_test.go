package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// TestCredentialHeaders checks the headers and the forms in which a credential is accepted.
func TestCredentialHeaders(t *testing.T) {
	f := newFixture(t)
	one, other := f.admin, f.as("ada@example.org")
	recovery := f.recoveryToken("ada@example.org")
	last := "A"
	if strings.HasSuffix(one, "A") {
		last = "B"
	}
	tampered := one[:len(one)-1] + last
	key := func(values ...string) http.Header { return http.Header{"X-Api-Key": values} }
	auth := func(values ...string) http.Header { return http.Header{"Authorization": values} }
	both := func(k, a string) http.Header { return http.Header{"X-Api-Key": {k}, "Authorization": {a}} }

	tests := []struct {
		name   string
		header http.Header
		valid  bool
	}{
		{"x-api-key", key(one), true},
		{"x-api-key with Bearer", key("Bearer " + one), true},
		{"Authorization: Bearer", auth("Bearer " + one), true},
		{"Authorization: bearer", auth("bearer " + one), true},
		{"Authorization: BEARER", auth("BEARER " + one), true},
		{"both equal", both(one, "Bearer "+one), true},
		{"both equal, with Bearer twice", both("Bearer "+one, "Bearer "+one), true},
		{"x-api-key twice, equal", key(one, "Bearer "+one), true},

		{"nothing", nil, false},
		{"both different", both(one, "Bearer "+other), false},
		{"one of them unknown", both(one, "Bearer x"), false},
		{"x-api-key twice, different", key(one, other), false},
		{"Authorization twice, different", auth("Bearer "+one, "Bearer "+other), false},
		{"x-api-key and an empty one", key(one, ""), false},
		{"two in one header", key(one + ", " + other), false},
		{"two in one Authorization", auth("Bearer " + one + ", Bearer " + other), false},
		{"Basic", auth("Basic YWRtaW46YWRtaW4="), false},
		{"Basic with a valid token", both(one, "Basic YWRtaW46YWRtaW4="), false},
		{"Token scheme", auth("Token " + one), false},
		{"Authorization without a scheme", auth(one), false},
		{"Authorization: Bearer alone", auth("Bearer"), false},
		{"Authorization: Bearer and no token", auth("Bearer "), false},
		{"tab after Bearer", auth("Bearer\t" + one), false},
		{"empty x-api-key", key(""), false},
		{"x-api-key: Bearer alone", key("Bearer "), false},
		{"Bearer twice in x-api-key", key("Bearer Bearer " + one), false},
		{"placeholder of the contract", key("put-your-api-key-here"), false},
		{"spaces", key("  " + one), false},
		{"quotes", key(`"` + one + `"`), false},
		{"recovery token", key(recovery), false},
		{"recovery token as a session", key("uss_" + strings.TrimPrefix(recovery, "usr_")), false},
		{"other kind of token", key("usk_" + strings.TrimPrefix(one, "uss_")), false},
		{"other case", key(strings.ToUpper(one)), false},
		{"checksum tampered with", key(tampered), false},
		{"body tampered with", key("uss_" + strings.Repeat("0", 49)), false},
		{"truncated", key(one[:len(one)-1]), false},
		{"longer", key(one + "0"), false},
		{"very long", key(strings.Repeat(one, 500)), false},
		{"control bytes", key("\x00\xff" + one), false},
		{"SQL", key("' OR 1=1 --"), false},
		{"cookie", http.Header{
			"Cookie": {"x-api-key=" + one + "; authToken=" + one + "; __Host-usher=" + one + "; usher-dev=" + one},
		}, false},
		{"other headers", http.Header{
			"Api-Key": {one}, "X-Auth-Token": {one}, "Proxy-Authorization": {"Bearer " + one},
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := f.do(call{path: "/api/users/whoami", header: test.header})
			if test.valid {
				if a.status != http.StatusOK || !strings.Contains(a.body, adminEmail) {
					t.Errorf("%d %s", a.status, a.body)
				}
				return
			}
			a.want(t, http.StatusUnauthorized, account.CodeUnauthorized)
			if got, want := a.header.Get("WWW-Authenticate"), `Bearer realm="usher"`; got != want {
				t.Errorf("WWW-Authenticate is %q, want %q", got, want)
			}
		})
	}
	for _, query := range []string{"?x-api-key=", "?api_key=", "?access_token=", "?authToken="} {
		f.do(call{path: "/api/users/whoami" + query + one}).want(t, http.StatusUnauthorized, account.CodeUnauthorized)
	}
}

// TestCredentialOfPublicOperations checks that a public operation ignores credentials. A client that still sends an
// expired token must be able to sign in again.
func TestCredentialOfPublicOperations(t *testing.T) {
	f := newFixture(t)
	body := jsonOf(map[string]string{"email": adminEmail, "password": password})
	for _, header := range []http.Header{
		{"X-Api-Key": {"rubbish"}}, {"Authorization": {"Basic eDp5"}}, {"X-Api-Key": {f.admin},
			"Authorization": {"Bearer y"}},
	} {
		if a := f.do(call{method: "POST", path: "/api/login", body: body, header: header}); a.status != http.StatusOK {
			t.Errorf("%v: %d %s", header, a.status, a.body)
		}
	}
}

// TestBodyOfOperationWithoutBody sends a body to operations that the contract gives none. The server must ignore the
// body, because existing clients send `{}` or null.
func TestBodyOfOperationWithoutBody(t *testing.T) {
	for _, body := range []string{"{}", "null", `""`, "{", strings.Repeat("x", 100_000)} {
		f := newFixture(t)
		server := httptest.NewServer(f.handler)
		id := f.user("ada@example.org")
		send := func(method, path string) int {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Api-Key", "Bearer "+f.admin)
			r.Header.Set("Content-Type", "application/json")
			response, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if response.ContentLength > 0 && response.StatusCode == http.StatusNoContent {
				t.Errorf("%s %s: 204 has a body", method, path)
			}
			return response.StatusCode
		}
		if got := send("GET", "/api/users"); got != http.StatusOK {
			t.Errorf("GET with the body %.20q: %d", body, got)
		}
		if got := send("DELETE", userPath(id)); got != http.StatusNoContent {
			t.Errorf("DELETE with the body %.20q: %d", body, got)
		}
		if got := send("POST", "/api/logout"); got != http.StatusNoContent {
			t.Errorf("logout with the body %.20q: %d", body, got)
		}
		if got := send("POST", "/api/logout"); got != http.StatusUnauthorized {
			t.Errorf("logout again: %d", got)
		}
		server.Close()
	}
}
