package e2e_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// TestSecretsStayInside calls operations with passwords, tokens and keys, both valid and invalid. It then searches for
// these secrets in the log, in error responses and in the data directory.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	const email = "ada@example.com"
	const first, second = "First-Passw0rd-of-Ada", "Second-Passw0rd-of-Ada"
	const third, fourth = "Third-Passw0rd-of-Ada", "Fourth-Passw0rd-of-Ada"
	const wrong, weak = "Wrong-Passw0rd-of-Ada", "weakpasswordofada"
	const invalidToken, misplaced = "usr_a-token-that-is-none", "secret-in-an-odd-place"

	smtp, o := startMailServer(t)
	o.Flags = append(o.Flags, "--access-log")
	s := startServer(t, o)
	secrets := []string{
		adminPassword, smtpPassword, first, second, third, fourth, wrong, weak, invalidToken, misplaced,
	}

	admin := s.signInAdmin(t)
	id := formatID(s.addUser(t, admin, "Ada", email, first))
	session := s.signIn(t, email, first)
	change := fields{"oldPassword": first, "newPassword": second}
	s.do(t, "PATCH", "/api/users/password", session, change).want(t, http.StatusOK)
	s.do(t, "PATCH", "/api/users/"+id, admin, fields{"password": third}).want(t, http.StatusOK)

	// The mail server first refuses the message with an error text of its own, and accepts it later.
	smtp.Refuse(mailtest.Rcpt, 451)
	s.requestRecovery(t, email)
	s.log.waitFor(t, "mail not delivered")
	smtp.Refuse(mailtest.Rcpt, 0)
	token := waitForRecoveryToken(t, smtp, 1)
	getStatus(t, s.URL+"/reset-password?token="+token)
	retrieval := fields{"token": token, "newPassword": fourth}
	s.do(t, "POST", "/api/users/retrieve-password", "", retrieval).want(t, http.StatusOK)
	last := s.signIn(t, email, fourth)
	secrets = append(secrets, admin, session, token, last)

	for _, refused := range []struct {
		status            int
		method, path, key string
		body              any
	}{
		{401, "POST", "/api/login", "", fields{"email": email, "password": wrong}},
		{401, "POST", "/api/login", "", fields{"email": misplaced, "password": wrong}},
		{400, "POST", "/api/login", "", fields{"email": email, "password": wrong, "hint": misplaced}},
		{400, "POST", "/api/login", "", fields{"email": email, "password": []string{wrong}}},
		{400, "POST", "/api/login", "", wrong},
		{400, "POST", "/api/users", admin, []fields{{"name": "Eve", "email": "eve@example.com", "password": weak}}},
		{400, "PATCH", "/api/users/" + id, admin, fields{"password": weak}},
		{403, "PATCH", "/api/users/password", last, fields{"oldPassword": wrong, "newPassword": first}},
		{400, "PATCH", "/api/users/password", last, fields{"oldPassword": fourth, "newPassword": weak}},
		{400, "POST", "/api/users/retrieve-password", "", fields{"token": invalidToken, "newPassword": first}},
		{400, "POST", "/api/users/retrieve-password", "", fields{"token": token, "newPassword": first}},
		{401, "GET", "/api/users", misplaced, nil},
		{401, "GET", "/api/users", session, nil},
		{400, "GET", "/api/users/" + misplaced, admin, nil},
		{404, "GET", "/api/" + misplaced + "?token=" + token, admin, nil},
		{405, "PUT", "/api/login?password=" + wrong, "", nil},
	} {
		a := s.do(t, refused.method, refused.path, refused.key, refused.body)
		if a.Status != refused.status {
			t.Errorf("%s %s is answered %d, want %d: %s",
				refused.method, refused.path, a.Status, refused.status, a.Body)
		}
		for _, secret := range secrets {
			if bytes.Contains(a.Body, []byte(secret)) {
				t.Errorf("the answer to %s %s contains a secret: %s", refused.method, refused.path, a.Body)
			}
		}
	}
	s.stop(t)
	// The log contains the lines of these requests, so a search in it is meaningful.
	wantContains(t, "the log", s.log.String(), `"operation":"apiLoginPost"`, "mail delivered")
	wantNoSecret(t, s, secrets)
}

