package server

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/datadir"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// startAndSignIn runs a server until the test ends. It returns a client that is signed in as the administrator.
func startAndSignIn(t *testing.T, s *Server) *client.Client {
	t.Helper()
	start(t, s)
	c, err := client.New(s.URL().String())
	if err != nil {
		t.Fatal(err)
	}
	session, err := c.Login(t.Context(), adminEmail, adminPassword)
	if err != nil {
		t.Fatal(err)
	}
	return c.WithToken(session.Token)
}

// requestRecoveryMail makes the server send a recovery message to the administrator.
func requestRecoveryMail(t *testing.T, s *Server) {
	t.Helper()
	origin := account.Origin{ClientNetwork: "192.0.2.7"}
	if err := s.accounts.ForgottenPassword(t.Context(), adminEmail, origin); err != nil {
		t.Fatal(err)
	}
}

// TestMailFollowsTheSettings changes the mail server and the public URL while the server runs. The next message must
// use the new values.
func TestMailFollowsTheSettings(t *testing.T) {
	first := mailtest.Start(t, mailtest.Options{TLS: mail.StartTLS, Username: "usher", Password: "first secret"})
	second := mailtest.Start(t, mailtest.Options{TLS: mail.ImplicitTLS})
	s := openServer(t, config.Server{Listen: "127.0.0.1:0"}, io.Discard)
	admin := startAndSignIn(t, s)

	_, err := admin.Settings.UpdateApplication(t.Context(), client.ApplicationSettingsUpdate{
		SMTPServerAddress:   client.Set(first.Host()),
		SMTPServerPort:      client.Set(first.Port()),
		InternalCertificate: client.Set(first.CA(t)),
		SMTPAccount:         client.Set("usher"),
		SMTPAccountPassword: client.Set("first secret"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Settings.UpdateServer(t.Context(), client.ServerSettingsUpdate{
		PublicURL: client.Set("https://id.example.com"), EmailSenderName: new("Accounts"),
	}); err != nil {
		t.Fatal(err)
	}
	requestRecoveryMail(t, s)
	got := first.WaitForMessage(t, 1)
	if !strings.Contains(got.Text, "\nhttps://id.example.com/reset-password?token=") ||
		!strings.HasSuffix(got.ID, "@id.example.com") ||
		!strings.Contains(string(got.Raw), `From: "Accounts" <usher@example.com>`) {
		t.Errorf("the message is\n%s", got.Raw)
	}

	_, err = admin.Settings.UpdateApplication(t.Context(), client.ApplicationSettingsUpdate{
		SMTPServerPort: client.Set(second.Port()), InternalCertificate: client.Set(second.CA(t)),
		SMTPAccount: client.Clear[string](), SMTPUseStartTLS: new(false), TLS: new(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := admin.Settings.SendTestMessage(t.Context())
	if err != nil || !result.Delivered || result.Recipient != adminEmail {
		t.Fatalf("the test message: %+v, %v", result, err)
	}
	if got := second.WaitForMessage(t, 1); got.To != adminEmail || !strings.Contains(got.Text, "test message") {
		t.Errorf("the test message is\n%s", got.Raw)
	}
	second.Refuse(mailtest.Rcpt, 550)
	result, err = admin.Settings.SendTestMessage(t.Context())
	if err != nil || result.Delivered || result.Cause == nil || *result.Cause != mail.CauseRecipient {
		t.Errorf("a refused test message: %+v, %v", result, err)
	}
	second.Refuse(mailtest.Rcpt, 0)
	requestRecoveryMail(t, s)
	second.WaitForMessage(t, 2)

	if _, err := admin.Settings.UpdateApplication(t.Context(), client.ApplicationSettingsUpdate{
		SMTPServerAddress: client.Clear[string](),
	}); err != nil {
		t.Fatal(err)
	}
	if result, err := admin.Settings.SendTestMessage(t.Context()); err != nil || !result.Delivered {
		t.Fatalf("the test message: %+v, %v", result, err)
	}
	if _, err := os.Stat(filepath.Join(datadir.MailPath(s.settings.Data), "000000.eml")); err != nil {
		t.Error(err)
	}
	if len(first.Messages()) != 1 || len(second.Messages()) != 2 {
		t.Errorf("%d and %d messages have arrived, want 1 and 2", len(first.Messages()), len(second.Messages()))
	}
}

// TestFlagsOverrideTheSettings starts a server whose flags set a mail server and a public URL. The settings must show
// these values and refuse to change them.
func TestFlagsOverrideTheSettings(t *testing.T) {
	smtp := mailtest.Start(t, mailtest.Options{TLS: mail.NoTLS})
	s := openServer(t, config.Server{
		Listen: "127.0.0.1:0", PublicURL: "https://flag.example.com",
		SMTP: config.SMTP{Host: smtp.Host(), Port: smtp.Port(), TLS: mail.NoTLS},
	}, io.Discard)
	admin := startAndSignIn(t, s)
	shown, err := admin.Settings.GetApplication(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if shown.SMTPServerAddress == nil || *shown.SMTPServerAddress != smtp.Host() || *shown.SMTPServerPort != smtp.Port() ||
		shown.EmailSender != "usher@example.com" {
		t.Errorf("the settings are %+v", shown)
	}
	_, err = admin.Settings.UpdateApplication(t.Context(), client.ApplicationSettingsUpdate{
		SMTPServerAddress: client.Set("mail.example.com"),
	})
	if !errors.Is(err, client.CodeSetByOperator) {
		t.Errorf("another server: %v", err)
	}
	_, err = admin.Settings.UpdateServer(t.Context(), client.ServerSettingsUpdate{PublicURL: client.Clear[string]()})
	if !errors.Is(err, client.CodeSetByOperator) {
		t.Errorf("another public URL: %v", err)
	}
	requestRecoveryMail(t, s)
	if got := smtp.WaitForMessage(t, 1); !strings.Contains(got.Text, "https://flag.example.com/") {
		t.Errorf("the message is\n%s", got.Raw)
	}
}
