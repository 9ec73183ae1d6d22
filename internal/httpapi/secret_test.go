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

// forms are the ways in which a secret may be written.
func forms(s string) []string {
	quoted, _ := json.Marshal(s)
	return []string{
		s, strings.Trim(string(quoted), `"`), url.QueryEscape(s), url.PathEscape(s), hex.EncodeToString([]byte(s)),
		base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)),
	}
}

// TestSecretsStaySecret uses every operation, well and badly, with secrets that
// can be recognised. Neither the log, nor an answer, nor the metrics have one;
// a token is in the one answer that it is for.
func TestSecretsStaySecret(t *testing.T) {
	f := newFixture(t, func(o *httpapi.Options) { o.AccessLog = true })
	const (
		first  = `Recognise-"me"&<1>/%é`
		second = `Recognise-"me"&<2>/%é`
		third  = `Recognise-"me"&<3>/%é`
		typed  = `Recognise-"me"&<4>/%é` // where it does not belong
	)
	secrets := []string{first, second, third, typed, f.admin, f.hash}
	var shown []string
	ask := func(op, token string, body any) answer {
		t.Helper()
		method, path, _ := strings.Cut(op, " ")
		c := call{method: method, path: path, token: token}
		if body != nil {
			c.body = jsonOf(body)
		}
		a := f.do(c)
		shown = append(shown, a.body)
		return a
	}
	type object = map[string]any
	user := object{"name": "Ada", "email": "ada@example.org", "password": first, "active": true}
	ask("POST /api/users", f.admin, []any{user})
	ask("POST /api/users", f.admin, []any{user})                                                        // taken
	ask("POST /api/users", f.admin, []any{object{"name": typed, "email": typed, "password": "weak"}})   // no address
	ask("POST /api/users", f.admin, []any{object{"name": 1, "email": typed, "password": []any{typed}}}) // off the schema
	ask("POST /api/users", first, []any{user})                                                          // a password as a credential

	in := f.do(call{method: "POST", path: "/api/login", body: jsonOf(object{"email": "ada@example.org", "password": first})})
	var session struct{ AuthToken string }
	in.decode(t, &session)
	ada := session.AuthToken
	secrets = append(secrets, ada)
	ask("POST /api/login", "", object{"email": typed, "password": second})
	ask("POST /api/login", "", object{"email": "ada@example.org", "password": second})
	ask("POST /api/login", "", object{"email": "ada@example.org", "password": first, "token": typed})
	ask("POST /api/login", "", object{"email": "ada@example.org", "password": strings.Repeat(typed, 100)})

	ask("GET /api/users/whoami?token="+url.QueryEscape(typed), ada, nil)
	ask("GET /"+url.PathEscape(typed), ada, nil)
	ask("GET /api/users/"+url.PathEscape(typed), ada, nil)
	ask("GET /api/users", typed, nil)
	ask("PATCH /api/users/password", ada, object{"oldPassword": second, "newPassword": third})
	ask("PATCH /api/users/password", ada, object{"oldPassword": first, "newPassword": "weak"})
	ask("PATCH /api/users/password", ada, object{"oldPassword": first, "newPassword": second})
	ask("PATCH /api/users/2", ada, object{"password": third})
	ask("PATCH /api/users/2", f.admin, object{"password": "weak" + strings.Repeat(typed, 100)})
	ask("PATCH /api/users/2", f.admin, object{"department": "Engines"})
	ask("PUT /api/users/2/roles", f.admin, object{"roles": []any{1, 2}})
	ask("PUT /api/users/2/roles", f.admin, object{"roles": []any{typed}})

	recovery := f.recoveryToken("ada@example.org")
	secrets = append(secrets, recovery)
	ask("GET /api/mail", f.admin, nil)
	ask("GET /api/mail/1", f.admin, nil)
	ask("GET /api/users", recovery, nil)
	ask("POST /api/users/forgotten-password", "", object{"email": typed})
	ask("POST /api/users/retrieve-password", "", object{"token": recovery, "newPassword": "weak"})
	ask("POST /api/users/retrieve-password", "", object{"token": typed, "newPassword": third})
	ask("POST /api/users/retrieve-password", "", object{"token": recovery, "newPassword": third})
	ask("POST /api/users/retrieve-password", "", object{"token": recovery, "newPassword": third})
	f.store.fail(func(string) error { return &account.Error{Code: account.CodeUnavailable, Err: errOfDriver} })
	ask("POST /api/login", "", object{"email": "ada@example.org", "password": third})
	ask("GET /api/users", f.admin, nil)
	f.store.fail(nil)
	ask("PATCH /api/users/2", f.admin, object{"password": second})
	ask("DELETE /api/users/2", f.admin, nil)
	ask("POST /api/logout", f.admin, nil)

	for _, text := range secrets {
		for _, form := range forms(text) {
			if strings.Contains(f.log.String(), form) {
				t.Errorf("the log has %s", form)
			}
			if strings.Contains(f.exposition(), form) {
				t.Errorf("the metrics have %s", form)
			}
			for _, body := range shown {
				if strings.Contains(body, form) {
					t.Errorf("an answer has %s: %s", form, body)
				}
			}
		}
	}
	if !strings.Contains(in.body, ada) || strings.Contains(in.body, first) {
		t.Error("the answer of the sign-in is not as it should be")
	}
	if lines := strings.Count(f.log.String(), "\n"); lines < len(shown) {
		t.Errorf("%d lines for %d requests: the log is not what was looked at", lines, len(shown))
	}
}
