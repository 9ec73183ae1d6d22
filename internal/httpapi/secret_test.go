package httpapi_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi"
)

// encodings returns the secret s in all encodings in which an output could contain it, such as JSON or a URL.
func encodings(s string) []string {
	quoted, _ := json.Marshal(s)
	return []string{
		s, strings.Trim(string(quoted), `"`), url.QueryEscape(s), url.PathEscape(s), hex.EncodeToString([]byte(s)),
		base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)),
	}
}

// TestSecretsStaySecret sends valid and invalid requests with recognisable secrets. The log, the metrics and the
// answers must not contain any of them. The one exception is the answer to a sign-in, which contains the new token.
func TestSecretsStaySecret(t *testing.T) {
	f := newFixture(t, func(o *httpapi.Options) { o.AccessLog = true })
	const (
		first     = `Recognise-"me"&<1>/%é`
		second    = `Recognise-"me"&<2>/%é`
		third     = `Recognise-"me"&<3>/%é`
		misplaced = `Recognise-"me"&<4>/%é` // sent in fields that aren't for secrets
	)
	secrets := []string{first, second, third, misplaced, f.admin, f.hash}
	var bodies []string // of all answers except the one to the successful sign-in
	request := func(op, token string, body any) answer {
		t.Helper()
		method, path, _ := strings.Cut(op, " ")
		c := call{method: method, path: path, token: token}
		if body != nil {
			c.body = jsonOf(body)
		}
		a := f.do(c)
		bodies = append(bodies, a.body)
		return a
	}
	type object = map[string]any
	user := object{"name": "Ada", "email": "ada@example.org", "password": first, "active": true}
	request("POST /api/users", f.admin, []any{user})
	request("POST /api/users", f.admin, []any{user}) // the address is taken
	// misplaced is not a valid address
	request("POST /api/users", f.admin, []any{object{"name": misplaced, "email": misplaced, "password": "weak"}})
	// the types violate the schema
	request("POST /api/users", f.admin, []any{object{"name": 1, "email": misplaced, "password": []any{misplaced}}})
	// a password in place of the token
	request("POST /api/users", first, []any{user})

	in := f.do(call{method: "POST", path: "/api/login",
		body: jsonOf(object{"email": "ada@example.org", "password": first})})
	var session struct{ AuthToken string }
	in.decode(t, &session)
	ada := session.AuthToken
	secrets = append(secrets, ada)
	request("POST /api/login", "", object{"email": misplaced, "password": second})
	request("POST /api/login", "", object{"email": "ada@example.org", "password": second})
	request("POST /api/login", "", object{"email": "ada@example.org", "password": first, "token": misplaced})
	request("POST /api/login", "", object{"email": "ada@example.org", "password": strings.Repeat(misplaced, 100)})

	request("GET /api/users/whoami?token="+url.QueryEscape(misplaced), ada, nil)
	request("GET /"+url.PathEscape(misplaced), ada, nil)
	request("GET /api/users/"+url.PathEscape(misplaced), ada, nil)
	request("GET /api/users", misplaced, nil)
	request("PATCH /api/users/password", ada, object{"oldPassword": second, "newPassword": third})
	request("PATCH /api/users/password", ada, object{"oldPassword": first, "newPassword": "weak"})
	request("PATCH /api/users/password", ada, object{"oldPassword": first, "newPassword": second})
	request("PATCH /api/users/2", ada, object{"password": third})
	request("PATCH /api/users/2", f.admin, object{"password": "weak" + strings.Repeat(misplaced, 100)})
	request("PATCH /api/users/2", f.admin, object{"department": "Engines"})
	request("PUT /api/users/2/roles", f.admin, object{"roles": []any{1, 2}})
	request("PUT /api/users/2/roles", f.admin, object{"roles": []any{misplaced}})

	recovery := f.recoveryToken("ada@example.org")
	secrets = append(secrets, recovery)
	request("GET /api/mail", f.admin, nil)
	request("GET /api/mail/1", f.admin, nil)
	request("GET /api/users", recovery, nil)
	request("POST /api/users/forgotten-password", "", object{"email": misplaced})
	request("POST /api/users/retrieve-password", "", object{"token": recovery, "newPassword": "weak"})
	request("POST /api/users/retrieve-password", "", object{"token": misplaced, "newPassword": third})
	request("POST /api/users/retrieve-password", "", object{"token": recovery, "newPassword": third})
	request("POST /api/users/retrieve-password", "", object{"token": recovery, "newPassword": third})
	f.store.failWith(func(string) error { return &account.Error{Code: account.CodeUnavailable, Err: errDriver} })
	request("POST /api/login", "", object{"email": "ada@example.org", "password": third})
	request("GET /api/users", f.admin, nil)
	f.store.failWith(nil)
	request("PATCH /api/users/2", f.admin, object{"password": second})
	request("DELETE /api/users/2", f.admin, nil)
	request("POST /api/logout", f.admin, nil)

	for _, text := range secrets {
		for _, form := range encodings(text) {
			if strings.Contains(f.log.String(), form) {
				t.Errorf("the log has %s", form)
			}
			if strings.Contains(f.exposition(), form) {
				t.Errorf("the metrics have %s", form)
			}
			for _, body := range bodies {
				if strings.Contains(body, form) {
					t.Errorf("an answer has %s: %s", form, body)
				}
			}
		}
	}
	if !strings.Contains(in.body, ada) || strings.Contains(in.body, first) {
		t.Error("the answer of the sign-in lacks the token or has the password")
	}
	if lines := strings.Count(f.log.String(), "\n"); lines < len(bodies) {
		t.Errorf("%d lines for %d requests: the test doesn't see the whole log", lines, len(bodies))
	}
}
