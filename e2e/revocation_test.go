package e2e_test

import (
	"net/http"
	"testing"
	"time"
)

// TestAdminCommandsRevokeWithinASecond revokes credentials with `usher admin`, which changes the database directly. The
// running server must refuse the credentials within a second.
func TestAdminCommandsRevokeWithinASecond(t *testing.T) {
	t.Parallel()
	const password = "Analytical-1"
	for command, credential := range map[string]func(*testing.T, *server) string{
		"end-sessions": func(t *testing.T, s *server) string { return s.signIn(t, "ada@example.org", password) },
		"end-keys": func(t *testing.T, s *server) string {
			session := s.signIn(t, "ada@example.org", password)
			a := s.do(t, "POST", "/api/api-key", session, nil).want(t, http.StatusOK)
			return decode[struct{ Key string }](t, a).Key
		},
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, options{})
			s.addUser(t, s.signInAdmin(t), "Ada", "ada@example.org", password)
			key := credential(t, s)
			for range 20 { // many requests, so that the credential is cached
				s.do(t, "GET", "/api/users/whoami", key, nil).want(t, http.StatusOK)
			}
			s.mustRun(t, "", "admin", command, "ada@example.org")
			for revoked := time.Now(); ; {
				sent := time.Now()
				if s.do(t, "GET", "/api/users/whoami", key, nil).Status == http.StatusUnauthorized {
					return
				}
				if since := sent.Sub(revoked); since > time.Second {
					t.Fatalf("the server accepts the credential %v after its revocation", since)
				}
			}
		})
	}
}
