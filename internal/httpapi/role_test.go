package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

func rolePath(id int64) string { return fmt.Sprintf("/api/roles/%d", id) }

// readUser2 is the JSON of the permission to read the user with the id 2.
const readUser2 = `[{"action":"read","dynamicId":null,"entityIds":[2],"entityName":"user"}]`

// deskJSON returns the JSON of a role that the tests create.
func deskJSON(id int64, name, permissions string) string {
	return fmt.Sprintf(`{"id":%d,"description":"d","name":%q,"permissions":%s}`, id, name, permissions)
}

// roleSteps returns the steps of TestAnswers for roles.
func roleSteps(f *fixture) []step {
	admin := &f.admin
	return []step{
		{op: "POST /api/roles", token: admin, body: literal(`[{"name":"Desk","description":"d"}]`), status: 201, want: "[" +
			deskJSON(3, "Desk", "[]") + "]\n"},
		{op: "PUT /api/roles/{id}/permissions", id: 3, token: admin,
			body:   literal(`[{"entityName":"user","action":"read","entityIds":["2"]}]`),
			status: 200, want: deskJSON(3, "Desk", readUser2) + "\n"},
		{op: "POST /api/roles/from/{fromId}", id: 3, token: admin, body: literal(`{"name":"Copy"}`), status: 201,
			want: deskJSON(4, "Copy", readUser2) + "\n"},
		{op: "PATCH /api/roles/{id}", id: 4, token: admin, body: literal(`{"name":"Second desk"}`), status: 200,
			want: deskJSON(4, "Second desk", readUser2) + "\n"},
		{op: "GET /api/roles/{id}", id: 4, token: admin, status: 200, want: deskJSON(4, "Second desk", readUser2) + "\n"},
		{op: "GET /api/roles/user-creation-defaults", token: admin, status: 200, want: userRoleJSON + "\n"},
		{op: "DELETE /api/roles/{id}", id: 4, token: admin, status: 204},
		{op: "GET /api/roles", token: admin, status: 200, want: "*", after: func(a answer) {
			if !strings.HasSuffix(a.body, strings.Trim(userRoleJSON, "[]")+"\n,"+deskJSON(3, "Desk", readUser2)+"\n]\n") {
				f.t.Errorf("the roles are %s", a.body)
			}
		}},
	}
}

// TestRoleLifecycle creates, changes and deletes a role, and compares the answers.
func TestRoleLifecycle(t *testing.T) {
	f := newFixture(t)
	var created []struct{ ID int64 }
	a := f.do(call{method: "POST", path: "/api/roles", token: f.admin, body: `[{"name":"Desk","description":"d"}]`})
	a.decode(t, &created)
	path := rolePath(created[0].ID)
	permissions := `[{"entityName":"user","action":"read","entityIds":["1",7],"dynamicId":""},
		{"entityName":"user","action":"read","entityIds":[7],"dynamicId":null},
		{"entityName":"user","action":"edit","entityIds":[],"dynamicId":"self-user-id"},
		{"entityName":"user","action":"read","entityIds":null,"dynamicId":"self-user-id"},
		{"entityName":"dashboard","action":"read"}]`
	stored := `[{"action":"read","dynamicId":null,"entityIds":[1,7],"entityName":"user"},` +
		`{"action":"edit","dynamicId":"self-user-id","entityIds":null,"entityName":"user"},` +
		`{"action":"read","dynamicId":"self-user-id","entityIds":null,"entityName":"user"},` +
		`{"action":"read","dynamicId":null,"entityIds":null,"entityName":"dashboard"}]`
	role := func(name, description, permissions string) string {
		const format = `{"id":%d,"description":%q,"name":%q,"permissions":%s}` + "\n"
		return fmt.Sprintf(format, created[0].ID, description, name, permissions)
	}
	for _, step := range []struct {
		call call
		want string
	}{
		{call{path: path}, role("Desk", "d", "[]")},
		{call{method: "PATCH", path: path, body: `{"name":"Front desk"}`}, role("Front desk", "d", "[]")},
		{call{method: "PUT", path: path + "/permissions", body: permissions}, role("Front desk", "d", stored)},
		{call{path: path}, role("Front desk", "d", stored)},
		{call{method: "DELETE", path: path}, ""},
	} {
		step.call.token = f.admin
		if a := f.do(step.call); a.status/100 != 2 || a.body != step.want {
			t.Errorf("%s %s: %d %s, want %s", step.call.method, step.call.path, a.status, a.body, step.want)
		}
	}
	f.do(call{path: path, token: f.admin}).want(t, http.StatusNotFound, account.CodeNotFound)
}

