package e2e_test

import (
	"bytes"
	"cmp"
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

// userPage is the generated page whose examples run. A test of api proves that it
// agrees with the document that the project was founded on.
const userPage = "../clients/python/docs/UserApi.md"

// values are what an example gets filled in.
type values struct {
	Operation string `json:"operation"`
	Host      string `json:"host"`
	Key       string `json:"key,omitempty"`
	ID        string `json:"id,omitempty"`
	Body      fields `json:"body,omitempty"`
	Prefix    bool   `json:"prefix,omitempty"`
}

// outcome is what an example did.
type outcome struct {
	Declared string          // the return type, as the page has it
	Printed  string          // what it wrote
	Value    json.RawMessage // what it wrote, as a value
	Type     string          // of what the call returned
}

// examples is a process that runs examples of the page.
type examples struct {
	ask  *json.Encoder
	told *json.Decoder
	end  func() error // with what it wrote to its standard error
}

func startExamples(t *testing.T) *examples {
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
	e := &examples{json.NewEncoder(in), json.NewDecoder(out), sync.OnceValue(func() error {
		in.Close()
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("%w\n%s", err, &stderr)
		}
		return nil
	})}
	t.Cleanup(func() {
		if err := e.end(); err != nil {
			t.Errorf("python/run_example.py: %v", err)
		}
	})
	return e
}

// run runs the example of an operation and fails the test when it catches a
// failure.
func (e *examples) run(t *testing.T, operation string, v values) outcome {
	t.Helper()
	v.Operation = operation
	var o outcome
	if err := cmp.Or(e.ask.Encode(v), e.told.Decode(&o)); err != nil {
		t.Fatalf("the example of %s: %v", operation, errors.Join(err, e.end()))
	}
	if strings.Contains(o.Printed, "Exception when calling") {
		t.Fatalf("the example of %s printed:\n%s", operation, o.Printed)
	}
	t.Logf("%s printed %s", operation, o.Printed)
	return o
}

