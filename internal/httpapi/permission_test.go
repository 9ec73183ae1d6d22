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

// outcomes maps each word in the column want of the permission table to the error that it stands for.
var outcomes = map[string]struct {
	status int
	code   account.Code
}{
	"401":   {401, account.CodeUnauthorized},
	"403":   {403, account.CodeForbidden},
	"first": {403, account.CodePasswordChangeRequired}, // the caller must change the password first
	"own":   {403, account.CodeUsePasswordChange},      // callers must change their own password with another operation
	"404":   {404, account.CodeNotFound},
	"token": {400, account.CodeInvalidRecoveryToken},
	"none":  {404, account.CodeNoAPIKey},
	"built": {409, account.CodeBuiltInRole},
	"inuse": {409, account.CodeRoleInUse},
}

// permissionRow is one row of the permission table: an operation on a target with the expected result for each caller.
type permissionRow struct {
	op     string
	target string
	body   string // %d is the id of a role without permissions
	needs  []need // the permissions that the operation needs; the caller "lacking" lacks the first one
	want   string // one result for each caller in callers, separated by spaces: a status or a key of outcomes
}

// permissionTable tests that every operation grants access as docs/security.md says. Each list has the rows for one
// resource, such as users or roles.
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
			t.Errorf("the permission table has no row for %s", op.name)
		}
		delete(rows, op.name)
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.recoveryToken(adminEmail) // creates the message with id 1, which requests of a message read
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
					s := f.scenario(caller, row.target, row.needs)
					fresh := strings.Replace(body, "new@", fmt.Sprintf("new%d@", s.caller), 1)
					c := call{method: op.method, path: op.at(s.target) + s.query, token: s.token, body: fresh}
					f.checkPermission(op, c, fmt.Sprintf("%s to %q %s", caller, row.target, body), want[i])
				}
			}
		})
	}
	for name := range rows {
		t.Errorf("the contract has no %s", name)
	}
}

// checkPermission sends the request c and compares the result with want, a status or a key of outcomes. A refused
// request must not write anything. name describes the request in the test's messages.
func (f *fixture) checkPermission(op operation, c call, name, want string) {
	before := f.store.commits.Load()
	a := f.do(c)
	op.checkAnswer(f.t, a)
	refused, isRefused := outcomes[want]
	if !isRefused {
		if got := fmt.Sprint(a.status); got != want {
			f.t.Errorf("%s: %s, want %s: %s", name, got, want, a.body)
		}
		return
	}
	if a.status != refused.status || a.errorBody(f.t).Error != string(refused.code) {
		f.t.Errorf("%s: want %d %s: %s", name, refused.status, refused.code, a.body)
	}
	if want != "token" && f.store.commits.Load() != before { // a wrong recovery token is counted, which writes
		f.t.Errorf("%s was refused, but wrote to the database", name)
	}
}

// TestHiddenIsNotFound checks that a caller can't find out whether an object exists that the caller may not read. The
// answer must equal the answer for an object that doesn't exist.
func TestHiddenIsNotFound(t *testing.T) {
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
		s := f.scenario("unlisted", target, test.needs)
		method, path, _ := strings.Cut(test.op, " ")
		request := func(id int64) answer {
			return f.do(call{
				method: method, path: strings.Replace(path, "{id}", fmt.Sprint(id), 1), token: s.token, body: test.body,
				header: http.Header{"X-Request-Id": {"same"}},
			})
		}
		hidden, absent := request(s.target), request(999_999)
		if hidden.status != http.StatusNotFound || hidden.body != absent.body ||
			fmt.Sprint(hidden.header) != fmt.Sprint(absent.header) {
			t.Errorf("%s: a hidden entity is answered %d %s %v, an absent one %d %s %v",
				test.op, hidden.status, hidden.body, hidden.header, absent.status, absent.body, absent.header)
		}
	}
}
