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

// TestSecretsStayInside does all that has to do with passwords, tokens and keys,
// right and wrong, and then looks for them: in the log, in the answers that
// refuse, and in the data directory.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	const email = "ada@example.com"
	const first, second, third, fourth = "First-Passw0rd-of-Ada", "Second-Passw0rd-of-Ada", "Third-Passw0rd-of-Ada", "Fourth-Passw0rd-of-Ada"
	const wrong, weak, lost, odd = "Wrong-Passw0rd-of-Ada", "weakpasswordofada", "usr_a-token-that-is-none", "secret-in-an-odd-place"

	post, o := startPost(t)
	o.Flags = append(o.Flags, "--access-log")
	s := startServer(t, o)
	secrets := []string{adminPassword, postPassword, first, second, third, fourth, wrong, weak, lost, odd}

	admin := s.admin(t)
	id := number(s.addUser(t, admin, "Ada", email, first))
	session := s.signIn(t, email, first)
	s.do(t, "PATCH", "/api/users/password", session, fields{"oldPassword": first, "newPassword": second}).want(t, http.StatusOK)
	s.do(t, "PATCH", "/api/users/"+id, admin, fields{"password": third}).want(t, http.StatusOK)

	// The mail server refuses, with words of its own, and then takes the message.
	post.Refuse(mailtest.Rcpt, 451)
	s.forget(t, email)
	s.log.waitFor(t, "mail not delivered")
	post.Refuse(mailtest.Rcpt, 0)
	token := recoveryToken(t, post.WaitForMessage(t, 1))
	getStatus(t, s.URL+"/reset-password?token="+token)
	s.do(t, "POST", "/api/users/retrieve-password", "", fields{"token": token, "newPassword": fourth}).want(t, http.StatusOK)
	last := s.signIn(t, email, fourth)
	secrets = append(secrets, admin, session, token, last)

	for _, refused := range []struct {
		status            int
		method, path, key string
		body              any
	}{
		{401, "POST", "/api/login", "", fields{"email": email, "password": wrong}},
		{401, "POST", "/api/login", "", fields{"email": odd, "password": wrong}},
		{400, "POST", "/api/login", "", fields{"email": email, "password": wrong, "hint": odd}},
		{400, "POST", "/api/login", "", fields{"email": email, "password": []string{wrong}}},
		{400, "POST", "/api/login", "", wrong},
		{400, "POST", "/api/users", admin, []fields{{"name": "Eve", "email": "eve@example.com", "password": weak}}},
		{400, "PATCH", "/api/users/" + id, admin, fields{"password": weak}},
		{403, "PATCH", "/api/users/password", last, fields{"oldPassword": wrong, "newPassword": first}},
		{400, "PATCH", "/api/users/password", last, fields{"oldPassword": fourth, "newPassword": weak}},
		{400, "POST", "/api/users/retrieve-password", "", fields{"token": lost, "newPassword": first}},
		{400, "POST", "/api/users/retrieve-password", "", fields{"token": token, "newPassword": first}},
		{401, "GET", "/api/users", odd, nil},
		{401, "GET", "/api/users", session, nil},
		{400, "GET", "/api/users/" + odd, admin, nil},
		{404, "GET", "/api/" + odd + "?token=" + token, admin, nil},
		{405, "PUT", "/api/login?password=" + wrong, "", nil},
	} {
		a := s.do(t, refused.method, refused.path, refused.key, refused.body)
		if a.Status != refused.status {
			t.Errorf("%s %s is answered %d, want %d: %s", refused.method, refused.path, a.Status, refused.status, a.Body)
		}
		for _, secret := range secrets {
			if bytes.Contains(a.Body, []byte(secret)) {
				t.Errorf("%s %s is answered with a secret: %s", refused.method, refused.path, a.Body)
			}
		}
	}
	s.stop(t)
	wantText(t, "the log", s.log.String(), `"operation":"apiLoginPost"`, "mail delivered") // it is the log, and has what is worth a line
	wantNoSecret(t, s, secrets)
}

