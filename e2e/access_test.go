package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAccessManagement manages roles, users, keys, sessions and settings on the command line. It then checks that the
// activity log has an entry for each change.
func TestAccessManagement(t *testing.T) {
	t.Parallel()
	const ada, password = "ada@example.com", "Analytical-1"
	s := startServer(t, options{})
	admin := s.signInAdmin(t)

	// Create a role, and a user who has this role and the default one.
	s.mustRun(t, admin, "roles", "create", "--name", "Auditor", "--description", "Sees who did what.")
	s.mustRun(t, admin, "roles", "permissions", "Auditor", "--grant", "user:read", "--grant", "activity-log:read")
	id := s.addUser(t, admin, "Ada", ada, password)
	s.mustRun(t, admin, "users", "roles", ada, "--set", "User,Auditor")
	auditor := s.signIn(t, ada, password)
	wantContains(t, "whoami of an auditor", s.mustRun(t, auditor, "whoami"), "Auditor")
	wantContains(t, "the users of an auditor", s.mustRun(t, auditor, "users", "list"), adminEmail, ada)
	s.mustFail(t, auditor, "permission", "roles", "create", "--name", "Mine")
	s.mustFail(t, auditor, "permission", "users", "roles", ada, "--set", "1")
	s.mustFail(t, admin, "--replace-with", "roles", "delete", "Auditor", "--yes")
	s.mustFail(t, admin, "built in", "roles", "update", "2", "--name", "Mine")

	// Create a read-only key, as for a script.
	output := s.mustRun(t, auditor, "keys", "create", "nightly", "--read-only", "--output", "json")
	created := decode[struct {
		Key     string
		Details struct{ ID int64 }
	}](t, answer{Body: []byte(output)})
	key := created.Key
	if found := decode[[]user](t, s.do(t, "GET", "/api/users", key, nil).want(t, http.StatusOK)); len(found) != 2 {
		t.Errorf("the key finds %d users, want 2", len(found))
	}
	request, err := http.NewRequest("GET", s.URL+"/api/users/whoami", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key) // the header that curl --oauth2-bearer sends
	a, err := send(http.DefaultClient, request)
	if err != nil {
		t.Fatal(err)
	}
	if whoami := decode[struct{ Email string }](t, a.want(t, http.StatusOK)); whoami.Email != ada {
		t.Errorf("the key belongs to %s, want %s", whoami.Email, ada)
	}
	s.do(t, "PATCH", "/api/users/"+formatID(id), key, fields{"name": "Eve"}).
		wantError(t, http.StatusForbidden, "FORBIDDEN")
	o := startExampleRunner(t).run(t, "api_users_get", exampleValues{Host: s.URL, Key: key, Prefix: true})
	if users := []pythonUser(nil); json.Unmarshal(o.Value, &users) != nil || len(users) != 2 {
		t.Errorf("the Python client with the key printed %s", o.Printed)
	}
	list := s.mustRun(t, auditor, "keys", "list")
	if !strings.Contains(list, "nightly") || strings.Contains(list, key) {
		t.Errorf("the list of keys is\n%s", list)
	}
	s.mustRun(t, admin, "keys", "delete", formatID(created.Details.ID)) // administrators may delete the keys of others
	s.do(t, "GET", "/api/users", key, nil).wantError(t, http.StatusUnauthorized, "UNAUTHORIZED")

	// List and end sessions: the caller's own, and those of another user.
	second := s.signIn(t, ada, password)
	wantContains(t, "the sessions", s.mustRun(t, auditor, "sessions", "list"), "127.0.0.1", "yes", "no")
	s.mustRun(t, second, "sessions", "end", "--all", "--keep-current")
	s.mustFail(t, auditor, "", "whoami")
	s.mustFail(t, second, "", "sessions", "list", adminEmail)
	s.mustRun(t, admin, "sessions", "end", "--all", "--user", ada)
	s.mustFail(t, second, "", "whoami")

	// Change settings.
	s.mustRun(t, admin, "settings", "set", "sessionIdleMinutes=60", "defaultRoleIds=2,3")
	wantContains(t, "the settings", s.mustRun(t, admin, "settings", "show"), "60", "2,3")
	wantContains(t, "the default roles", s.mustRun(t, admin, "roles", "defaults"), "Auditor")
	s.mustRun(t, admin, "settings", "lockout", "set", "failedAttemptThreshold=5")
	wantContains(t, "the policy", s.mustRun(t, admin, "settings", "lockout", "show"), "5")

	// Import users with the default roles. Users without a password get an invitation.
	file := filepath.Join(t.TempDir(), "users.csv")
	csv := "name,email,password,active\nBob,bob@example.com," + password + ",true\nCy,cy@example.com,,true\n"
	if err := os.WriteFile(file, []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	s.mustRun(t, admin, "users", "import", file)
	bob := s.signIn(t, "bob@example.com", password)
	wantContains(t, "whoami of an imported user", s.mustRun(t, bob, "whoami"), "Auditor")
	s.mustRun(t, admin, "users", "invite", "cy@example.com")
	eventually(t, "both invitations are in the outbox", func() bool {
		return strings.Count(s.mustRun(t, admin, "mail", "list"), "cy@example.com") == 2
	})
	s.mustRun(t, admin, "roles", "delete", "Auditor", "--replace-with", "2", "--yes")
	if defaults := s.mustRun(t, admin, "roles", "defaults"); strings.Contains(defaults, "Auditor") {
		t.Errorf("the default roles are\n%s", defaults)
	}

	// The activity log has an entry for each of these changes, and contains no secret.
	log := s.mustRun(t, admin, "audit", "export")
	wantContains(t, "the activity log", log, `"role.create"`, `"role.delete"`, `"user.create"`, `"session.create"`, ada)
	for _, secret := range []string{key, admin, auditor, password} {
		if strings.Contains(log, secret) {
			t.Error("the activity log contains a secret")
		}
	}
}

// TestAuditVerify verifies the activity log of a running server. It verifies the log again after an entry was edited in
// the database.
func TestAuditVerify(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	admin := s.signInAdmin(t)
	id := s.addUser(t, admin, "Ada", "ada@example.com", "Analytical-1")
	s.do(t, "PATCH", "/api/users/"+formatID(id), admin, fields{"department": "Engines"}).want(t, http.StatusOK)
	eventually(t, "all entries are sealed", func() bool {
		return !strings.Contains(s.mustRun(t, admin, "audit", "export"), `"sealed":false`)
	})
	checkpoint := filepath.Join(t.TempDir(), "checkpoint")
	if err := os.WriteFile(checkpoint, []byte(s.mustRun(t, "", "audit", "checkpoint")), 0o600); err != nil {
		t.Fatal(err)
	}
	wantContains(t, "the output for an intact log", s.mustRun(t, "", "audit", "verify", "--checkpoint", checkpoint),
		"entries verified", "continues from the checkpoint")
	s.stop(t)

	tamper(t, s.Data, "UPDATE activity SET actor_name = 'Eve' WHERE action = 'user.update'")
	found := s.run(t, "", "audit", "verify")
	wantContains(t, "the output for an edited log", found.Stdout+found.Stderr, "edited", "tampered with")
	if found.ExitCode != 1 {
		t.Errorf("usher audit verify exited with %d, want 1", found.ExitCode)
	}
	// Entries that the server adds later don't make the log valid again.
	s = s.restart(t)
	s.signInAdmin(t)
	s.mustFail(t, "", "tampered with", "audit", "verify")
}
