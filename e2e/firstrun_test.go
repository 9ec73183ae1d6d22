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

// TestFirstRun follows an administrator from the password that was made up to one
// of his own.
func TestFirstRun(t *testing.T) {
	t.Parallel()
	const own = "Of-my-own-choice-1"
	s := startServer(t, options{NoAdmin: true})
	file := filepath.Join(s.Data, "initial-admin-password")
	wantMode(t, file, 0o600)
	madeUp := strings.TrimSpace(readFile(t, file))

	a := s.do(t, "POST", "/api/login", "", fields{"email": adminEmail, "password": madeUp}).want(t, http.StatusOK)
	session := into[struct {
		AuthToken         string
		NeedPasswordReset bool
	}](t, a)
	if !session.NeedPasswordReset {
		t.Error("the sign-in does not ask for another password")
	}
	key := session.AuthToken

	newUser := []fields{{"name": "Ada", "email": "ada@example.com", "password": own}}
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
		if a := s.do(t, request.method, request.path, key, request.body); a.Status != http.StatusForbidden ||
			into[struct{ Error string }](t, a).Error != "PASSWORD_CHANGE_REQUIRED" {
			t.Errorf("%s %s is answered %d before the password was changed: %s", request.method, request.path, a.Status, a.Body)
		}
	}
	s.do(t, "GET", "/api/users/whoami", key, nil).want(t, http.StatusOK)
	s.do(t, "POST", "/api/logout", s.signIn(t, adminEmail, madeUp), nil).want(t, http.StatusNoContent)

	s.do(t, "PATCH", "/api/users/password", key, fields{"oldPassword": madeUp, "newPassword": own}).want(t, http.StatusOK)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file of the first password is still there: %v", err)
	}
	s.do(t, "POST", "/api/users", key, newUser).want(t, http.StatusCreated)
	s.refuseSignIn(t, adminEmail, madeUp)
	if strings.Contains(s.log.String(), madeUp) {
		t.Error("the log has the password that was made up")
	}

	t.Run("later start with another password", func(t *testing.T) {
		s.stop(t)
		s := startServer(t, options{Data: s.Data})
		wantWarning(t, s, "USHER_ADMIN_PASSWORD")
		s.refuseSignIn(t, adminEmail, adminPassword)
		s.signIn(t, adminEmail, own)
	})
}

// TestLaterAdminEmail is a start that names another administrator than the first
// one did.
func TestLaterAdminEmail(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	s.stop(t)
	s = startServer(t, options{Data: s.Data, NoAdmin: true, Flags: []string{"--admin-email", "other@example.com"}})
	s.admin(t)
	wantWarning(t, s, "admin-email")
}

// wantWarning fails the test unless the log warns that a setting is ignored.
func wantWarning(t *testing.T, s *server, setting string) {
	t.Helper()
	for line := range strings.Lines(s.log.String()) {
		if strings.Contains(line, `"level":"WARN"`) && strings.Contains(line, setting) && strings.Contains(line, "ignored") {
			return
		}
	}
	t.Errorf("the server does not warn that %s is ignored", setting)
}

// TestWeakAdminPassword is a first start with a password that the policy refuses.
// It leaves nothing behind that hinders the next.
func TestWeakAdminPassword(t *testing.T) {
	t.Parallel()
	const weak = "weak-and-secret"
	data := filepath.Join(t.TempDir(), "data")
	said := failStart(t, options{Data: data, NoAdmin: true, Env: []string{"USHER_ADMIN_PASSWORD=" + weak}})
	wantText(t, "what the server says", said, "hint:", "upper-case")
	if strings.Contains(said, weak) {
		t.Errorf("the server shows the password: %s", said)
	}
	startServer(t, options{Data: data}).admin(t)
}

// TestServerKey starts on data whose key is missing or another.
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

	said := failStart(t, options{Data: s.Data})
	wantText(t, "what the server says without its key", said, "hint:", file)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the server made another key: %v", err)
	}

	said = failStart(t, options{Data: s.Data, Env: []string{"USHER_SERVER_KEY=" + other}})
	wantText(t, "what the server says with another key", said, "hint:")
	if strings.Contains(said, other) {
		t.Error("the server shows the key")
	}
	said = failStart(t, options{Data: s.Data, Env: []string{"USHER_SERVER_KEY=not-a-key"}})
	if strings.Contains(said, "not-a-key") {
		t.Error("the server shows what it was given as a key")
	}

	startServer(t, options{Data: s.Data, Env: []string{"USHER_SERVER_KEY=" + strings.TrimSpace(key)}}).admin(t)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the server wrote the key that it was given: %v", err)
	}
}

// TestPrivateFiles looks at the modes of all that a server keeps.
func TestPrivateFiles(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	s.admin(t)
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