// TestStoredSecretsStayInside is like TestSecretsStayInside, for secrets that the server stores: API keys, passwords in
// settings, and the tokens of invitations.
func TestStoredSecretsStayInside(t *testing.T) {
	t.Parallel()
	const settings, ldap = "/api/application-settings", "/api/ldap-configuration"
	const search, other = "Search-Passw0rd-in-no-log", "Other-Passw0rd-in-no-log"
	const imported, invited = "Imported-Passw0rd-1", "Invited-Passw0rd-1"
	smtp := mailtest.Start(t, mailtest.Options{TLS: mail.StartTLS, Username: smtpUsername, Password: smtpPassword})
	s := startServer(t, options{Flags: []string{"--access-log"}})
	admin := s.signInAdmin(t)
	secrets := []string{adminPassword, admin, smtpPassword, search, other, imported, invited}
	addKey := func(a answer) string {
		t.Helper()
		key := decode[struct{ Key string }](t, a).Key
		if key == "" {
			t.Fatalf("the answer has no key: %s", a.Body)
		}
		secrets = append(secrets, key)
		return key
	}
	var answers []answer // responses that must not contain a secret
	do := func(method, path, key string, body any) answer {
		t.Helper()
		a := s.do(t, method, path, key, body)
		answers = append(answers, a)
		return a
	}

	// Create API keys: one that can be read again, one that is replaced, and one that is shown only once.
	replaced := addKey(s.do(t, "POST", "/api/api-key", admin, nil).want(t, http.StatusOK))
	contract := addKey(s.do(t, "POST", "/api/api-key", admin, nil).want(t, http.StatusOK))
	a := s.do(t, "GET", "/api/api-key", admin, nil).want(t, http.StatusOK)
	if got := decode[struct{ Key string }](t, a).Key; got != contract {
		t.Error("GET /api/api-key returns another key")
	}
	named := addKey(s.do(t, "POST", "/api/keys", admin, fields{"name": "nightly"}).want(t, http.StatusCreated))
	do("GET", "/api/keys", contract, nil).want(t, http.StatusOK)
	do("GET", "/api/keys", named, nil).want(t, http.StatusForbidden)
	do("GET", "/api/users", replaced, nil).want(t, http.StatusUnauthorized)

	// Change settings with valid and invalid secrets.
	do("PATCH", settings, admin, mailServerSettings(t, smtp, smtpPassword)).want(t, http.StatusOK)
	do("PATCH", settings, admin, fields{"smtpAccountPassword": []string{other}}).want(t, http.StatusBadRequest)
	do("PATCH", settings, admin, fields{"smtpAccountPassword": other, "tls": true}).want(t, http.StatusBadRequest)
	directory := fields{"url": "ldaps://directory.example.com", "searchUserPassword": search}
	do("PATCH", ldap, admin, directory).want(t, http.StatusOK)
	do("PATCH", ldap, admin, fields{"url": other}).want(t, http.StatusBadRequest)
	do("GET", settings, admin, nil).want(t, http.StatusOK)
	do("GET", ldap, admin, nil).want(t, http.StatusOK)
	do("POST", settings+"/test-message", admin, nil).want(t, http.StatusOK)
	smtp.WaitForMessage(t, 1)

	// Import one user with a password and one with an invitation.
	a = do("POST", "/api/imports", admin, fields{"dryRun": false}).want(t, http.StatusCreated)
	resource := "/api/imports/" + formatID(decode[struct{ ID int64 }](t, a).ID)
	do("POST", resource+"/rows", admin, fields{"first": 1, "users": []fields{
		{"name": "Ada", "email": "ada@example.com", "password": imported, "active": true},
		{"name": "Bob", "email": "bob@example.com", "active": true},
	}}).want(t, http.StatusOK)
	invalid := fields{"first": 3, "users": []fields{{"name": other, "email": other, "password": 1}}}
	do("POST", resource+"/rows", admin, invalid).want(t, http.StatusBadRequest)
	do("POST", resource+"/finish", admin, nil).want(t, http.StatusOK)
	s.signIn(t, "ada@example.com", imported)
	invitation := smtp.WaitForMessage(t, 2)
	for n := 3; invitation.Recipients[0] != "bob@example.com"; n++ { // skips the messages about new keys
		invitation = smtp.WaitForMessage(t, n)
	}
	token := recoveryToken(t, invitation)
	secrets = append(secrets, token)
	do("GET", "/api/mail", admin, nil).want(t, http.StatusOK)
	retrieval := fields{"token": token, "newPassword": invited}
	do("POST", "/api/users/retrieve-password", "", retrieval).want(t, http.StatusOK)
	s.signIn(t, "bob@example.com", invited)

	do("GET", "/api/activity-log?limit=1000", admin, nil).want(t, http.StatusOK)
	do("GET", "/api/activity-log/export", admin, nil).want(t, http.StatusOK)
	for _, a := range answers {
		for _, secret := range secrets {
			if bytes.Contains(a.Body, []byte(secret)) {
				t.Errorf("the answer of %s contains a secret: %s", a.URL, a.Body)
			}
		}
	}
	for _, m := range smtp.Messages() {
		if text := string(m.Raw); strings.Contains(text, contract) || strings.Contains(text, named) {
			t.Error("a message contains an API key")
		}
	}
	s.stop(t)
	wantNoSecret(t, s, secrets)
}

// wantNoSecret fails the test if a secret is in the log or the data directory of a stopped server.
func wantNoSecret(t *testing.T, s *server, secrets []string) {
	t.Helper()
	log := s.log.String()
	for _, secret := range secrets {
		if strings.Contains(log, secret) {
			t.Errorf("the log contains the secret %s", secret)
		}
	}
	found := false
	err := filepath.WalkDir(s.Data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		found = found || entry.Name() == "usher.db"
		content, err := os.ReadFile(path)
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s contains the secret %s", entry.Name(), secret)
			}
		}
		return err
	})
	if err != nil || !found {
		t.Errorf("there is no database in %s: %v", s.Data, err)
	}
}
