package e2e_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// mailServerSettings returns application settings for delivery to the mail server smtp.
func mailServerSettings(t *testing.T, smtp *mailtest.Server, password string) fields {
	t.Helper()
	return fields{
		"smtpServerAddress": smtp.Host(), "smtpServerPort": smtp.Port(), "smtpUseStartTLS": true, "tls": false,
		"smtpAccount": smtpUsername, "smtpAccountPassword": password, "emailSender": "accounts@example.com",
		"internalCertificate": smtp.CA(t),
	}
}

// TestMailServerChange switches a running server to another mail server without a restart. The server must not send the
// stored password to the new mail server.
func TestMailServerChange(t *testing.T) {
	t.Parallel()
	const settings, test = "/api/application-settings", "/api/application-settings/test-message"
	start := func() *mailtest.Server {
		return mailtest.Start(t, mailtest.Options{TLS: mail.StartTLS, Username: smtpUsername, Password: smtpPassword})
	}
	first, second := start(), start()
	s := startServer(t, options{})
	admin := s.signInAdmin(t)
	a := s.do(t, "PATCH", settings, admin, mailServerSettings(t, first, smtpPassword)).want(t, http.StatusOK)
	masked := decode[struct{ SMTPAccountPassword string }](t, a).SMTPAccountPassword
	if bytes.Contains(a.Body, []byte(smtpPassword)) || masked != "********" {
		t.Errorf("the answer does not mask the password: %s", a.Body)
	}
	s.requestRecovery(t, adminEmail)
	if message := first.WaitForMessage(t, 1); message.Sender != "accounts@example.com" {
		t.Errorf("the message came from %s", message.Sender)
	}

	// The mask that stands for a stored password is not itself a password. The server must not send the password of the
	// first mail server to the second.
	a = s.do(t, "PATCH", settings, admin, mailServerSettings(t, second, "********")).want(t, http.StatusOK)
	if password := decode[struct{ SMTPAccountPassword *string }](t, a).SMTPAccountPassword; password != nil {
		t.Errorf("the password is still stored, as %s", *password)
	}
	type result struct {
		Delivered bool
		Cause     *string
	}
	sendTest := func() result {
		t.Helper()
		return decode[result](t, s.do(t, "POST", test, admin, nil).want(t, http.StatusOK))
	}
	if sendTest().Delivered {
		t.Error("the password of the first mail server was sent to the second")
	}
	s.do(t, "PATCH", settings, admin, mailServerSettings(t, second, smtpPassword)).want(t, http.StatusOK)
	if r := sendTest(); !r.Delivered || r.Cause != nil {
		t.Errorf("the test message: %+v", r)
	}
	s.requestRecovery(t, adminEmail)
	second.WaitForMessage(t, 2)
	if n := len(first.Messages()); n != 1 {
		t.Errorf("the first mail server got %d messages, want 1", n)
	}

	// The settings survive a restart.
	s.stop(t)
	s = s.restart(t)
	s.requestRecovery(t, adminEmail)
	second.WaitForMessage(t, 3)
}
