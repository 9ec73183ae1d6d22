package e2e_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// TestSecretsStayInside does all that has to do with passwords, tokens and keys,
// right and wrong, and then looks for them: in the log, in the answers that
// refuse, and in the files of the database.
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

	log := s.log.String()
	wantText(t, "the log", log, `"operation":"apiLoginPost"`, "mail delivered") // it is the log, and has what is worth a line
	for _, secret := range secrets {
		if strings.Contains(log, secret) {
			t.Errorf("the log has the secret %s", secret)
		}
	}
	files, err := filepath.Glob(filepath.Join(s.Data, "usher.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no database in %s: %v", s.Data, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s has the secret %s", filepath.Base(file), secret)
			}
		}
	}
}
