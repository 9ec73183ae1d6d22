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

// unrecorded are the operations that write and leave no entry in the activity
// log, and why.
var unrecorded = map[string]string{
	"POST /api/users/forgotten-password": "the answer is the same whether there is an account or not, and so is what is written",
}

// writingReads are the operations that write although they are a GET.
var writingReads = []string{"GET /api/saml-configuration/generate-certificate"}

// special makes the requests whose success the permission table does not show.
var special = map[string]func(f *fixture) call{
	"POST /api/users/retrieve-password": func(f *fixture) call {
		body := jsonOf(map[string]string{"token": f.recoveryToken(adminEmail), "newPassword": next})
		return call{method: "POST", path: "/api/users/retrieve-password", body: body}
	},
}

// TestEveryWriteIsRecorded makes every request of the permission table that
// writes, as an administrator. When its entry in the activity log cannot be
// written the request fails and changes nothing, so that the same request
// afterwards succeeds: the two are one transaction. No entry has a secret.
func TestEveryWriteIsRecorded(t *testing.T) {
	seen := map[string]bool{}
	for _, op := range operations(t) {
		seen[op.name] = true
		if op.method == http.MethodGet && !slices.Contains(writingReads, op.name) || unrecorded[op.name] != "" {
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
			if request, ok := special[op.name]; ok {
				requests = append(requests, request)
			}
			recorded := 0
			for _, request := range requests {
				f := newFixture(t)
				if c := request(f); f.wantUndone(c) {
					recorded++
					c = request(f)
					f.wantRecorded(c)
					f.wantNoSecrets(secretsOf(op.body(), c.body))
				}
			}
			if recorded == 0 {
				t.Error("no row of the permission table writes; add a request to special that does")
			}
		})
	}
	for name := range unrecorded {
		if !seen[name] {
			t.Errorf("the contract has no %s", name)
		}
	}
}

// rowCall is the request of a row of the permission table, by an administrator.
func (f *fixture) rowCall(op operation, row permissionRow) call {
	s := f.scene("admin", row.target, row.needs)
	body := strings.ReplaceAll(row.body, "%d", fmt.Sprint(f.role()))
	body = strings.Replace(body, "new@", fmt.Sprintf("new%d@", s.caller), 1)
	return call{method: op.method, path: op.at(s.target), token: s.token, body: body}
}

// wantUndone makes a request whose entry cannot be written, and reports whether
// that made it fail. If it does not, nothing may be written.
func (f *fixture) wantUndone(c call) bool {
	f.t.Helper()
	before, entries, commits := f.state(), len(f.activity()), f.store.commits.Load()
	f.store.fail(func(method string) error {
		if method == "InsertActivity" {
			return errors.New("the disk is full")
		}
		return nil
	})
	a := f.do(c)
	f.store.fail(nil)
	if a.status < 300 && f.store.commits.Load() != commits {
		f.t.Errorf("%s %s %s writes, and no entry", c.method, c.path, c.body)
	}
	if a.status >= 500 && (f.state() != before || len(f.activity()) != entries) {
		f.t.Errorf("%s %s %s without its entry has written something", c.method, c.path, c.body)
	}
	return a.status >= 500
}

// wantRecorded makes a request that succeeds and leaves an entry.
func (f *fixture) wantRecorded(c call) {
	f.t.Helper()
	before := len(f.activity())
	if a := f.do(c); a.status >= 300 || len(f.activity()) == before {
		f.t.Errorf("%s %s %s is answered with %d %s, and leaves %d entries", c.method, c.path, c.body, a.status, a.body, len(f.activity())-before)
	}
}

// activity is the whole log, oldest first.
func (f *fixture) activity() []account.StoredActivity {
	f.t.Helper()
	return must(f.store.Store.Activity(f.t.Context(), account.ActivityQuery{Forward: true, Limit: 1_000_000}))
}

// secretForms are the forms of tokens, keys and hashes.
var secretForms = regexp.MustCompile(`us[a-z]_[0-9A-Za-z]{20}|\$argon2|\$2[aby]\$|PRIVATE KEY|Correct-Horse`)

// wantNoSecrets fails when an entry has one of the secrets, or anything in the
// form of one.
func (f *fixture) wantNoSecrets(secrets []string) {
	f.t.Helper()
	for _, e := range f.activity() {
		text := jsonOf(e) + e.ChangesText
		if found := secretForms.FindString(text); found != "" {
			f.t.Errorf("the entry %s has a secret: %s", text, found)
		}
		for _, secret := range secrets {
			for _, form := range forms(secret) {
				if strings.Contains(text, form) {
					f.t.Errorf("the entry %s has the secret %q", text, secret)
				}
			}
		}
	}
}

// secretsOf returns what a body has in the fields that the contract marks as
// secrets.
func secretsOf(schema *openapi3.Schema, body string) (secrets []string) {
	if schema == nil || body == "" {
		return nil
	}
	var walk func(*openapi3.Schema, any)
	walk = func(s *openapi3.Schema, value any) {
		switch v := value.(type) {
		case string:
			if s.Extensions["x-secret"] == true && len(v) >= 8 { // shorter ones are in other words
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
