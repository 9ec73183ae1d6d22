package httpapi_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// cutOwned splits "member's key" into whose it is and what.
func cutOwned(target string) (whose, thing string) {
	for _, thing := range []string{"key", "session", "list"} {
		if whose, ok := strings.CutSuffix(target, "'s "+thing); ok {
			return whose, thing
		}
	}
	return target, ""
}

// owned makes what is a user's own: a "key" or a "session", whose id it returns,
// or the "list" of them, which a query names. Else it is the user.
func (f *fixture) owned(thing string, owner int64) (target int64, query string) {
	f.t.Helper()
	if thing == "list" {
		return 0, fmt.Sprintf("?userId=%d", owner)
	}
	target = owner
	f.write(func(ctx context.Context, tx account.Tx) (err error) {
		switch thing {
		case "key":
			_, target, err = f.insertKey(ctx, tx, account.APIKey{UserID: owner})
		case "session":
			_, hash, failure := token.New(token.Session, rand.Reader)
			if failure != nil {
				return failure
			}
			session := account.Session{UserID: owner, Created: f.clock.Now(), LastSeen: f.clock.Now(), ClientNetwork: home}
			target, err = tx.InsertSession(ctx, session, hash)
		}
		return err
	})
	return target, ""
}

// insertKey stores a named key past the rules and returns its text and its id.
func (f *fixture) insertKey(ctx context.Context, tx account.Tx, k account.APIKey) (string, int64, error) {
	text, hash, err := token.New(token.APIKey, rand.Reader)
	if err != nil {
		return "", 0, err
	}
	k.Kind, k.Name, k.Hash, k.Created = account.APIKeyNamed, "of a test", hash, f.clock.Now()
	id, err := tx.InsertAPIKey(ctx, k)
	return text.Reveal(), id, err
}

// keyCallers are the columns of the table below: keys of an administrator.
var keyCallers = []string{
	"contract",
	"named",     // not narrowed
	"read-only", // every permission to read
	"narrowed",  // user:read and user:edit-access for all, and everything of keys and sessions
	"expired",
	"ended",
}

// keyCaller makes an administrator and his key of a kind.
func (f *fixture) keyCaller(kind string) (s scene) {
	f.t.Helper()
	f.users++
	s.caller = f.user(fmt.Sprintf("keeper%d@example.org", f.users), access.AdministratorRole)
	session := f.session(s.caller, f.clock.Now())
	made := func(path, body string) string {
		var key struct{ Key string }
		a := f.do(call{method: "POST", path: path, token: session, body: body})
		a.decode(f.t, &key)
		if key.Key == "" {
			f.t.Fatalf("no key: %s", a.body)
		}
		return key.Key
	}
	contract := made("/api/api-key", "")
	switch kind {
	case "contract":
		s.token = contract
	case "named":
		s.token = made("/api/keys", `{"name":"n"}`)
	case "read-only":
		s.token = made("/api/keys", `{"name":"n","readOnly":true}`)
	case "narrowed":
		var asked []string
		for _, p := range []need{readUser, editAccess, readKey, createKey, deleteKey, readSession, deleteSession} {
			asked = append(asked, fmt.Sprintf(`{"entityName":%q,"action":%q}`, p.entity, p.action))
		}
		s.token = made("/api/keys", `{"name":"n","permissions":[`+strings.Join(asked, ",")+`]}`)
	case "expired":
		f.write(func(ctx context.Context, tx account.Tx) (err error) {
			s.token, _, err = f.insertKey(ctx, tx, account.APIKey{UserID: s.caller, Expires: f.clock.Now().Add(-time.Second)})
			return err
		})
	case "ended":
		s.token = contract
		made("/api/api-key", "")
	}
	f.do(call{path: "/api/users/whoami", token: s.token}) // the first use of a key is written
	return s
}

// What each kind of key reaches, and that none but the contract's reaches keys,
// sessions and passwords.
func TestKeyPermissions(t *testing.T) {
	table := []struct {
		op, target, body string
		want             string
	}{
		//                                                                                         contract named read-only narrowed expired ended
		{"GET /api/users/whoami", "", "", "                                                            200 200 200 200 401 401"},
		{"POST /api/logout", "", "", "                                                                 204 204 204 204 401 401"},
		{"GET /api/users", "", "", "                                                                   200 200 200 200 401 401"},
		{"GET /api/users/{id}", "member", "", "                                                        200 200 200 200 401 401"},
		{"POST /api/users", "", `[{"name":"n","email":"new@example.org","password":"Correct-Horse-1"}]`, " 201 201 403 403 401 401"},
		{"PATCH /api/users/{id}", "plain", `{"name":"x"}`, "                                           200 200 403 403 401 401"},
		{"PATCH /api/users/{id}", "plain", `{"active":false}`, "                                       200 200 403 200 401 401"},
		{"PATCH /api/users/{id}", "member", `{"active":false}`, "                                      200 200 403 403 401 401"}, // not covered
		{"DELETE /api/users/{id}", "plain", "", "                                                      204 204 403 403 401 401"},
		{"GET /api/mail", "", "", "                                                                    200 200 200 403 401 401"},

		{"PATCH /api/users/{id}", "plain", `{"password":"Correct-Horse-2"}`, "                         200 403 403 403 401 401"},
		{"PATCH /api/users/{id}", "plain", `{"email":"new@example.org"}`, "                            200 403 403 403 401 401"},
		{"PATCH /api/users/password", "", `{"oldPassword":"Correct-Horse-1","newPassword":"Correct-Horse-2"}`, "200 403 403 403 401 401"},
		{"GET /api/api-key", "", "", "                                                                 200 403 403 403 401 401"},
		{"POST /api/api-key", "", "", "                                                                200 403 403 403 401 401"},
		{"GET /api/keys", "", "", "                                                                    200 403 403 403 401 401"},
		{"POST /api/keys", "", `{"name":"n"}`, "                                                       201 403 403 403 401 401"},
		{"DELETE /api/keys/{id}", "plain's key", "", "                                                 204 403 403 403 401 401"},
		{"GET /api/sessions", "", "", "                                                                200 403 403 403 401 401"},
		{"DELETE /api/sessions", "", "", "                                                             204 403 403 403 401 401"},
		{"DELETE /api/sessions/{id}", "plain's session", "", "                                         204 403 403 403 401 401"},
	}
	f := newFixture(t)
	byName := map[string]operation{}
	for _, op := range operations(t) {
		byName[op.name] = op
	}
	for _, row := range table {
		op, want := byName[row.op], strings.Fields(row.want)
		for i, kind := range keyCallers {
			target := f.scene("nobody", row.target, nil)
			s := f.keyCaller(kind)
			body := strings.Replace(row.body, "new@", fmt.Sprintf("new%d@", s.caller), 1)
			f.permission(op, call{method: op.method, path: op.at(target.target), token: s.token, body: body},
				fmt.Sprintf("%s key: %s to %q %s", kind, row.op, row.target, body), want[i])
		}
	}
}
