package e2e_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// mailServer is the settings that have messages go to a mail server.
func mailServer(t *testing.T, post *mailtest.Server, password string) fields {
	t.Helper()
	return fields{
		"smtpServerAddress": post.Host(), "smtpServerPort": post.Port(), "smtpUseStartTLS": true, "tls": false,
		"smtpAccount": postUsername, "smtpAccountPassword": password, "emailSender": "accounts@example.com",
		"internalCertificate": post.CA(t),
	}
}

// TestMailServerChanges moves a running server from one mail server to another. No
// password goes along, and no restart is needed.
func TestMailServerChanges(t *testing.T) {
	t.Parallel()
	const settings, test = "/api/application-settings", "/api/application-settings/test-message"
	start := func() *mailtest.Server {
		return mailtest.Start(t, mailtest.Options{TLS: mail.StartTLS, Username: postUsername, Password: postPassword})
	}
	first, second := start(), start()
	s := startServer(t, options{})
	admin := s.admin(t)
	a := s.do(t, "PATCH", settings, admin, mailServer(t, first, postPassword)).want(t, http.StatusOK)
	if bytes.Contains(a.Body, []byte(postPassword)) || into[struct{ SMTPAccountPassword string }](t, a).SMTPAccountPassword != "********" {
		t.Errorf("the settings are answered as %s", a.Body)
	}
	s.forget(t, adminEmail)
	if message := first.WaitForMessage(t, 1); message.Sender != "accounts@example.com" {
		t.Errorf("the message came from %s", message.Sender)
	}

	// The mask is no password: that of the first is not sent to the second.
	a = s.do(t, "PATCH", settings, admin, mailServer(t, second, "********")).want(t, http.StatusOK)
	if password := into[struct{ SMTPAccountPassword *string }](t, a).SMTPAccountPassword; password != nil {
		t.Errorf("the password is still there, as %s", *password)
	}
	type result struct {
		Delivered bool
		Cause     *string
	}
	if r := into[result](t, s.do(t, "POST", test, admin, nil).want(t, http.StatusOK)); r.Delivered {
		t.Error("the password of the first mail server was sent to the second")
	}
	s.do(t, "PATCH", settings, admin, mailServer(t, second, postPassword)).want(t, http.StatusOK)
	if r := into[result](t, s.do(t, "POST", test, admin, nil).want(t, http.StatusOK)); !r.Delivered || r.Cause != nil {
		t.Errorf("the test message: %+v", r)
	}
	s.forget(t, adminEmail)
	second.WaitForMessage(t, 2)
	if n := len(first.Messages()); n != 1 {
		t.Errorf("the first mail server got %d messages, want 1", n)
	}

	// It holds after a restart, too.
	s.stop(t)
	s = s.again(t)
	s.forget(t, adminEmail)
	second.WaitForMessage(t, 3)
}
