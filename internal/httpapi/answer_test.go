package httpapi_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

const (
	adminJSON = `{"id":1,"active":true,"biography":null,"department":null,"email":"admin@example.org","eulaVersion":-1,` +
		`"identifier":"admin@example.org","lockedOut":false,"name":"Admin","picture":null,"provider":"tenable",` +
		`"roles":[1],"surname":null}`
	graceJSON = `{"id":3,"active":false,"biography":null,"department":null,"email":"grace@example.org","eulaVersion":-1,` +
		`"identifier":"grace@example.org","lockedOut":false,"name":"Grace","picture":null,"provider":"tenable",` +
		`"roles":[2],"surname":null}`
)

// adaJSON returns the JSON of the user Ada, with the given values for some of her fields.
func adaJSON(department, biography, picture, roles string) string {
	return `{"id":2,"active":true,"biography":` + biography + `,"department":` + department + `,` +
		`"email":"Ada@example.org","eulaVersion":-1,"identifier":"Ada@example.org","lockedOut":false,"name":"Ada",` +
		`"picture":` + picture + `,"provider":"tenable","roles":` + roles + `,"surname":"Lovelace"}`
}

// step is one request of TestAnswers with the expected answer.
type step struct {
	op     string // the operation of the contract
	query  string
	id     int64
	token  *string // nil: no credential
	body   func() string
	status int
	want   string // the body; "": none, "*": not compared
	after  func(answer)
}

