package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// claimTime is how long after a crash in the middle of a delivery the next attempt
// may come: the server cannot know whether another process still makes the first.
const claimTime = time.Minute

// outboxMail is what the tests look at of a message of the outbox.
type outboxMail struct {
	State     string
	LastError *string
}

func (s *server) outbox(t *testing.T, key string) []outboxMail {
	t.Helper()
	return into[[]outboxMail](t, s.do(t, "GET", "/api/mail", key, nil).want(t, http.StatusOK))
}

// TestMailSurvivesCrash kills the server between the request for a message and its
// delivery. The next server delivers it, once.
func TestMailSurvivesCrash(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		prepare func(*mailtest.Server)
		// wait returns when the server is to be killed.
		wait  func(t *testing.T, s *server, key string, post *mailtest.Server)
		mend  func(*mailtest.Server)
		limit time.Duration // for the delivery
	}{
		"mail server refuses": {
			prepare: func(post *mailtest.Server) { post.Refuse(mailtest.Mail, 451) },
			wait: func(t *testing.T, s *server, key string, _ *mailtest.Server) {
				within(t, "a delivery has failed", func() bool { return s.outbox(t, key)[0].LastError != nil })
			},
			mend:  func(post *mailtest.Server) { post.Refuse(mailtest.Mail, 0) },
			limit: patience,
		},
		"in the middle of the delivery": {
			prepare: (*mailtest.Server).Stall,
			wait: func(t *testing.T, _ *server, _ string, post *mailtest.Server) {
				post.WaitForStalled(t, 1)
			},
			mend:  (*mailtest.Server).Resume,
			limit: claimTime + patience,
		},
		"right after the answer": {
			prepare: (*mailtest.Server).Stall,
			wait:    func(*testing.T, *server, string, *mailtest.Server) {},
			mend:    (*mailtest.Server).Resume,
			limit:   claimTime + patience,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			post, o := startPost(t)
			s := startServer(t, o)
			key := s.admin(t)
			s.addUser(t, key, "Ada", "ada@example.com", "Analytical-1")
			s.addUser(t, key, "Bob", "bob@example.com", "Analytical-1")

			test.prepare(post)
			s.forget(t, "ada@example.com")
			test.wait(t, s, key, post)
			s.kill(t)
			if n := len(post.Messages()); n != 0 {
				t.Fatalf("%d messages were delivered before the crash", n)
			}
			test.mend(post)

			s = s.again(t)
			withinTime(t, test.limit, "the message has come", func() bool { return len(post.Messages()) > 0 })
			// Once: another user's message is the second to come, and then nothing is left to send.
			s.forget(t, "bob@example.com")
			post.WaitForMessage(t, 2)
			within(t, "all messages are delivered", func() bool {
				for _, m := range s.outbox(t, key) {
					if m.State != "delivered" {
						return false
					}
				}
				return true
			})
			messages := post.Messages()
			if len(messages) != 2 || messages[0].Recipients[0] != "ada@example.com" || messages[1].Recipients[0] != "bob@example.com" {
				t.Errorf("%d messages came, want one for each of two users", len(messages))
			}
			s.do(t, "POST", "/api/users/retrieve-password", "",
				fields{"token": recoveryToken(t, messages[0]), "newPassword": "Analytical-2"}).want(t, http.StatusOK)
			s.signIn(t, "ada@example.com", "Analytical-2")
		})
	}
}
