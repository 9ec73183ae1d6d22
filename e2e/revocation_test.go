package e2e_test

import (
	"net/http"
	"testing"
	"time"
)

// TestOperatorRevokesBesideTheServer: what `usher admin` takes away on the data, in a
// process of its own, the running server refuses within a second.
func TestOperatorRevokesBesideTheServer(t *testing.T) {
	t.Parallel()
	const password = "Analytical-1"
	for command, credential := range map[string]func(*testing.T, *server) string{
		"end-sessions": func(t *testing.T, s *server) string { return s.signIn(t, "ada@example.org", password) },
		"end-keys": func(t *testing.T, s *server) string {
			session := s.signIn(t, "ada@example.org", password)
			a := s.do(t, "POST", "/api/api-key", session, nil).want(t, http.StatusOK)
			return into[struct{ Key string }](t, a).Key
		},
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, options{})
			s.addUser(t, s.admin(t), "Ada", "ada@example.org", password)
			key := credential(t, s)
			for range 20 { // it is remembered
				s.do(t, "GET", "/api/users/whoami", key, nil).want(t, http.StatusOK)
			}
			s.usher(t, "", "admin", command, "ada@example.org")
			for ended := time.Now(); ; {
				asked := time.Now()
				if s.do(t, "GET", "/api/users/whoami", key, nil).Status == http.StatusUnauthorized {
					return
				}
				if since := asked.Sub(ended); since > time.Second {
					t.Fatalf("accepted %v after it was revoked", since)
				}
			}
		})
	}
}