// TestAnswers calls every operation at least once and compares the exact bodies of the answers. It also checks that
// every answer obeys the contract, api/openapi.yaml.
func TestAnswers(t *testing.T) {
	f := newFixture(t)
	var ada, recovery string
	steps := []step{
		{op: "POST /api/users", token: &f.admin, body: literal(`[
			{"name":"Ada","surname":"Lovelace","email":"Ada@example.org","password":"` + password + `",
				"department":"Engines","biography":"B","active":true,"picture":[0,255]},
			{"name":"Grace","email":"grace@example.org","password":"` + password + `"}]`),
			status: 201, want: "[" + adaJSON(`"Engines"`, `"B"`, `[0,255]`, `[2]`) + "," + graceJSON + "]\n"},
		{op: "POST /api/login", body: literal(`{"email":"ADA@EXAMPLE.ORG","password":"` + password + `"}`), status: 200,
			want: "*",
			after: func(a answer) {
				var in map[string]any
				a.decode(t, &in)
				ada, _ = in["authToken"].(string)
				want := `{"authToken":"` + ada + `","needPasswordReset":false}` + "\n"
				if a.body != want || !strings.HasPrefix(ada, "uss_") {
					t.Errorf("the sign-in is %s", a.body)
				}
			}},
		{op: "GET /api/users/whoami", token: &ada, status: 200,
			want: strings.Replace(adaJSON(`"Engines"`, `"B"`, `[0,255]`, userRoleJSON), `"lockedOut"`,
				`"internal":false,"lockedOut"`, 1) + "\n"},
		{op: "GET /api/activity-log", token: &ada, status: 200, want: "*", after: wantWithoutIDs(t, "["+signInJSON+"]\n")},
		{op: "GET /api/activity-log/export", token: &ada, status: 200, want: "*", after: wantWithoutIDs(t, signInJSON+"\n")},
		{op: "GET /api/users", token: &f.admin, status: 200,
			want: "[" + adminJSON + "\n," + adaJSON(`"Engines"`, `"B"`, `[0,255]`, `[2]`) + "\n," + graceJSON + "\n]\n"},
		{op: "GET /api/users", token: &ada, status: 200, want: "[" + adaJSON(`"Engines"`, `"B"`, `[0,255]`, `[2]`) + "\n]\n"},
		{op: "GET /api/users/{id}", id: 3, token: &f.admin, status: 200, want: graceJSON + "\n"},
		{op: "PATCH /api/users/{id}", id: 2, token: &f.admin,
			body:   literal(`{"department":"Analytical Engines","biography":null,"picture":null,"lockedOut":false}`),
			status: 200, want: adaJSON(`"Analytical Engines"`, `null`, `null`, `[2]`) + "\n"},
		{op: "PATCH /api/users/{id}", id: 2, token: &f.admin, body: literal(`{}`), status: 200,
			want: adaJSON(`"Analytical Engines"`, `null`, `null`, `[2]`) + "\n"},
		{op: "PUT /api/users/{id}/roles", id: 2, token: &f.admin, body: literal(`{"roles":[2,1,2]}`), status: 200,
			want: `{"roles":[1,2]}` + "\n"},
		{op: "PATCH /api/users/password", token: &ada, status: 200, want: "null\n",
			body: literal(`{"oldPassword":"` + password + `","newPassword":"` + newPassword + `"}`),
			after: func(answer) {
				d, err := f.accounts.ClaimMail(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if err := f.accounts.MailDelivered(t.Context(), d); err != nil {
					t.Fatal(err)
				}
			}},
		{op: "POST /api/users/forgotten-password", body: literal(`{"email":"ada@example.org"}`), status: 200, want: "null\n"},
		{op: "POST /api/users/forgotten-password", body: literal(`{"email":"nobody@example.org"}`), status: 200,
			want: "null\n"},
		{op: "GET /api/mail", token: &f.admin, status: 200,
			want: "[" + mailJSON(3, "requested", 0, "null") + "," + mailJSON(2, "requested", 0, "null") + "," +
				`{"id":1,"attempts":1,"createdAt":"2027-03-01T09:00:00Z","deliveredAt":"2027-03-01T09:00:00Z",` +
				`"kind":"password-changed","lastError":null,"nextAttemptAt":null,"recipient":"Ada@example.org",` +
				`"state":"delivered"}` + "]\n",
			after: func(answer) {
				d, err := f.accounts.ClaimMail(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				recovery = d.Message.Text
				f.clock.advance(time.Second)
				if err := f.accounts.MailDelivered(t.Context(), d); err != nil {
					t.Fatal(err)
				}
			}},
		{op: "GET /api/mail/{id}", id: 2, token: &f.admin, status: 200,
			want: `{"id":2,"attempts":1,"createdAt":"2027-03-01T09:00:00Z","deliveredAt":"2027-03-01T09:00:01Z",` +
				`"kind":"recovery","lastError":null,` +
				`"nextAttemptAt":null,"recipient":"Ada@example.org","state":"delivered"}` + "\n"},
		{op: "POST /api/users/retrieve-password", status: 200, want: "null\n",
			body: func() string { return `{"token":"` + recovery + `","newPassword":"` + password + `"}` }},
		{op: "DELETE /api/users/{id}", id: 3, token: &f.admin, status: 204},
		{op: "POST /api/users/{id}/invitation", id: 2, token: &f.admin, status: 204},
		{op: "POST /api/imports", token: &f.admin, body: literal(`{"dryRun":false}`), status: 201,
			want: importJSON(1, 0, 0, "false", "open")},
		{op: "POST /api/imports/{id}/rows", id: 1, token: &f.admin, body: literal(`{"first":1,"users":[
			{"name":"Hal","email":"hal@example.org","active":true,"password":"` + password + `"},
			{"name":"Ida","email":"ida@example.org","surname":"S"}]}`),
			status: 200, want: `{"faults":[],"import":` + strings.TrimSuffix(importJSON(1, 2, 0, "false", "open"), "\n") +
				"}\n"},
		{op: "GET /api/imports/{id}", id: 1, token: &f.admin, status: 200, want: importJSON(1, 2, 0, "false", "open")},
		{op: "POST /api/imports/{id}/finish", id: 1, token: &f.admin, status: 200,
			want: importJSON(1, 2, 0, "false", "finished")},
		{op: "GET /api/users", query: "search=hal&active=true&locked=false&role=2&provider=tenable&sort=-name&limit=1",
			token: &f.admin, status: 200,
			want: `[{"id":4,"active":true,"biography":null,"department":null,"email":"hal@example.org","eulaVersion":-1,` +
				`"identifier":"hal@example.org",` +
				`"lockedOut":false,"name":"Hal","picture":null,"provider":"tenable","roles":[2],"surname":null}` + "\n]\n"},
		{op: "POST /api/imports", token: &f.admin, body: literal(`{"dryRun":true}`), status: 201,
			want: importJSON(2, 0, 0, "true", "open")},
		{op: "POST /api/imports/{id}/rows", id: 2, token: &f.admin,
			body:   literal(`{"first":1,"users":[{"name":"Hal","email":"HAL@example.org"}]}`),
			status: 200, want: `{"faults":[{"message":"is the address of another user","path":"/email","row":1}],"import":` +
				strings.TrimSuffix(importJSON(2, 1, 1, "true", "open"), "\n") + "}\n"},
		{op: "DELETE /api/imports/{id}", id: 2, token: &f.admin, status: 200, want: importJSON(2, 1, 1, "true", "undone")},
		{op: "POST /api/logout", token: &f.admin, status: 204},
	}
	steps = slices.Concat(settingSteps(f), roleSteps(f), steps, keySteps(f))
	done := map[string]bool{}
	byName := map[string]operation{}
	for _, op := range operations(t) {
		byName[op.name] = op
	}
	for _, step := range steps {
		op := byName[step.op]
		c := call{method: op.method, path: op.at(step.id)}
		if step.query != "" {
			c.path += "?" + step.query
		}
		if step.token != nil {
			c.token = *step.token
		}
		if step.body != nil {
			c.body = step.body()
		}
		a := f.do(c)
		if a.status != step.status || step.want != "*" && a.body != step.want {
			t.Fatalf("%s: %d %s\nwant %d %s", step.op, a.status, a.body, step.status, step.want)
		}
		op.checkAnswer(t, a)
		done[op.name] = true
		if step.after != nil {
			step.after(a)
		}
	}
	for name := range byName {
		if !done[name] {
			t.Errorf("no step uses %s", name)
		}
	}
}

// wantWithoutIDs returns a check that compares entries of the activity log without their ids. The ids depend on the
// number of earlier steps.
func wantWithoutIDs(t *testing.T, want string) func(answer) {
	return func(a answer) {
		t.Helper()
		if got := regexp.MustCompile(`\{"id":\d+,"action"`).ReplaceAllString(a.body, `{"action"`); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

// signInJSON is the entry of the activity log for Ada's sign-in.
const signInJSON = `{"action":"session.create","actor":{"id":2,"name":"Ada@example.org"},` +
	`"at":"2027-03-01T09:00:00Z","changes":[],` +
	`"count":1,"credential":{"id":null,"kind":"password"},"sealed":false,"source":"192.0.2.1",` +
	`"target":{"id":2,"kind":"session","name":"Ada@example.org"}}`

// importJSON returns the JSON of an import that TestAnswers creates.
func importJSON(id, rows, faults int, dryRun, state string) string {
	finished := "null"
	if state == "finished" || state == "undone" {
		finished = `"2027-03-01T09:00:01Z"`
	}
	return `{"id":` + jsonOf(id) + `,"createdAt":"2027-03-01T09:00:01Z","dryRun":` + dryRun + `,"faults":` +
		jsonOf(faults) +
		`,"finishedAt":` + finished + `,"rows":` + jsonOf(rows) + `,"state":"` + state + `"}` + "\n"
}

// literal returns a function for the field body of step: a fixed body, independent of earlier steps.
func literal(s string) func() string { return func() string { return s } }

// userRoleJSON is a JSON list with one element: the built-in role User (id 2).
const userRoleJSON = `[{"id":2,"description":"Sees and manages what is the user's own.","name":"User","permissions":[` +
	`{"action":"read","dynamicId":"self-user-id","entityIds":null,"entityName":"user"},` +
	`{"action":"edit","dynamicId":"self-user-id","entityIds":null,"entityName":"user"},` +
	`{"action":"read","dynamicId":"self-user-id","entityIds":null,"entityName":"api-key"},` +
	`{"action":"create","dynamicId":"self-user-id","entityIds":null,"entityName":"api-key"},` +
	`{"action":"delete","dynamicId":"self-user-id","entityIds":null,"entityName":"api-key"},` +
	`{"action":"read","dynamicId":"self-user-id","entityIds":null,"entityName":"session"},` +
	`{"action":"delete","dynamicId":"self-user-id","entityIds":null,"entityName":"session"},` +
	`{"action":"read","dynamicId":"self-user-id","entityIds":null,"entityName":"activity-log"}]}]`

// mailJSON returns the JSON of a requested message that was not delivered yet.
func mailJSON(id int, state string, attempts int, recipient string) string {
	return `{"id":` + jsonOf(id) + `,"attempts":` + jsonOf(attempts) + `,"createdAt":"2027-03-01T09:00:00Z",` +
		`"deliveredAt":null,"kind":"recovery","lastError":null,"nextAttemptAt":"2027-03-01T09:00:00Z",` +
		`"recipient":` + recipient + `,"state":"` + state + `"}`
}

// TestWhoamiOfAdministrator checks that whoami shows an administrator all permissions of role 1, Administrator.
func TestWhoamiOfAdministrator(t *testing.T) {
	f := newFixture(t)
	var me struct {
		Roles []struct {
			ID          int64
			Permissions []struct {
				EntityName, Action string
				EntityIDs          *[]int64
				DynamicID          *string
			}
		}
	}
	f.do(call{path: "/api/users/whoami", token: f.admin}).decode(t, &me)
	if len(me.Roles) != 1 || me.Roles[0].ID != access.AdministratorRole {
		t.Fatalf("the roles are %+v", me.Roles)
	}
	shown := me.Roles[0].Permissions
	for _, known := range access.Registry {
		for _, action := range known.Actions {
			if len(shown) == 0 {
				t.Fatalf("the answer lacks %s %s", known.Entity, action)
			}
			p := shown[0]
			shown = shown[1:]
			if p.EntityName != string(known.Entity) || p.Action != string(action) ||
				p.EntityIDs != nil || p.DynamicID != nil {
				t.Errorf("the answer has %+v, want all of %s %s", p, known.Entity, action)
			}
		}
	}
	if len(shown) > 0 {
		t.Errorf("the answer has unknown permissions: %+v", shown)
	}
}

// TestPermissionScopes checks the JSON of the three scopes of a permission: all objects, listed ids, the caller's own
// objects.
func TestPermissionScopes(t *testing.T) {
	f := newFixture(t)
	listed := []int64{1, 3}
	role := f.role(
		access.Permission{Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeIDs, IDs: listed},
		access.Permission{Entity: access.EntityUser, Action: access.ActionEdit, Scope: access.ScopeSelf},
		access.Permission{Entity: access.EntityRole, Action: access.ActionRead, Scope: access.ScopeAll},
	)
	a := f.do(call{path: "/api/users/whoami", token: f.as("ada@example.org", role)})
	const want = `"permissions":[{"action":"read","dynamicId":null,"entityIds":[1,3],"entityName":"user"},` +
		`{"action":"edit","dynamicId":"self-user-id","entityIds":null,"entityName":"user"},` +
		`{"action":"read","dynamicId":null,"entityIds":null,"entityName":"role"}]`
	if !strings.Contains(a.body, want) {
		t.Errorf("whoami is %s\nwant it to contain %s", a.body, want)
	}
}

// TestEmptyList checks that an empty list is [] in JSON, not null.
func TestEmptyList(t *testing.T) {
	f := newFixture(t)
	unknown := []int64{999}
	role := f.role(
		access.Permission{Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeIDs, IDs: unknown},
		access.Permission{Entity: access.EntityMail, Action: access.ActionRead, Scope: access.ScopeAll})
	token := f.as("ada@example.org", role)
	for _, path := range []string{"/api/users", "/api/mail"} {
		a := f.do(call{path: path, token: token})
		if a.status != http.StatusOK || a.body != "[]\n" || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %q of type %q", path, a.status, a.body, a.header.Get("Content-Type"))
		}
	}
}

// TestMailStates checks that an undelivered message shows the time of its next delivery attempt. After the last
// attempt, the message shows no time.
func TestMailStates(t *testing.T) {
	f := newFixture(t)
	ask := func() string {
		t.Helper()
		return f.do(call{path: "/api/mail/1", token: f.admin}).body
	}
	f.do(call{method: "POST", path: "/api/users/forgotten-password", body: `{"email":"` + adminEmail + `"}`})
	for _, test := range []struct {
		permanent bool
		want      string
	}{
		{false, `"deliveredAt":null,"kind":"recovery","lastError":"refused","nextAttemptAt":"2027-03-01T09:00:05Z",` +
			`"recipient":"admin@example.org","state":"ready"}`},
		{true, `"deliveredAt":null,"kind":"recovery","lastError":"refused","nextAttemptAt":null,` +
			`"recipient":"admin@example.org","state":"failed"}`},
	} {
		d, err := f.accounts.ClaimMail(t.Context())
		if err != nil || d == nil {
			t.Fatal(d, err)
		}
		if err := f.accounts.MailFailed(t.Context(), d, "refused", test.permanent); err != nil {
			t.Fatal(err)
		}
		if got := ask(); !strings.HasSuffix(got, test.want+"\n") {
			t.Errorf("the message is %s, want it to end with %s", got, test.want)
		}
		f.clock.advance(5 * time.Second)
	}
}

// TestErrorBody checks that the keys of an error's JSON have the same order as in the server that Usher replaces.
func TestErrorBody(t *testing.T) {
	f := newFixture(t)
	a := f.do(call{method: "POST", path: "/api/login", body: `{"password":"x"}`})
	const want = `{"statusCode":400,"error":"INVALID_PAYLOAD_FORMAT",` +
		`"message":"The request has parts that are not valid.",` +
		`"details":[{"path":"/email","message":"is required"}]}` + "\n"
	if a.body != want {
		t.Errorf("the body is %s, want %s", a.body, want)
	}
	a = f.do(call{path: "/api/users/whoami"})
	if strings.Contains(a.body, "details") {
		t.Errorf("an error without details has the key: %s", a.body)
	}
}
