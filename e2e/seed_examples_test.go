package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// userPage is the generated API page whose examples the tests run. A test of package api compares the page with that of
// the server that Usher replaces.
const userPage = "../clients/python/docs/UserApi.md"

// exampleValues are the values that replace the placeholders of an example.
type exampleValues struct {
	Operation string `json:"operation"`
	Host      string `json:"host"`
	Key       string `json:"key,omitempty"`
	ID        string `json:"id,omitempty"`
	Body      fields `json:"body,omitempty"`
	Prefix    bool   `json:"prefix,omitempty"`
}

// exampleOutcome is the result of running an example.
type exampleOutcome struct {
	Declared string          // return type that the page states
	Printed  string          // printed output
	Value    json.RawMessage // printed output, parsed as a Python literal
	Type     string          // type of the returned value
}

// exampleRunner is a Python process that runs examples of the page.
type exampleRunner struct {
	requests *json.Encoder
	outcomes *json.Decoder
	stop     func() error // ends the process; an error contains its standard error
}

func startExampleRunner(t *testing.T) *exampleRunner {
	t.Helper()
	cmd := exec.Command(python(t, "python"), "-B", "python/run_example.py", userPage)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceValue(func() error {
		in.Close()
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("%w\n%s", err, &stderr)
		}
		return nil
	})
	e := &exampleRunner{requests: json.NewEncoder(in), outcomes: json.NewDecoder(out), stop: stop}
	t.Cleanup(func() {
		if err := e.stop(); err != nil {
			t.Errorf("python/run_example.py: %v", err)
		}
	})
	return e
}

// run runs the example of an operation. It fails the test if the example raises an exception.
func (e *exampleRunner) run(t *testing.T, operation string, v exampleValues) exampleOutcome {
	t.Helper()
	v.Operation = operation
	var o exampleOutcome
	err := e.requests.Encode(v)
	if err == nil {
		err = e.outcomes.Decode(&o)
	}
	if err != nil {
		t.Fatalf("the example of %s: %v", operation, errors.Join(err, e.stop()))
	}
	if strings.Contains(o.Printed, "Exception when calling") {
		t.Fatalf("the example of %s printed:\n%s", operation, o.Printed)
	}
	t.Logf("%s printed %s", operation, o.Printed)
	return o
}

// wantValue decodes the value that the example printed. It fails the test unless the value's type is typeName.
func wantValue[T any](t *testing.T, o exampleOutcome, typeName string) T {
	t.Helper()
	if o.Type != typeName || !strings.Contains(o.Declared, typeName) {
		t.Errorf("the example returned a %s, want %s; the page says %s", o.Type, typeName, o.Declared)
	}
	var value T
	if err := json.Unmarshal(o.Value, &value); err != nil {
		t.Fatalf("the example printed %q: %v", o.Printed, err)
	}
	return value
}

// wantNull checks an example whose documented return type is Object. Its value must be null.
func wantNull(t *testing.T, o exampleOutcome) {
	t.Helper()
	if !strings.Contains(o.Declared, "Object") || o.Type != "NoneType" || o.Printed != "None\n" {
		t.Errorf("the example returned a %s and printed %q; the page says %s", o.Type, o.Printed, o.Declared)
	}
}

// wantNothing checks an example whose operation responds with 204 and no body. The generated client returns the empty
// body as bytes, or as their string form.
func wantNothing(t *testing.T, o exampleOutcome) {
	t.Helper()
	if o.Printed != "b''\n" && o.Printed != "\"b''\"\n" {
		t.Errorf("the example printed %q, want an empty body", o.Printed)
	}
}

// pythonUser is a user in the form that the Python client prints.
type pythonUser struct {
	ID         int64   `json:"id"`
	Name       string  `json:"name"`
	Email      string  `json:"email"`
	Provider   string  `json:"provider"`
	Department *string `json:"department"`
	LockedOut  bool    `json:"locked_out"`
	Eula       int     `json:"eula_version"`
	Roles      []int64 `json:"roles"`
}

// TestSeedExamples runs the twelve examples of the page, in an order in which each finds the data that it needs. It
// checks their output and the state of the server.
func TestSeedExamples(t *testing.T) {
	t.Parallel()
	for name, prefix := range map[string]bool{"key": false, "key with prefix": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runSeedExamples(t, prefix)
		})
	}
}

