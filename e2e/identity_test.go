package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIdentityPlane walks with the command line through all that is about who may
// do what: roles, users, keys, sessions, settings, and the log of it all.
func TestIdentityPlane(t *testing.T) {
	t.Parallel()
	const ada, password = "ada@example.com", "Analytical-1"
	s := startServer(t, options{})
	admin := s.admin(t)

	// A role, and somebody who has it beside the default one.
	s.usher(t, admin, "roles", "create", "--name", "Auditor", "--description", "Sees who did what.")
	s.usher(t, admin, "roles", "permissions", "Auditor", "--grant", "user:read", "--grant", "activity-log:read")
	id := s.addUser(t, admin, "Ada", ada, password)
	s.usher(t, admin, "users", "roles", ada, "--set", "User,Auditor")
	auditor := s.signIn(t, ada, password)
	wantText(t, "whoami of an auditor", s.usher(t, auditor, "whoami"), "Auditor")
	wantText(t, "the users of an auditor", s.usher(t, auditor, "users", "list"), adminEmail, ada)
	s.refuse(t, auditor, "permission", "roles", "create", "--name", "Mine")
	s.refuse(t, auditor, "permission", "users", "roles", ada, "--set", "1")
	s.refuse(t, admin, "--replace-with", "roles", "delete", "Auditor", "--yes")
	s.refuse(t, admin, "built in", "roles", "update", "2", "--name", "Mine")

	// A key for a script, which reads and no more.
	made := into[struct {
		Key     string
		Details struct{ ID int64 }
	}](t, answer{Body: []byte(s.usher(t, auditor, "keys", "create", "nightly", "--read-only", "--output", "json"))})
	key := made.Key
	if found := into[[]user](t, s.do(t, "GET", "/api/users", key, nil).want(t, http.StatusOK)); len(found) != 2 {
		t.Errorf("the key finds %d users, want 2", len(found))
	}
	request, err := http.NewRequest("GET", s.URL+"/api/users/whoami", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key) // as curl --oauth2-bearer sends it
	a, err := send(http.DefaultClient, request)
	if err != nil {
		t.Fatal(err)
	}
	if who := into[struct{ Email string }](t, a.want(t, http.StatusOK)); who.Email != ada {
		t.Errorf("the key is of %s, want %s", who.Email, ada)
	}
	s.do(t, "PATCH", "/api/users/"+number(id), key, fields{"name": "Eve"}).wantError(t, http.StatusForbidden, "FORBIDDEN")
	o := startExamples(t).run(t, "api_users_get", values{Host: s.URL, Key: key, Prefix: true})
	if users := []pythonUser(nil); json.Unmarshal(o.Value, &users) != nil || len(users) != 2 {
		t.Errorf("the Python client with the key printed %s", o.Printed)
	}
	if list := s.usher(t, auditor, "keys", "list"); !strings.Contains(list, "nightly") || strings.Contains(list, key) {
		t.Errorf("the list of keys is\n%s", list)
	}
	s.usher(t, admin, "keys", "delete", number(made.Details.ID)) // an administrator's right
	s.do(t, "GET", "/api/users", key, nil).wantError(t, http.StatusUnauthorized, "UNAUTHORIZED")

	// Sessions, one's own and another's.
	second := s.signIn(t, ada, password)
	wantText(t, "the sessions", s.usher(t, auditor, "sessions", "list"), "127.0.0.1", "yes", "no")
	s.usher(t, second, "sessions", "end", "--all", "--keep-current")
	s.refuse(t, auditor, "", "whoami")
	s.refuse(t, second, "", "sessions", "list", adminEmail)
	s.usher(t, admin, "sessions", "end", "--all", "--user", ada)
	s.refuse(t, second, "", "whoami")

	// Settings.
	s.usher(t, admin, "settings", "set", "sessionIdleMinutes=60", "defaultRoleIds=2,3")
	wantText(t, "the settings", s.usher(t, admin, "settings", "show"), "60", "2,3")
	wantText(t, "the default roles", s.usher(t, admin, "roles", "defaults"), "Auditor")
	s.usher(t, admin, "settings", "lockout", "set", "failedAttemptThreshold=5")
	wantText(t, "the policy", s.usher(t, admin, "settings", "lockout", "show"), "5")

	// An import with the default roles; what is invited gets a message.
	file := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(file, []byte("name,email,password,active\nBob,bob@example.com,"+password+",true\nCy,cy@example.com,,true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.usher(t, admin, "users", "import", file)
	wantText(t, "whoami of who was imported", s.usher(t, s.signIn(t, "bob@example.com", password), "whoami"), "Auditor")
	s.usher(t, admin, "users", "invite", "cy@example.com")
	within(t, "both invitations are written", func() bool {
		return strings.Count(s.usher(t, admin, "mail", "list"), "cy@example.com") == 2
	})
	s.usher(t, admin, "roles", "delete", "Auditor", "--replace-with", "2", "--yes")
	if defaults := s.usher(t, admin, "roles", "defaults"); strings.Contains(defaults, "Auditor") {
		t.Errorf("the default roles are\n%s", defaults)
	}

	// All of it is in the log, and none of the secrets.
	log := s.usher(t, admin, "audit", "export")
	wantText(t, "the activity log", log, `"role.create"`, `"role.delete"`, `"user.create"`, `"session.create"`, ada)
	for _, secret := range []string{key, admin, auditor, password} {
		if strings.Contains(log, secret) {
			t.Error("the activity log has a secret")
		}
	}
}

// TestAuditVerify verifies the activity log of a running server, and again after
// somebody has edited it in the file.
func TestAuditVerify(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	admin := s.admin(t)
	id := s.addUser(t, admin, "Ada", "ada@example.com", "Analytical-1")
	s.do(t, "PATCH", "/api/users/"+number(id), admin, fields{"department": "Engines"}).want(t, http.StatusOK)
	within(t, "all entries are sealed", func() bool {
		return !strings.Contains(s.usher(t, admin, "audit", "export"), `"sealed":false`)
	})
	checkpoint := filepath.Join(t.TempDir(), "checkpoint")
	if err := os.WriteFile(checkpoint, []byte(s.usher(t, "", "audit", "checkpoint")), 0o600); err != nil {
		t.Fatal(err)
	}
	wantText(t, "a good log", s.usher(t, "", "audit", "verify", "--checkpoint", checkpoint), "entries verified", "goes on from the checkpoint")
	s.stop(t)

	tamper(t, s.Data, "UPDATE activity SET actor_name = 'Eve' WHERE action = 'user.update'")
	found := s.run(t, "", "audit", "verify")
	if wantText(t, "an edited log", found.Out+found.Err, "edited", "tampered with"); found.Code != 1 {
		t.Errorf("usher audit verify exited with %d, want 1", found.Code)
	}
	// The server goes on, and what it adds does not heal the log.
	s = s.again(t)
	s.admin(t)
	s.refuse(t, "", "tampered with", "audit", "verify")
}
