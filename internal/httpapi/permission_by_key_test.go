package httpapi_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// cutOwned splits a target such as "member's key" into the owner ("member") and the kind of object ("key").
func cutOwned(target string) (owner, kind string) {
	for _, kind := range []string{"key", "session", "list"} {
		if owner, ok := strings.CutSuffix(target, "'s "+kind); ok {
			return owner, kind
		}
	}
	return target, ""
}

// ownedTarget returns the target of a request by its kind. For "key" or "session", it stores such a credential of the
// owner and returns its id. For "list", it returns the query that lists the owner's keys or sessions. If kind is empty,
// the target is the owner.
func (f *fixture) ownedTarget(kind string, owner int64) (target int64, query string) {
	f.t.Helper()
	if kind == "list" {
		return 0, fmt.Sprintf("?userId=%d", owner)
	}
	target = owner
	f.write(func(ctx context.Context, tx *account.Tx) (err error) {
		switch kind {
		case "key":
			_, target, err = f.insertKey(ctx, tx, account.APIKey{UserID: owner})
		case "session":
			_, hash, tokenErr := token.New(token.Session, rand.Reader)
			if tokenErr != nil {
				return tokenErr
			}
			now := f.clock.Now()
			session := account.Session{UserID: owner, Created: now, LastSeen: now, ClientNetwork: clientAddress}
			target, err = tx.InsertSession(ctx, session, hash)
		}
		return err
	})
	return target, ""
}

// insertKey stores a named key directly, without the checks of package service. It returns the text and the id of the
// key.
func (f *fixture) insertKey(ctx context.Context, tx *account.Tx, k account.APIKey) (string, int64, error) {
	text, hash, err := token.New(token.APIKey, rand.Reader)
	if err != nil {
		return "", 0, err
	}
	k.Kind, k.Name, k.Hash, k.Created = account.APIKeyNamed, "of a test", hash, f.clock.Now()
	id, err := tx.InsertAPIKey(ctx, k)
	return text.Reveal(), id, err
}

// keyCallers are the callers of TestKeyPermissions: one for each kind of API key. All keys belong to an administrator.
var keyCallers = []string{
	"contract",
	"named",     // all permissions of the owner
	"read-only", // all read permissions of the owner
	"narrowed",  // user:read and user:edit-access for all users, and all permissions on keys and sessions
	"expired",
	"ended",
}

// keyCaller stores an administrator with an API key of a kind in keyCallers.
func (f *fixture) keyCaller(kind string) (s scenario) {
	f.t.Helper()
	f.scenarios++
	s.caller = f.user(fmt.Sprintf("owner%d@example.org", f.scenarios), access.AdministratorRole)
	session := f.session(s.caller, f.clock.Now())
	create := func(path, body string) string {
		var key struct{ Key string }
		a := f.do(call{method: "POST", path: path, token: session, body: body})
		a.decode(f.t, &key)
		if key.Key == "" {
			f.t.Fatalf("no key: %s", a.body)
		}
		return key.Key
	}
	contract := create("/api/api-key", "")
	switch kind {
	case "contract":
		s.token = contract
	case "named":
		s.token = create("/api/keys", `{"name":"n"}`)
	case "read-only":
		s.token = create("/api/keys", `{"name":"n","readOnly":true}`)
	case "narrowed":
		var permissions []string
		for _, p := range []need{readUser, editAccess, readKey, createKey, deleteKey, readSession, deleteSession} {
			permissions = append(permissions, fmt.Sprintf(`{"entityName":%q,"action":%q}`, p.entity, p.action))
		}
		s.token = create("/api/keys", `{"name":"n","permissions":[`+strings.Join(permissions, ",")+`]}`)
	case "expired":
		f.write(func(ctx context.Context, tx *account.Tx) (err error) {
			key := account.APIKey{UserID: s.caller, Expires: f.clock.Now().Add(-time.Second)}
			s.token, _, err = f.insertKey(ctx, tx, key)
			return err
		})
	case "ended":
		s.token = contract
		create("/api/api-key", "")
	}
	// The server stores the time of a key's first use. This request is the first use, so that later requests don't write
	// the time.
	f.do(call{path: "/api/users/whoami", token: s.token})
	return s
}