func runSeedExamples(t *testing.T, prefix bool) {
	const email, first, second, third = "ada@example.com", "Analytical-1", "Analytical-2", "Analytical-3"
	smtp := mailtest.Start(t, mailtest.Options{TLS: mail.StartTLS})
	s := startServer(t, options{Flags: smtpFlags(smtp)})
	page := startExampleRunner(t)
	run := func(operation string, v exampleValues) exampleOutcome {
		t.Helper()
		v.Host, v.Prefix = s.URL, prefix && v.Key != ""
		return page.run(t, operation, v)
	}
	signIn := func(email, password string) string {
		t.Helper()
		o := run("api_login_post", exampleValues{Body: fields{"email": email, "password": password}})
		session := wantValue[struct {
			Token string `json:"auth_token"`
			Reset bool   `json:"need_password_reset"`
		}](t, o, "InlineResponse20044")
		if session.Token == "" || session.Reset {
			t.Errorf("the sign-in printed %s", o.Printed)
		}
		return session.Token
	}

	admin := signIn(adminEmail, adminPassword)

	newUser := fields{"name": "Ada", "email": email, "password": first, "active": true}
	o := run("api_users_post", exampleValues{Key: admin, Body: newUser})
	if o.Type != "list" || !strings.Contains(o.Declared, "list[InlineResponse20041]") {
		t.Errorf("api_users_post returned a %s; the page says %s", o.Type, o.Declared)
	}
	var created []pythonUser
	if err := json.Unmarshal(o.Value, &created); err != nil || len(created) != 1 || created[0].Email != email ||
		created[0].Provider != "tenable" {
		t.Fatalf("api_users_post printed %s", o.Printed)
	}
	ada := formatID(created[0].ID)

	o = run("api_users_get", exampleValues{Key: admin})
	var listed []pythonUser
	if err := json.Unmarshal(o.Value, &listed); err != nil || len(listed) != 2 ||
		listed[0].Email != adminEmail || listed[1].ID != created[0].ID {
		t.Errorf("api_users_get printed %s", o.Printed)
	}

	o = run("api_users_id_get", exampleValues{Key: admin, ID: ada})
	got := wantValue[pythonUser](t, o, "InlineResponse20043")
	if got.Name != "Ada" || got.Eula != -1 || got.LockedOut || got.Department != nil {
		t.Errorf("api_users_id_get printed %+v", got)
	}

	o = run("api_users_id_patch", exampleValues{Key: admin, ID: ada, Body: fields{"department": "Engines"}})
	patched := wantValue[pythonUser](t, o, "InlineResponse20041")
	updated := decode[user](t, s.do(t, "GET", "/api/users/"+ada, admin, nil).want(t, http.StatusOK))
	if patched.Department == nil || *patched.Department != "Engines" ||
		updated.Department == nil || *updated.Department != "Engines" || updated.Name != "Ada" {
		t.Errorf("after api_users_id_patch the user is %+v", updated)
	}

	o = run("api_users_id_roles_put", exampleValues{Key: admin, ID: ada, Body: fields{"roles": []int64{2, 1}}})
	roles := wantValue[struct {
		Roles []int64 `json:"roles"`
	}](t, o, "InlineResponse20045")
	updated = decode[user](t, s.do(t, "GET", "/api/users/"+ada, admin, nil).want(t, http.StatusOK))
	if len(roles.Roles) != 2 || len(updated.Roles) != 2 {
		t.Errorf("api_users_id_roles_put printed the roles %v, and the user has %v", roles.Roles, updated.Roles)
	}

	session := signIn(email, first)
	whoami := wantValue[struct {
		Email    string `json:"email"`
		Internal bool   `json:"internal"`
		Roles    []struct {
			ID          int64             `json:"id"`
			Permissions []json.RawMessage `json:"permissions"`
		} `json:"roles"`
	}](t, run("api_users_whoami_get", exampleValues{Key: session}), "InlineResponse20042")
	if whoami.Email != email || whoami.Internal || len(whoami.Roles) != 2 || len(whoami.Roles[0].Permissions) == 0 {
		t.Errorf("api_users_whoami_get printed %+v", whoami)
	}

	change := fields{"old_password": first, "new_password": second}
	wantNull(t, run("api_users_password_patch", exampleValues{Key: session, Body: change}))
	s.wantSignInRefused(t, email, first)
	s.signIn(t, email, second)

	wantNull(t, run("api_users_forgotten_password_post", exampleValues{Body: fields{"email": email}}))
	token := waitForRecoveryToken(t, smtp, 1)
	retrieval := fields{"token": token, "new_password": third}
	wantNull(t, run("api_users_retrieve_password_post", exampleValues{Body: retrieval}))
	s.wantSignInRefused(t, email, second)

	session = signIn(email, third)
	wantNothing(t, run("api_logout_post", exampleValues{Key: session}))
	s.do(t, "GET", "/api/users/whoami", session, nil).wantError(t, http.StatusUnauthorized, "UNAUTHORIZED")

	wantNothing(t, run("api_users_id_delete", exampleValues{Key: admin, ID: ada}))
	s.do(t, "GET", "/api/users/"+ada, admin, nil).wantError(t, http.StatusNotFound, "NOT_FOUND")
}

// TestSeedExamplesAreComplete fails if the page has an example that [TestSeedExamples] doesn't run.
func TestSeedExamplesAreComplete(t *testing.T) {
	t.Parallel()
	page := readFile(t, userPage)
	const operations = 12
	if n := len(regexp.MustCompile("(?m)^```python$").FindAllString(page, -1)); n != operations {
		t.Errorf("the page has %d examples, want %d", n, operations)
	}
}

// TestPythonClientIsUpToDate fails if clients/python differs from the generator's output for the contract.
func TestPythonClientIsUpToDate(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("../scripts/python-client.sh", "--check").CombinedOutput(); err != nil {
		t.Errorf("scripts/python-client.sh --check: %v\n%s", err, out)
	}
}
