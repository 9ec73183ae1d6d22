package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// serving serves until the test ends and returns a client of its administrator.
func serving(t *testing.T, p *program) *client.Client {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(p.Run(ctx), p.Close()) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	c, err := client.New(p.URL.String())
	if err != nil {
		t.Fatal(err)
	}
	session, err := c.Login(t.Context(), scriptAdmin, scriptPassword)
	if err != nil {
		t.Fatal(err)
	}
	return c.WithToken(session.Token)
}

// askForMail has a recovery message sent to the administrator.
func askForMail(t *testing.T, p *program) {
	t.Helper()
	if err := p.accounts.ForgottenPassword(t.Context(), scriptAdmin, account.Origin{ClientNetwork: "192.0.2.7"}); err != nil {
		t.Fatal(err)
	}
}

// Mail goes where the settings say from the next message on, without a restart,
// and links and the sender follow the public URL.
func TestMailFollowsTheSettings(t *testing.T) {
	first := mailtest.Start(t, mailtest.Options{TLS: mail.StartTLS, Username: "usher", Password: "first secret"})
	second := mailtest.Start(t, mailtest.Options{TLS: mail.ImplicitTLS})
	p := openProgram(t, config.Server{Listen: "127.0.0.1:0"}, io.Discard)
	admin := serving(t, p)

	_, err := admin.UpdateApplicationSettings(t.Context(), client.ApplicationSettingsUpdate{
		SMTPServerAddress: client.Set(first.Host()), SMTPServerPort: client.Set(first.Port()), InternalCertificate: client.Set(first.CA(t)),
		SMTPAccount: client.Set("usher"), SMTPAccountPassword: client.Set("first secret"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.UpdateServerSettings(t.Context(), client.ServerSettingsUpdate{
		PublicURL: client.Set("https://id.example.com"), EmailSenderName: new("Accounts"),
	}); err != nil {
		t.Fatal(err)
	}
	askForMail(t, p)
	got := first.WaitForMessage(t, 1)
	if !strings.Contains(got.Text, "\nhttps://id.example.com/reset-password?token=") || !strings.HasSuffix(got.ID, "@id.example.com") ||
		!strings.Contains(string(got.Raw), `From: "Accounts" <usher@example.com>`) {
		t.Errorf("the message is\n%s", got.Raw)
	}

	_, err = admin.UpdateApplicationSettings(t.Context(), client.ApplicationSettingsUpdate{
		SMTPServerPort: client.Set(second.Port()), InternalCertificate: client.Set(second.CA(t)),
		SMTPAccount: client.Clear[string](), SMTPUseStartTLS: new(false), TLS: new(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	if result, err := admin.SendTestMessage(t.Context()); err != nil || !result.Delivered || result.Recipient != scriptAdmin {
		t.Fatalf("the test message: %+v, %v", result, err)
	}
	if got := second.WaitForMessage(t, 1); got.To != scriptAdmin || !strings.Contains(got.Text, "test message") {
		t.Errorf("the test message is\n%s", got.Raw)
	}
	second.Refuse(mailtest.Rcpt, 550)
	result, err := admin.SendTestMessage(t.Context())
	if err != nil || result.Delivered || result.Cause == nil || *result.Cause != mail.CauseRecipient {
		t.Errorf("a refused test message: %+v, %v", result, err)
	}
	second.Refuse(mailtest.Rcpt, 0)
	askForMail(t, p)
	second.WaitForMessage(t, 2)

	if _, err := admin.UpdateApplicationSettings(t.Context(), client.ApplicationSettingsUpdate{SMTPServerAddress: client.Clear[string]()}); err != nil {
		t.Fatal(err)
	}
	if result, err := admin.SendTestMessage(t.Context()); err != nil || !result.Delivered {
		t.Fatalf("the test message: %+v, %v", result, err)
	}
	if _, err := os.Stat(filepath.Join(mailDirectory(p.settings.Data), "000000.eml")); err != nil {
		t.Error(err)
	}
	if len(first.Messages()) != 1 || len(second.Messages()) != 2 {
		t.Errorf("%d and %d messages have arrived", len(first.Messages()), len(second.Messages()))
	}
}

// What flags give goes before the settings, and cannot be changed by them.
func TestFlagsGoBeforeTheSettings(t *testing.T) {
	post := mailtest.Start(t, mailtest.Options{TLS: mail.NoTLS})
	p := openProgram(t, config.Server{
		Listen: "127.0.0.1:0", PublicURL: "https://flag.example.com",
		SMTP: config.SMTP{Host: post.Host(), Port: post.Port(), TLS: mail.NoTLS},
	}, io.Discard)
	admin := serving(t, p)
	shown, err := admin.ApplicationSettings(t.Context())
	if err != nil || shown.SMTPServerAddress == nil || *shown.SMTPServerAddress != post.Host() || *shown.SMTPServerPort != post.Port() || shown.EmailSender != "usher@example.com" {
		t.Errorf("the settings are %+v, %v", shown, err)
	}
	_, err = admin.UpdateApplicationSettings(t.Context(), client.ApplicationSettingsUpdate{SMTPServerAddress: client.Set("mail.example.com")})
	if !errors.Is(err, client.CodeSetByOperator) {
		t.Errorf("another server: %v", err)
	}
	_, err = admin.UpdateServerSettings(t.Context(), client.ServerSettingsUpdate{PublicURL: client.Clear[string]()})
	if !errors.Is(err, client.CodeSetByOperator) {
		t.Errorf("another public URL: %v", err)
	}
	askForMail(t, p)
	if got := post.WaitForMessage(t, 1); !strings.Contains(got.Text, "https://flag.example.com/") {
		t.Errorf("the message is\n%s", got.Raw)
	}
}
