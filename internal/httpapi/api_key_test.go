package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// makeKey creates an API key as the caller with the given token and returns the text of the new key.
func (f *fixture) makeKey(token, path, body string) string {
	f.t.Helper()
	a := f.do(call{method: "POST", path: path, token: token, body: body})
	var key struct{ Key string }
	a.decode(f.t, &key)
	if !strings.HasPrefix(key.Key, "usk_") {
		f.t.Fatalf("no key: %d %s", a.status, a.body)
	}
	return key.Key
}

// keySteps returns the steps of TestAnswers for keys and sessions. They must run last, because each new key adds a
// message to the outbox, whose contents earlier steps compare.
func keySteps(f *fixture) []step {
	var session, contract, named string
	return []step{
		{op: "POST /api/login", body: literal(`{"email":"` + adminEmail + `","password":"` + password + `"}`),
			status: 200, want: "*", after: func(a answer) {
				var in struct{ AuthToken string }
				a.decode(f.t, &in)
				session = in.AuthToken
			}},
		{op: "POST /api/api-key", token: &session, status: 200, want: "*", after: func(a answer) { contract = a.body }},
		{op: "GET /api/api-key", token: &session, status: 200, want: "*", after: func(a answer) {
			if a.body != contract || !strings.HasPrefix(a.body, `{"key":"usk_`) {
				f.t.Errorf("the key was created as %s and is read as %s", contract, a.body)
			}
		}},
		{op: "POST /api/keys", token: &session, status: 201, want: "*", body: literal(`{"name":"nightly","expiresInDays":1,
			"permissions":[{"entityName":"user","action":"read","entityIds":["3",2,3],"dynamicId":""}]}`,
		), after: func(a answer) {
			key := a.body[len(`{"details":`+namedKeyJSON("wxyz")+`,"key":"`) : len(a.body)-len("\"}\n")]
			named = namedKeyJSON(key[len(key)-4:])
			if want := `{"details":` + named + `,"key":"` + key + `"}` + "\n"; a.body != want || len(key) != 53 {
				f.t.Errorf("the named key is %s", a.body)
			}
		}},
		{op: "GET /api/keys", token: &session, status: 200, want: "*", after: func(a answer) {
			hint := contract[len(contract)-len("wxyz\"}\n"):][:4]
			want := `[{"id":1,"createdAt":"2027-03-01T09:00:01Z","expiresAt":null,"hint":"` + hint + `","kind":"contract",` +
				`"lastUsedAt":null,"name":"","permissions":null,"userId":1},` + named + "]\n"
			if a.body != want {
				f.t.Errorf("the keys are %s\nwant %s", a.body, want)
			}
		}},
		{op: "DELETE /api/keys/{id}", id: 2, token: &session, status: 204},
		{op: "DELETE /api/keys", token: &session, status: 204},
		{op: "GET /api/sessions", token: &session, status: 200,
			want: `[{"id":3,"createdAt":"2027-03-01T09:00:01Z","current":true,"device":"",` +
				`"expiresAt":"2027-03-01T21:00:01Z","lastSeenAt":"2027-03-01T09:00:01Z","source":"192.0.2.1","userId":1}]` + "\n",
			after: func(answer) { f.signIn(adminEmail, password) }},
		{op: "DELETE /api/sessions/{id}", id: 4, token: &session, status: 204},
		{op: "DELETE /api/sessions", token: &session, status: 204},
	}
}

// namedKeyJSON returns the JSON of the named key that keySteps creates.
func namedKeyJSON(hint string) string {
	return `{"id":2,"createdAt":"2027-03-01T09:00:01Z","expiresAt":"2027-03-02T09:00:01Z","hint":"` + hint + `",` +
		`"kind":"named","lastUsedAt":null,"name":"nightly",` +
		`"permissions":[{"action":"read","dynamicId":null,"entityIds":[2,3],"entityName":"user"}],"userId":1}`
}

// TestKeyHeaders checks that an API key is accepted in the same headers as a session token. The answers must forbid
// caching.
func TestKeyHeaders(t *testing.T) {
	f := newFixture(t)
	key := f.makeKey(f.admin, "/api/api-key", "")
	for name, header := range map[string]http.Header{
		"x-api-key":              {"X-Api-Key": {key}},
		"x-api-key, with Bearer": {"X-Api-Key": {"Bearer " + key}},
		"Authorization":          {"Authorization": {"Bearer " + key}},
	} {
		a := f.do(call{path: "/api/api-key", header: header})
		if a.status != http.StatusOK || !strings.Contains(a.body, key) || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s %v", name, a.status, a.body, a.header)
		}
	}
	if log := f.log.String(); strings.Contains(log, key) || strings.Contains(log, key[4:]) {
		t.Error("the log contains the key")
	}
}

// TestRenewKeyIgnoresBody sends the bodies that existing clients send to this operation: none, or an empty object.
func TestRenewKeyIgnoresBody(t *testing.T) {
	f := newFixture(t)
	for _, body := range []string{"", "{}"} {
		f.makeKey(f.admin, "/api/api-key", body)
	}
}

func TestNewKeyIsChecked(t *testing.T) {
	f := newFixture(t)
	withPermission := func(rest string) string {
		return `{"name":"n","permissions":[{"entityName":"user","action":"read"` + rest + `}]}`
	}
	tests := []struct{ name, body, path string }{
		{"no name", `{}`, "/name"},
		{"no days", `{"name":"n","expiresInDays":0}`, "/expiresInDays"},
		{"ten years and a day", `{"name":"n","expiresInDays":3651}`, "/expiresInDays"},
		{"narrowed twice", `{"name":"n","readOnly":true,"permissions":[{"entityName":"user","action":"read"}]}`,
			"/permissions"},
		{"no permissions", `{"name":"n","permissions":[]}`, "/permissions"},
		{"no ids", withPermission(`,"entityIds":[]`), "/permissions/0/entityIds"},
		{"an id that is too great", withPermission(`,"entityIds":["99999999999999999999"]`), "/permissions/0/entityIds"},
		{"another dynamic id", withPermission(`,"dynamicId":"my-id"`), "/permissions/0/dynamicId"},
		{"an unknown field", `{"name":"n","scope":"all"}`, "/scope"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := f.do(call{method: "POST", path: "/api/keys", token: f.admin, body: test.body})
			a.want(t, http.StatusBadRequest, account.CodeInvalid)
			if e := a.errorBody(t); len(e.Details) == 0 || !strings.HasPrefix(e.Details[0].Path, test.path) {
				t.Errorf("the details are %+v, want %s", e.Details, test.path)
			}
		})
	}
}

// TestKeepKeys checks that an administrator who resets a user's password may leave the user's API keys valid.
func TestKeepKeys(t *testing.T) {
	f := newFixture(t)
	for query, works := range map[string]int{"": 401, "?keepKeys=false": 401, "?keepKeys=true": 200} {
		id := f.user("u"+strings.Trim(query, "?=")+"@example.org", access.UserRole)
		key := f.makeKey(f.session(id, f.clock.Now()), "/api/api-key", "")
		body := `{"password":"` + newPassword + `"}`
		a := f.do(call{method: "PATCH", path: userPath(id) + query, token: f.admin, body: body})
		if a.status != http.StatusOK {
			t.Fatalf("%q: %d %s", query, a.status, a.body)
		}
		if a := f.do(call{path: "/api/users/whoami", token: key}); a.status != works {
			t.Errorf("after a reset with %q the key is answered %d, want %d", query, a.status, works)
		}
	}
}