// TestRoleErrors checks the code and the path of each error of the role operations.
func TestRoleErrors(t *testing.T) {
	f := newFixture(t)
	id := f.role()
	held := f.role()
	f.user("ann@example.org", held)
	put := func(permission string) call {
		return call{method: "PUT", path: rolePath(id) + "/permissions", body: "[" + permission + "]"}
	}
	for _, test := range []struct {
		call   call
		status int
		code   account.Code
		path   string
	}{
		{put(`{"entityName":"user","action":"edit"}`), 400, account.CodePermissionNeedsRead, "/0/action"},
		{put(`{"entityName":"user","action":"read","entityIds":[]}`), 400, account.CodeInvalid, "/0/entityIds"},
		{put(`{"entityName":"user","action":"read","entityIds":["007"]}`), 400, account.CodeInvalid, "/0/entityIds/0"},
		{put(`{"entityName":"user","action":"read","entityIds":["9999999999999999999"]}`), 400, account.CodeInvalid,
			"/0/entityIds"},
		{put(`{"entityName":"user","action":"read","dynamicId":"x"}`), 400, account.CodeInvalid, "/0/dynamicId"},
		{put(`{"entityName":"2fly","action":"read"}`), 400, account.CodeInvalid, "/0/entityName"},
		{call{method: "POST", path: "/api/roles", body: `[{"name":"USER","description":""}]`}, 409,
			account.CodeRoleNameTaken, "/0/name"},
		{call{method: "POST", path: "/api/roles/from/1", body: `{"name":"user"}`}, 409, account.CodeRoleNameTaken, "/name"},
		{call{method: "PATCH", path: rolePath(id), body: `{"name":" "}`}, 400, account.CodeInvalid, "/name"},
		{call{method: "DELETE", path: rolePath(held) + "?replaceWith=999"}, 400, account.CodeInvalid, "/query/replaceWith"},
		{call{method: "DELETE", path: rolePath(held) + "?replaceWith=0"}, 400, account.CodeInvalid, "/query/replaceWith"},
	} {
		test.call.token = f.admin
		a := f.do(test.call)
		a.want(t, test.status, test.code)
		if !a.errorBody(t).names(test.path) {
			t.Errorf("%s: the error does not name %s: %s", test.call.body, test.path, a.body)
		}
	}
	replace := rolePath(held) + fmt.Sprintf("?replaceWith=%d", id)
	if a := f.do(call{method: "DELETE", path: replace, token: f.admin}); a.status != http.StatusNoContent {
		t.Errorf("delete with a replacement: %d %s", a.status, a.body)
	}
}

// TestRolesVisibleToCaller checks that the list of roles has only those that the caller may read. If there are none,
// the list must be [], not null.
func TestRolesVisibleToCaller(t *testing.T) {
	f := newFixture(t)
	absent := f.role(grant("role", 999, readRole)...)
	two := f.role(grant("role", 2, readRole)...)
	for role, want := range map[int64]int{absent: 0, two: 1} {
		token := f.as(fmt.Sprintf("u%d@example.org", role), role)
		for _, path := range []string{"/api/roles", "/api/roles/user-creation-defaults"} {
			var got []struct{ ID int64 }
			a := f.do(call{path: path, token: token})
			a.decode(t, &got)
			if got == nil || len(got) != want || want == 1 && got[0].ID != 2 {
				t.Errorf("%s: got %s, want %d", path, a.body, want)
			}
		}
	}
}