// TestStoredSecretsStayInside does the same with what is stored to be used again:
// keys, the passwords in settings, and the tokens of invitations.
func TestStoredSecretsStayInside(t *testing.T) {
	t.Parallel()
	const settings, ldap = "/api/application-settings", "/api/ldap-configuration"
	const searcher, other, imported, invited = "Search-Passw0rd-in-no-log", "Other-Passw0rd-in-no-log", "Imported-Passw0rd-1", "Invited-Passw0rd-1"
	post := mailtest.Start(t, mailtest.Options{TLS: mail.StartTLS, Username: postUsername, Password: postPassword})
	s := startServer(t, options{Flags: []string{"--access-log"}})
	admin := s.admin(t)
	secrets := []string{adminPassword, admin, postPassword, searcher, other, imported, invited}
	keep := func(a answer) string {
		t.Helper()
		key := into[struct{ Key string }](t, a).Key
		if key == "" {
			t.Fatalf("the answer has no key: %s", a.Body)
		}
		secrets = append(secrets, key)
		return key
	}
	var shown []answer // what must have none of them
	show := func(method, path, key string, body any) answer {
		t.Helper()
		a := s.do(t, method, path, key, body)
		shown = append(shown, a)
		return a
	}

	// Keys: one that can be read again, one that was renewed, one that is shown once.
	renewed := keep(s.do(t, "POST", "/api/api-key", admin, nil).want(t, http.StatusOK))
	contract := keep(s.do(t, "POST", "/api/api-key", admin, nil).want(t, http.StatusOK))
	if read := into[struct{ Key string }](t, s.do(t, "GET", "/api/api-key", admin, nil).want(t, http.StatusOK)).Key; read != contract {
		t.Error("the key of the contract is read as another")
	}
	named := keep(s.do(t, "POST", "/api/keys", admin, fields{"name": "nightly"}).want(t, http.StatusCreated))
	show("GET", "/api/keys", contract, nil).want(t, http.StatusOK)
	show("GET", "/api/keys", named, nil).want(t, http.StatusForbidden)
	show("GET", "/api/users", renewed, nil).want(t, http.StatusUnauthorized)

	// Settings, taken and refused.
	show("PATCH", settings, admin, mailServer(t, post, postPassword)).want(t, http.StatusOK)
	show("PATCH", settings, admin, fields{"smtpAccountPassword": []string{other}}).want(t, http.StatusBadRequest)
	show("PATCH", settings, admin, fields{"smtpAccountPassword": other, "tls": true}).want(t, http.StatusBadRequest)
	show("PATCH", ldap, admin, fields{"url": "ldaps://directory.example.com", "searchUserPassword": searcher}).want(t, http.StatusOK)
	show("PATCH", ldap, admin, fields{"url": other}).want(t, http.StatusBadRequest)
	show("GET", settings, admin, nil).want(t, http.StatusOK)
	show("GET", ldap, admin, nil).want(t, http.StatusOK)
	show("POST", settings+"/test-message", admin, nil).want(t, http.StatusOK)
	post.WaitForMessage(t, 1)

	// An import, with a password and with an invitation.
	created := into[struct{ ID int64 }](t, show("POST", "/api/imports", admin, fields{"dryRun": false}).want(t, http.StatusCreated))
	resource := "/api/imports/" + number(created.ID)
	show("POST", resource+"/rows", admin, fields{"first": 1, "users": []fields{
		{"name": "Ada", "email": "ada@example.com", "password": imported, "active": true},
		{"name": "Bob", "email": "bob@example.com", "active": true},
	}}).want(t, http.StatusOK)
	show("POST", resource+"/rows", admin, fields{"first": 3, "users": []fields{{"name": other, "email": other, "password": 1}}}).want(t, http.StatusBadRequest)
	show("POST", resource+"/finish", admin, nil).want(t, http.StatusOK)
	s.signIn(t, "ada@example.com", imported)
	invitation := post.WaitForMessage(t, 2)
	for n := 3; invitation.Recipients[0] != "bob@example.com"; n++ { // the others are about keys
		invitation = post.WaitForMessage(t, n)
	}
	token := recoveryToken(t, invitation)
	secrets = append(secrets, token)
	show("GET", "/api/mail", admin, nil).want(t, http.StatusOK)
	show("POST", "/api/users/retrieve-password", "", fields{"token": token, "newPassword": invited}).want(t, http.StatusOK)
	s.signIn(t, "bob@example.com", invited)

	show("GET", "/api/activity-log?limit=1000", admin, nil).want(t, http.StatusOK)
	show("GET", "/api/activity-log/export", admin, nil).want(t, http.StatusOK)
	for _, a := range shown {
		for _, secret := range secrets {
			if bytes.Contains(a.Body, []byte(secret)) {
				t.Errorf("%s is answered with a secret: %s", a.URL, a.Body)
			}
		}
	}
	for _, m := range post.Messages() {
		if text := string(m.Raw); strings.Contains(text, contract) || strings.Contains(text, named) {
			t.Error("a message has an API key")
		}
	}
	s.stop(t)
	wantNoSecret(t, s, secrets)
}

// wantNoSecret looks for secrets in the log and in the data directory of a server
// that has ended.
func wantNoSecret(t *testing.T, s *server, secrets []string) {
	t.Helper()
	log := s.log.String()
	for _, secret := range secrets {
		if strings.Contains(log, secret) {
			t.Errorf("the log has the secret %s", secret)
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
				t.Errorf("%s has the secret %s", entry.Name(), secret)
			}
		}
		return err
	})
	if err != nil || !found {
		t.Errorf("no database in %s: %v", s.Data, err)
	}
}
