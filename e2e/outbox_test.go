package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// claimTimeout is the longest time from a crash during a delivery to the next attempt. During that time the message
// stays claimed, because another process might still be delivering it.
const claimTimeout = time.Minute

// outboxMail holds the fields of an outbox message that the tests check.
type outboxMail struct {
	State     string
	LastError *string
}

// outbox lists the messages of the outbox.
func (s *server) outbox(t *testing.T, key string) []outboxMail {
	t.Helper()
	return decode[[]outboxMail](t, s.do(t, "GET", "/api/mail", key, nil).want(t, http.StatusOK))
}

// TestMailSurvivesCrash kills the server after a message was requested and before it was delivered. The restarted
// server must deliver the message exactly once.
func TestMailSurvivesCrash(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		prepare func(*mailtest.Server)
		// wait waits for the moment at which the test kills the server.
		wait   func(t *testing.T, s *server, key string, smtp *mailtest.Server)
		repair func(*mailtest.Server)
		limit  time.Duration // how long the delivery may take
	}{
		"mail server refuses": {
			prepare: func(smtp *mailtest.Server) { smtp.Refuse(mailtest.Mail, 451) },
			wait: func(t *testing.T, s *server, key string, _ *mailtest.Server) {
				eventually(t, "a delivery failed", func() bool { return s.outbox(t, key)[0].LastError != nil })
			},
			repair: func(smtp *mailtest.Server) { smtp.Refuse(mailtest.Mail, 0) },
			limit:  defaultTimeout,
		},
		"in the middle of the delivery": {
			prepare: (*mailtest.Server).Stall,
			wait: func(t *testing.T, _ *server, _ string, smtp *mailtest.Server) {
				smtp.WaitForStalled(t, 1)
			},
			repair: (*mailtest.Server).Resume,
			limit:  claimTimeout + defaultTimeout,
		},
		"right after the answer": {
			prepare: (*mailtest.Server).Stall,
			wait:    func(*testing.T, *server, string, *mailtest.Server) {},
			repair:  (*mailtest.Server).Resume,
			limit:   claimTimeout + defaultTimeout,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			smtp, o := startMailServer(t)
			s := startServer(t, o)
			key := s.signInAdmin(t)
			s.addUser(t, key, "Ada", "ada@example.com", "Analytical-1")
			s.addUser(t, key, "Bob", "bob@example.com", "Analytical-1")

			test.prepare(smtp)
			s.requestRecovery(t, "ada@example.com")
			test.wait(t, s, key, smtp)
			s.kill(t)
			if n := len(smtp.Messages()); n != 0 {
				t.Fatalf("%d messages were delivered before the crash", n)
			}
			test.repair(smtp)

			s = s.restart(t)
			eventuallyWithin(t, test.limit, "the message arrives", func() bool { return len(smtp.Messages()) > 0 })
			// The second message is for another user, and then the outbox is empty. So the first message was delivered
			// exactly once.
			s.requestRecovery(t, "bob@example.com")
			smtp.WaitForMessage(t, 2)
			eventually(t, "all messages are delivered", func() bool {
				for _, m := range s.outbox(t, key) {
					if m.State != "delivered" {
						return false
					}
				}
				return true
			})
			messages := smtp.Messages()
			if len(messages) != 2 || messages[0].Recipients[0] != "ada@example.com" ||
				messages[1].Recipients[0] != "bob@example.com" {
				t.Errorf("%d messages arrived, want one for each of two users", len(messages))
			}
			s.do(t, "POST", "/api/users/retrieve-password", "",
				fields{"token": recoveryToken(t, messages[0]), "newPassword": "Analytical-2"}).want(t, http.StatusOK)
			s.signIn(t, "ada@example.com", "Analytical-2")
		})
	}
}