// TestKeyPermissions checks which operations each kind of API key may call. Only the contract key may manage keys,
// sessions and passwords.
func TestKeyPermissions(t *testing.T) {
	table := []struct {
		op, target, body string
		want             string
	}{
		// Columns of want, one for each caller (see keyCallers): contract, named, read-only, narrowed, expired, ended
		{"GET /api/users/whoami", "", "",
			"200 200 200 200 401 401"},
		{"POST /api/logout", "", "",
			"204 204 204 204 401 401"},
		{"GET /api/users", "", "",
			"200 200 200 200 401 401"},
		{"GET /api/users/{id}", "member", "",
			"200 200 200 200 401 401"},
		{"POST /api/users", "", `[{"name":"n","email":"new@example.org","password":"Correct-Horse-1"}]`,
			"201 201 403 403 401 401"},
		{"PATCH /api/users/{id}", "plain", `{"name":"x"}`,
			"200 200 403 403 401 401"},
		{"PATCH /api/users/{id}", "plain", `{"active":false}`,
			"200 200 403 200 401 401"},
		{"PATCH /api/users/{id}", "member", `{"active":false}`, // the user has permissions that the narrowed key lacks
			"200 200 403 403 401 401"},
		{"DELETE /api/users/{id}", "plain", "",
			"204 204 403 403 401 401"},
		{"GET /api/mail", "", "",
			"200 200 200 403 401 401"},

		{"PATCH /api/users/{id}", "plain", `{"password":"Correct-Horse-2"}`,
			"200 403 403 403 401 401"},
		{"PATCH /api/users/{id}", "plain", `{"email":"new@example.org"}`,
			"200 403 403 403 401 401"},
		{"PATCH /api/users/password", "", `{"oldPassword":"Correct-Horse-1","newPassword":"Correct-Horse-2"}`,
			"200 403 403 403 401 401"},
		{"GET /api/api-key", "", "",
			"200 403 403 403 401 401"},
		{"POST /api/api-key", "", "",
			"200 403 403 403 401 401"},
		{"GET /api/keys", "", "",
			"200 403 403 403 401 401"},
		{"POST /api/keys", "", `{"name":"n"}`,
			"201 403 403 403 401 401"},
		{"DELETE /api/keys", "plain's list", "",
			"204 403 403 403 401 401"},
		{"DELETE /api/keys/{id}", "plain's key", "",
			"204 403 403 403 401 401"},
		{"GET /api/sessions", "", "",
			"200 403 403 403 401 401"},
		{"DELETE /api/sessions", "", "",
			"204 403 403 403 401 401"},
		{"DELETE /api/sessions/{id}", "plain's session", "",
			"204 403 403 403 401 401"},
		{"GET /api/preferences", "", "",
			"200 200 200 200 401 401"},
		{"PATCH /api/preferences", "", `{"language":"de"}`, // there is no permission for it
			"200 200 403 403 401 401"},
	}
	f := newFixture(t)
	byName := map[string]operation{}
	for _, op := range operations(t) {
		byName[op.name] = op
	}
	for _, row := range table {
		op, want := byName[row.op], strings.Fields(row.want)
		for i, kind := range keyCallers {
			target := f.scenario("anonymous", row.target, nil)
			s := f.keyCaller(kind)
			body := strings.Replace(row.body, "new@", fmt.Sprintf("new%d@", s.caller), 1)
			f.checkPermission(op, call{method: op.method, path: op.at(target.target), token: s.token, body: body},
				fmt.Sprintf("%s key: %s to %q %s", kind, row.op, row.target, body), want[i])
		}
	}
}

// TestReadOnlyKeyChangesNothing calls every operation that changes something, with a read-only key of an administrator.
func TestReadOnlyKeyChangesNothing(t *testing.T) {
	byName := map[string]operation{}
	for _, op := range operations(t) {
		changes := op.method != http.MethodGet || op.name == "GET /api/saml-configuration/generate-certificate"
		if changes && !op.public() {
			byName[op.name] = op
		}
	}
	f := newFixture(t)
	delete(byName, "POST /api/logout") // ends sessions only, so it does nothing for a key
	checked := map[string]bool{}
	for _, row := range permissionTable {
		op, changes := byName[row.op]
		if !changes {
			continue
		}
		checked[row.op] = true
		target := f.scenario("anonymous", row.target, nil)
		s := f.keyCaller("read-only")
		body := strings.ReplaceAll(row.body, "%d", fmt.Sprint(f.role()))
		c := call{method: op.method, path: op.at(target.target) + target.query, token: s.token, body: body}
		f.checkPermission(op, c, fmt.Sprintf("%s to %q %s", row.op, row.target, body), "403")
	}
	for name := range byName {
		if !checked[name] {
			t.Errorf("the permission table has no row for %s", name)
		}
	}
}
