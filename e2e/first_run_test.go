package e2e_test

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFirstRun follows the first administrator from signing in with the generated password to choosing a new one.
func TestFirstRun(t *testing.T) {
	t.Parallel()
	const chosen = "Of-my-own-choice-1"
	s := startServer(t, options{NoAdmin: true})
	file := filepath.Join(s.Data, "initial-admin-password")
	wantMode(t, file, 0o600)
	generated := strings.TrimSpace(readFile(t, file))

	a := s.do(t, "POST", "/api/login", "", fields{"email": adminEmail, "password": generated}).want(t, http.StatusOK)
	session := decode[struct {
		AuthToken         string
		NeedPasswordReset bool
	}](t, a)
	if !session.NeedPasswordReset {
		t.Error("the sign-in does not require a password change")
	}
	key := session.AuthToken

	newUser := []fields{{"name": "Ada", "email": "ada@example.com", "password": chosen}}
	for _, request := range []struct {
		method, path string
		body         any
	}{
		{"GET", "/api/users", nil},
		{"POST", "/api/users", newUser},
		{"GET", "/api/users/1", nil},
		{"PATCH", "/api/users/1", fields{"name": "Root"}},
		{"PUT", "/api/users/1/roles", fields{"roles": []int{1}}},
		{"DELETE", "/api/users/1", nil},
		{"GET", "/api/mail", nil},
		{"GET", "/api/mail/1", nil},
	} {
		a := s.do(t, request.method, request.path, key, request.body)
		if a.Status != http.StatusForbidden ||
			decode[struct{ Error string }](t, a).Error != "PASSWORD_CHANGE_REQUIRED" {
			t.Errorf("%s %s is answered %d before the password change: %s",
				request.method, request.path, a.Status, a.Body)
		}
	}
	s.do(t, "GET", "/api/users/whoami", key, nil).want(t, http.StatusOK)
	s.do(t, "POST", "/api/logout", s.signIn(t, adminEmail, generated), nil).want(t, http.StatusNoContent)

	change := fields{"oldPassword": generated, "newPassword": chosen}
	s.do(t, "PATCH", "/api/users/password", key, change).want(t, http.StatusOK)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file with the initial password still exists: %v", err)
	}
	s.do(t, "POST", "/api/users", key, newUser).want(t, http.StatusCreated)
	s.wantSignInRefused(t, adminEmail, generated)
	if strings.Contains(s.log.String(), generated) {
		t.Error("the log contains the generated password")
	}

	t.Run("later start with another password", func(t *testing.T) {
		s.stop(t)
		s := startServer(t, options{Data: s.Data})
		wantWarning(t, s, "USHER_ADMIN_PASSWORD")
		s.wantSignInRefused(t, adminEmail, adminPassword)
		s.signIn(t, adminEmail, chosen)
	})
}

// TestLaterAdminEmail restarts a server with another --admin-email. The server must ignore the flag and log a warning.
func TestLaterAdminEmail(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	s.stop(t)
	s = startServer(t, options{Data: s.Data, NoAdmin: true, Flags: []string{"--admin-email", "other@example.com"}})
	s.signInAdmin(t)
	wantWarning(t, s, "admin-email")
}

// wantWarning fails the test unless the log warns that the server ignores the setting.
func wantWarning(t *testing.T, s *server, setting string) {
	t.Helper()
	for line := range strings.Lines(s.log.String()) {
		if strings.Contains(line, `"level":"WARN"`) && strings.Contains(line, setting) &&
			strings.Contains(line, "ignored") {
			return
		}
	}
	t.Errorf("the server does not warn that %s is ignored", setting)
}

// TestWeakAdminPassword starts a new server with an administrator password that the password policy refuses. The next
// start, with a valid password, must succeed.
func TestWeakAdminPassword(t *testing.T) {
	t.Parallel()
	const weak = "weak-and-secret"
	data := filepath.Join(t.TempDir(), "data")
	output := startFailure(t, options{Data: data, NoAdmin: true, Env: []string{"USHER_ADMIN_PASSWORD=" + weak}})
	wantContains(t, "the output of the server", output, "hint:", "upper-case")
	if strings.Contains(output, weak) {
		t.Errorf("the output contains the password: %s", output)
	}
	startServer(t, options{Data: data}).signInAdmin(t)
}

// TestServerKey starts a server on an existing data directory while its server key file is missing, wrong or malformed.
// It also starts a server whose key is in an environment variable.
func TestServerKey(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	s.stop(t)
	file := filepath.Join(s.Data, "server.key")
	wantMode(t, file, 0o600)
	key := readFile(t, file)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	other := base64.StdEncoding.EncodeToString([]byte("thirty-two bytes of another key."))

	output := startFailure(t, options{Data: s.Data})
	wantContains(t, "the output without the server key", output, "hint:", file)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the server generated another key: %v", err)
	}

	output = startFailure(t, options{Data: s.Data, Env: []string{"USHER_SERVER_KEY=" + other}})
	wantContains(t, "the output with another server key", output, "hint:")
	if strings.Contains(output, other) {
		t.Error("the output contains the key")
	}
	output = startFailure(t, options{Data: s.Data, Env: []string{"USHER_SERVER_KEY=not-a-key"}})
	if strings.Contains(output, "not-a-key") {
		t.Error("the output contains the malformed key")
	}

	env := []string{"USHER_SERVER_KEY=" + strings.TrimSpace(key)}
	startServer(t, options{Data: s.Data, Env: env}).signInAdmin(t)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the server stored the key of the variable: %v", err)
	}
}

// TestPrivateFiles checks the permission bits of all files and directories in the data directory.
func TestPrivateFiles(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	s.signInAdmin(t)
	err := filepath.WalkDir(s.Data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		wantMode(t, path, want)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