// wantValue decodes what the example printed, which must be of the type given.
func wantValue[T any](t *testing.T, o outcome, typeName string) T {
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

// wantNull is for the examples whose return type is Object, which is always null.
func wantNull(t *testing.T, o outcome) {
	t.Helper()
	if !strings.Contains(o.Declared, "Object") || o.Type != "NoneType" || o.Printed != "None\n" {
		t.Errorf("the example returned a %s and printed %q; the page says %s", o.Type, o.Printed, o.Declared)
	}
}

// wantNothing is for the examples whose operation answers 204, without a body. The
// client has the empty body as bytes; for the return type str it makes a text of
// them, so what it returns means nothing.
func wantNothing(t *testing.T, o outcome) {
	t.Helper()
	if o.Printed != "b''\n" && o.Printed != "\"b''\"\n" {
		t.Errorf("the example printed %q, want an empty body", o.Printed)
	}
}

// pythonUser is a user as the Python client prints one.
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

// TestSeedExamples runs the twelve examples of the page, in an order that makes
// sense, and looks at what they print and at what they did to the server.
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
	post := mailtest.Start(t, mailtest.Options{TLS: mail.StartTLS})
	s := startServer(t, options{Flags: smtpFlags(post)})
	page := startExamples(t)
	run := func(operation string, v values) outcome {
		t.Helper()
		v.Host, v.Prefix = s.URL, prefix && v.Key != ""
		return page.run(t, operation, v)
	}
	signIn := func(email, password string) string {
		t.Helper()
		o := run("api_login_post", values{Body: fields{"email": email, "password": password}})
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

	o := run("api_users_post", values{Key: admin, Body: fields{"name": "Ada", "email": email, "password": first, "active": true}})
	if o.Type != "list" || !strings.Contains(o.Declared, "list[InlineResponse20041]") {
		t.Errorf("api_users_post returned a %s; the page says %s", o.Type, o.Declared)
	}
	var created []pythonUser
	if err := json.Unmarshal(o.Value, &created); err != nil || len(created) != 1 || created[0].Email != email || created[0].Provider != "tenable" {
		t.Fatalf("api_users_post printed %s", o.Printed)
	}
	ada := number(created[0].ID)

	o = run("api_users_get", values{Key: admin})
	var listed []pythonUser
	if err := json.Unmarshal(o.Value, &listed); err != nil || len(listed) != 2 || listed[0].Email != adminEmail || listed[1].ID != created[0].ID {
		t.Errorf("api_users_get printed %s", o.Printed)
	}

	got := wantValue[pythonUser](t, run("api_users_id_get", values{Key: admin, ID: ada}), "InlineResponse20043")
	if got.Name != "Ada" || got.Eula != -1 || got.LockedOut || got.Department != nil {
		t.Errorf("api_users_id_get printed %+v", got)
	}

	patched := wantValue[pythonUser](t, run("api_users_id_patch", values{Key: admin, ID: ada, Body: fields{"department": "Engines"}}), "InlineResponse20041")
	now := into[user](t, s.do(t, "GET", "/api/users/"+ada, admin, nil).want(t, http.StatusOK))
	if patched.Department == nil || *patched.Department != "Engines" || now.Department == nil || *now.Department != "Engines" || now.Name != "Ada" {
		t.Errorf("after api_users_id_patch the user is %+v", now)
	}

	roles := wantValue[struct {
		Roles []int64 `json:"roles"`
	}](t, run("api_users_id_roles_put", values{Key: admin, ID: ada, Body: fields{"roles": []int64{2, 1}}}), "InlineResponse20045")
	now = into[user](t, s.do(t, "GET", "/api/users/"+ada, admin, nil).want(t, http.StatusOK))
	if len(roles.Roles) != 2 || len(now.Roles) != 2 {
		t.Errorf("after api_users_id_roles_put %v were printed and %v are there", roles.Roles, now.Roles)
	}

	session := signIn(email, first)
	who := wantValue[struct {
		Email    string `json:"email"`
		Internal bool   `json:"internal"`
		Roles    []struct {
			ID          int64             `json:"id"`
			Permissions []json.RawMessage `json:"permissions"`
		} `json:"roles"`
	}](t, run("api_users_whoami_get", values{Key: session}), "InlineResponse20042")
	if who.Email != email || who.Internal || len(who.Roles) != 2 || len(who.Roles[0].Permissions) == 0 {
		t.Errorf("api_users_whoami_get printed %+v", who)
	}

	wantNull(t, run("api_users_password_patch", values{Key: session, Body: fields{"old_password": first, "new_password": second}}))
	s.refuseSignIn(t, email, first)
	s.signIn(t, email, second)

	wantNull(t, run("api_users_forgotten_password_post", values{Body: fields{"email": email}}))
	token := recoveryToken(t, post.WaitForMessage(t, 1))
	wantNull(t, run("api_users_retrieve_password_post", values{Body: fields{"token": token, "new_password": third}}))
	s.refuseSignIn(t, email, second)

	session = signIn(email, third)
	wantNothing(t, run("api_logout_post", values{Key: session}))
	s.do(t, "GET", "/api/users/whoami", session, nil).wantError(t, http.StatusUnauthorized, "UNAUTHORIZED")

	wantNothing(t, run("api_users_id_delete", values{Key: admin, ID: ada}))
	s.do(t, "GET", "/api/users/"+ada, admin, nil).wantError(t, http.StatusNotFound, "NOT_FOUND")
}

// TestSeedExamplesAreAll fails when the page has an example that
// [TestSeedExamples] does not know of.
func TestSeedExamplesAreAll(t *testing.T) {
	t.Parallel()
	page := readFile(t, userPage)
	const operations = 12
	if n := len(regexp.MustCompile("(?m)^```python$").FindAllString(page, -1)); n != operations {
		t.Errorf("the page has %d examples, want %d", n, operations)
	}
}

// TestPythonClientIsFresh fails when clients/python is not what its generator
// makes from the contract.
func TestPythonClientIsFresh(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("../scripts/python-client.sh", "--check").CombinedOutput(); err != nil {
		t.Errorf("scripts/python-client.sh --check: %v\n%s", err, out)
	}
}
