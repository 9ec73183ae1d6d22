package httpapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// unrecordedWrites lists the operations that write to the database, but not to the activity log, each with the reason.
var unrecordedWrites = map[string]string{
	"POST /api/users/forgotten-password": "answer and writes must not depend on whether the account exists",
}

// writingGETs are the GET operations that write to the database.
var writingGETs = []string{"GET /api/saml-configuration/generate-certificate"}

// unchangedRequests are the successful requests of the permission table that change nothing, with their bodies.
var unchangedRequests = []string{
	"PATCH /api/users/{id} {}", `PUT /api/users/{id}/roles {"roles":[1]}`, "PUT /api/roles/{id}/permissions []",
	"DELETE /api/keys ",
}

// extraRequests maps an operation to a function that returns a successful request for it. These operations have no
// successful request in the permission table.
var extraRequests = map[string]func(f *fixture) call{
	"POST /api/users/retrieve-password": func(f *fixture) call {
		body := jsonOf(map[string]string{"token": f.recoveryToken(adminEmail), "newPassword": newPassword})
		return call{method: "POST", path: "/api/users/retrieve-password", body: body}
	},
	"DELETE /api/keys": func(f *fixture) call {
		f.do(call{method: "POST", path: "/api/keys", token: f.admin, body: `{"name":"n"}`})
		return call{method: "DELETE", path: "/api/keys", token: f.admin}
	},
}

// TestEveryWriteIsRecorded sends every writing request of the permission table as an administrator. A change and its
// entry in the activity log are one transaction: if the entry can't be written, the request must fail and change
// nothing. The same request must succeed once entries can be written again. No entry may contain a secret.
func TestEveryWriteIsRecorded(t *testing.T) {
	seen := map[string]bool{}
	for _, op := range operations(t) {
		seen[op.name] = true
		if op.method == http.MethodGet && !slices.Contains(writingGETs, op.name) || unrecordedWrites[op.name] != "" {
			continue
		}
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			var requests []func(f *fixture) call
			for _, row := range permissionTable {
				if row.op == op.name {
					requests = append(requests, func(f *fixture) call { return f.rowCall(op, row) })
				}
			}
			if request, ok := extraRequests[op.name]; ok {
				requests = append(requests, request)
			}
			recorded := 0
			for _, request := range requests {
				f := newFixture(t)
				c := request(f)
				if f.wantRolledBack(c, slices.Contains(unchangedRequests, op.name+" "+c.body)) {
					recorded++
					c = request(f)
					f.wantRecorded(c)
					f.wantNoSecrets(secretsOf(op.body(), c.body))
				}
			}
			if recorded == 0 {
				t.Error("no row of the permission table writes; add a writing request to extraRequests")
			}
		})
	}
	for name := range unrecordedWrites {
		if !seen[name] {
			t.Errorf("the contract has no %s", name)
		}
	}
}

// rowCall returns the request of a row of the permission table with the token of an administrator.
func (f *fixture) rowCall(op operation, row permissionRow) call {
	s := f.scenario("admin", row.target, row.needs)
	body := strings.ReplaceAll(row.body, "%d", fmt.Sprint(f.role()))
	body = strings.Replace(body, "new@", fmt.Sprintf("new%d@", s.caller), 1)
	return call{method: op.method, path: op.at(s.target), token: s.token, body: body}
}

// wantRolledBack sends a request while entries of the activity log can't be written. It reports whether the request
// failed. Either way, the request must not write anything.
//
// With unchanged, the request asks for what is there already: it may commit a transaction that writes nothing.
func (f *fixture) wantRolledBack(c call, unchanged bool) bool {
	f.t.Helper()
	before, entries, commits := f.state(), len(f.activity()), f.store.commits.Load()
	f.store.failWith(func(method string) error {
		if method == "InsertActivity" {
			return errors.New("the disk is full")
		}
		return nil
	})
	a := f.do(c)
	f.store.failWith(nil)
	if a.status < 300 && f.store.commits.Load() != commits && !unchanged {
		f.t.Errorf("%s %s %s writes without an entry", c.method, c.path, c.body)
	}
	if a.status >= 500 && (f.state() != before || len(f.activity()) != entries) {
		f.t.Errorf("%s %s %s fails for want of its entry, but writes", c.method, c.path, c.body)
	}
	return a.status >= 500
}

// wantRecorded fails the test unless the request c succeeds and adds an entry to the activity log.
func (f *fixture) wantRecorded(c call) {
	f.t.Helper()
	before := len(f.activity())
	if a := f.do(c); a.status >= 300 || len(f.activity()) == before {
		f.t.Errorf("%s %s %s is answered with %d %s and adds %d entries",
			c.method, c.path, c.body, a.status, a.body, len(f.activity())-before)
	}
}

// activity returns the whole activity log, oldest entry first.
func (f *fixture) activity() []account.StoredActivity {
	f.t.Helper()
	return must(f.store.Store.Activity(f.t.Context(), account.ActivityQuery{OldestFirst: true, Limit: 1_000_000}))
}

// secretForms matches any text that looks like a secret: a token, an API key, a password hash, a private key or a
// password of the tests.
var secretForms = regexp.MustCompile(`us[a-z]_[0-9A-Za-z]{20}|\$argon2|\$2[aby]\$|PRIVATE KEY|Correct-Horse`)

// wantNoSecrets fails the test if an entry of the activity log contains one of the secrets, or text that secretForms
// matches.
func (f *fixture) wantNoSecrets(secrets []string) {
	f.t.Helper()
	for _, e := range f.activity() {
		text := jsonOf(e) + e.ChangesText
		if found := secretForms.FindString(text); found != "" {
			f.t.Errorf("the entry %s contains a secret: %s", text, found)
		}
		for _, secret := range secrets {
			for _, form := range encodings(secret) {
				if strings.Contains(text, form) {
					f.t.Errorf("the entry %s contains the secret %q", text, secret)
				}
			}
		}
	}
}

// secretsOf returns the values in body of all fields that the contract marks as secret with x-secret.
func secretsOf(schema *openapi3.Schema, body string) (secrets []string) {
	if schema == nil || body == "" {
		return nil
	}
	var walk func(*openapi3.Schema, any)
	walk = func(s *openapi3.Schema, value any) {
		switch v := value.(type) {
		case string:
			if s.Extensions["x-secret"] == true && len(v) >= 8 { // a shorter value may be a part of another word
				secrets = append(secrets, v)
			}
		case []any:
			for _, item := range v {
				walk(s.Items.Value, item)
			}
		case map[string]any:
			for name, field := range v {
				if p := s.Properties[name]; p != nil {
					walk(p.Value, field)
				}
			}
		}
	}
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		panic(err)
	}
	walk(schema, value)
	return secrets
}
