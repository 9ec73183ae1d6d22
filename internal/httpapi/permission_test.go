package httpapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// outcomes are the words of the permission table that stand for more than a
// status.
var outcomes = map[string]struct {
	status int
	code   account.Code
}{
	"401":   {401, account.CodeUnauthorized},
	"403":   {403, account.CodeForbidden},
	"first": {403, account.CodePasswordChangeRequired}, // change the password first
	"own":   {403, account.CodeUsePasswordChange},      // there is another way for one's own password
	"404":   {404, account.CodeNotFound},
	"token": {400, account.CodeInvalidRecoveryToken},
	"none":  {404, account.CodeNoAPIKey},
	"built": {409, account.CodeBuiltInRole},
	"inuse": {409, account.CodeRoleInUse},
}

// permissionRow is one row of the permission table. %d in a body is a role that
// permits nothing. The first permission of needs is what the caller "but" lacks.
type permissionRow struct {
	op     string
	target string
	body   string
	needs  []need
	want   string // by caller, in the order of callers
}

// permissionTable is who may do what: docs/security.md as outcomes, a list for
// each noun.
var permissionTable = slices.Concat(
	userPermissions, mailPermissions, rolePermissions, keyPermissions, sessionPermissions, activityPermissions,
	settingPermissions, importPermissions,
)

func TestPermissions(t *testing.T) {
	rows := map[string]int{}
	for _, row := range permissionTable {
		rows[row.op]++
	}
	for _, op := range operations(t) {
		if rows[op.name] == 0 {
			t.Errorf("no row of the table says who may %s", op.name)
		}
		delete(rows, op.name)
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.recoveryToken(adminEmail) // message 1
			for _, row := range permissionTable {
				if row.op != op.name {
					continue
				}
				want := strings.Fields(row.want)
				if len(want) != len(callers) {
					t.Fatalf("%d outcomes for %d callers: %q", len(want), len(callers), row.want)
				}
				body := strings.ReplaceAll(row.body, "%d", fmt.Sprint(f.role()))
				for i, caller := range callers {
					s := f.scene(caller, row.target, row.needs)
					fresh := strings.Replace(body, "new@", fmt.Sprintf("new%d@", s.caller), 1)
					f.permission(op, call{method: op.method, path: op.at(s.target) + s.query, token: s.token, body: fresh},
						fmt.Sprintf("%s to %q %s", caller, row.target, body), want[i])
				}
			}
		})
	}
	for name := range rows {
		t.Errorf("the contract has no %s", name)
	}
}

// permission makes one request and checks its outcome; for want of a permission
// nothing may be written.
func (f *fixture) permission(op operation, c call, who, want string) {
	before := f.store.commits.Load()
	a := f.do(c)
	op.checkAnswer(f.t, a)
	refused, isRefused := outcomes[want]
	if !isRefused {
		if got := fmt.Sprint(a.status); got != want {
			f.t.Errorf("%s: %s, want %s: %s", who, got, want, a.body)
		}
		return
	}
	if a.status != refused.status || a.failure(f.t).Error != string(refused.code) {
		f.t.Errorf("%s: want %d %s: %s", who, refused.status, refused.code, a.body)
	}
	if want != "token" && f.store.commits.Load() != before { // a bad token is counted
		f.t.Errorf("%s was refused, and something was written", who)
	}
}

// TestUnseenIsUnknown: a thing that is there and may not be seen is answered
// like one that is not there, to the byte.
func TestUnseenIsUnknown(t *testing.T) {
	f := newFixture(t)
	for _, test := range []struct {
		op, body string
		needs    []need
	}{
		{"GET /api/users/{id}", "", []need{readUser}},
		{"PATCH /api/users/{id}", `{"name":"x"}`, []need{editUser}},
		{"PATCH /api/users/{id}", `{"active":false}`, []need{editAccess}},
		{"DELETE /api/users/{id}", "", []need{deleteUser}},
		{"PUT /api/users/{id}/roles", `{"roles":[2]}`, rolesNeed},
		{"DELETE /api/keys/{id}", "", []need{deleteKey}},
		{"DELETE /api/sessions/{id}", "", []need{deleteSession}},
	} {
		target := "member"
		switch test.needs[0].entity {
		case access.EntityAPIKey:
			target = "member's key"
		case access.EntitySession:
			target = "member's session"
		}
		s := f.scene("unlisted", target, test.needs)
		method, path, _ := strings.Cut(test.op, " ")
		ask := func(id int64) answer {
			return f.do(call{
				method: method, path: strings.Replace(path, "{id}", fmt.Sprint(id), 1), token: s.token, body: test.body,
				header: http.Header{"X-Request-Id": {"same"}},
			})
		}
		there, not := ask(s.target), ask(999_999)
		if there.status != http.StatusNotFound || there.body != not.body || fmt.Sprint(there.header) != fmt.Sprint(not.header) {
			t.Errorf("%s: %d %s %v, and for one that is not there %d %s %v", test.op, there.status, there.body, there.header, not.status, not.body, not.header)
		}
	}
}
