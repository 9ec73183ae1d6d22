package mail_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const password = "correct horse battery staple"

// credentials returns options for a test server that requires authentication.
func credentials(mode mail.TLSMode) mailtest.Options {
	return mailtest.Options{TLS: mode, Username: "usher", Password: password}
}

// configFor returns the configuration of a sender for a test server, with the credentials
// that the server requires.
func configFor(t testing.TB, server *mailtest.Server, options mailtest.Options) mail.SMTPConfig {
	return mail.SMTPConfig{
		Host: server.Host(), Port: server.Port(), TLS: options.TLS, CA: server.CA(t),
		Username: options.Username, Password: secret.New(options.Password),
		From: "usher@example.org", FromName: "Ushér",
		Timeout: 20 * time.Second,
	}
}

func newSMTP(t *testing.T, config mail.SMTPConfig) *mail.SMTP {
	t.Helper()
	sender, err := mail.NewSMTP(config)
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func TestSMTPDelivers(t *testing.T) {
	tests := []struct {
		name    string
		options mailtest.Options
		host    string
	}{
		{"STARTTLS with a password", credentials(mail.StartTLS), ""},
		{"STARTTLS by name", credentials(mail.StartTLS), "localhost"},
		{"STARTTLS without a password", mailtest.Options{TLS: mail.StartTLS}, ""},
		{"implicit TLS with a password", credentials(mail.ImplicitTLS), ""},
		{"without TLS", mailtest.Options{TLS: mail.NoTLS}, ""},
		{"without TLS, with a password, to this machine", credentials(mail.NoTLS), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := mailtest.Start(t, test.options)
			config := configFor(t, server, test.options)
			if test.host != "" {
				config.Host = test.host
			}
			delivery := &account.Delivery{MailID: 1, Attempt: 1, Message: recoveryMessage(t)}
			if err := newSMTP(t, config).Send(t.Context(), delivery); err != nil {
				t.Fatalf("%v: %v", err, errors.Unwrap(err))
			}
			got := server.WaitForMessage(t, 1)
			if got.Sender != "usher@example.org" || !slices.Equal(got.Recipients, []string{"zoe@example.org"}) {
				t.Errorf("the envelope is from %q to %q", got.Sender, got.Recipients)
			}
			if text := textPart(t, got.Raw); !slices.Contains(strings.Split(text, "\r\n"), link) {
				t.Errorf("the link is not on a line of its own in:\n%s", text)
			}
			if got.ID != delivery.Message.ID || len(server.Messages()) != 1 {
				t.Errorf("%d messages, the last is %q", len(server.Messages()), got.ID)
			}
		})
	}
}

func TestSMTPWritesDomainsInASCII(t *testing.T) {
	options := credentials(mail.StartTLS)
	server := mailtest.Start(t, options)
	m := recoveryMessage(t)
	m.To = "Zoe@bücher．example"
	delivery := &account.Delivery{MailID: 1, Attempt: 1, Message: m}
	if err := newSMTP(t, configFor(t, server, options)).Send(t.Context(), delivery); err != nil {
		t.Fatalf("%v: %v", err, errors.Unwrap(err))
	}
	const want = "Zoe@xn--bcher-kva.example"
	if got := server.WaitForMessage(t, 1); !slices.Equal(got.Recipients, []string{want}) || got.To != want {
		t.Errorf("the envelope is to %q, the message to %q", got.Recipients, got.To)
	}
}

// textPart returns the plain text part of a message. It parses the message without package
// mail.
func textPart(t *testing.T, raw []byte) string {
	t.Helper()
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, parameters, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	part, err := multipart.NewReader(msg.Body, parameters["boundary"]).NextPart()
	if err != nil {
		t.Fatal(err)
	}
	if contentType := part.Header.Get("Content-Type"); !strings.HasPrefix(contentType, "text/plain") {
		t.Fatalf("the first part is %q", contentType)
	}
	text, err := io.ReadAll(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSMTPFails(t *testing.T) {
	refuse := func(command mailtest.Command, code int) func(*mailtest.Server, *mail.SMTPConfig) {
		return func(s *mailtest.Server, _ *mail.SMTPConfig) { s.Refuse(command, code) }
	}
	tests := []struct {
		name      string
		options   mailtest.Options
		arrange   func(*mailtest.Server, *mail.SMTPConfig)
		cause     string
		code      int
		permanent bool
	}{
		{
			name: "no STARTTLS", options: mailtest.Options{TLS: mail.NoTLS},
			arrange: func(_ *mailtest.Server, c *mail.SMTPConfig) { c.TLS = mail.StartTLS },
			cause:   mail.CauseNoStartTLS,
		},
		{
			name: "an untrusted certificate", options: credentials(mail.StartTLS),
			arrange: func(_ *mailtest.Server, c *mail.SMTPConfig) { c.CA = "" },
			cause:   mail.CauseCertificate,
		},
		{
			name: "an untrusted certificate, implicit TLS", options: credentials(mail.ImplicitTLS),
			arrange: func(_ *mailtest.Server, c *mail.SMTPConfig) { c.CA = "" },
			cause:   mail.CauseCertificate,
		},
		{
			name: "TLS to a server without it", options: mailtest.Options{TLS: mail.NoTLS},
			arrange: func(_ *mailtest.Server, c *mail.SMTPConfig) { c.TLS = mail.ImplicitTLS },
			cause:   mail.CauseTLS,
		},
		{
			name: "wrong password", options: credentials(mail.StartTLS),
			arrange: func(_ *mailtest.Server, c *mail.SMTPConfig) { c.Password = secret.New("wrong") },
			cause:   mail.CauseLogin, code: 535,
		},
		{
			name: "no authentication offered", options: mailtest.Options{TLS: mail.StartTLS},
			arrange: func(_ *mailtest.Server, c *mail.SMTPConfig) {
				c.Username, c.Password = "usher", secret.New(password)
			},
			cause: mail.CauseLogin,
		},
		{
			name: "authentication missing", options: credentials(mail.StartTLS),
			arrange: func(_ *mailtest.Server, c *mail.SMTPConfig) { c.Username, c.Password = "", secret.Text{} },
			cause:   mail.CauseSender, code: 502,
		},
		{
			name: "sender refused", options: credentials(mail.StartTLS), arrange: refuse(mailtest.Mail, 550),
			cause: mail.CauseSender, code: 550,
		},
		{
			name: "recipient refused", options: credentials(mail.StartTLS), arrange: refuse(mailtest.Rcpt, 550),
			cause: mail.CauseRecipient, code: 550, permanent: true,
		},
		{
			name: "recipient refused temporarily", options: credentials(mail.StartTLS), arrange: refuse(mailtest.Rcpt, 451),
			cause: mail.CauseRecipient, code: 451,
		},
		{
			name: "message refused", options: credentials(mail.StartTLS), arrange: refuse(mailtest.Data, 554),
			cause: mail.CauseMessage, code: 554, permanent: true,
		},
		{
			name: "message refused temporarily", options: credentials(mail.StartTLS), arrange: refuse(mailtest.Data, 452),
			cause: mail.CauseMessage, code: 452,
		},
		{
			name: "no answer to a command", options: credentials(mail.StartTLS),
			arrange: func(s *mailtest.Server, c *mail.SMTPConfig) {
				s.Stall()
				c.Timeout = 200 * time.Millisecond
			},
			cause: mail.CauseTimeout,
		},
		{
			name: "no greeting", options: mailtest.Options{TLS: mail.NoTLS},
			arrange: func(_ *mailtest.Server, c *mail.SMTPConfig) {
				c.Port, c.Timeout = silentPort(t), 50*time.Millisecond
			},
			cause: mail.CauseTimeout,
		},
		{
			name: "no handshake", options: mailtest.Options{TLS: mail.ImplicitTLS},
			arrange: func(_ *mailtest.Server, c *mail.SMTPConfig) {
				c.Port, c.Timeout = silentPort(t), 50*time.Millisecond
			},
			cause: mail.CauseTimeout,
		},
		{
			name: "no server", options: credentials(mail.StartTLS),
			arrange: func(_ *mailtest.Server, c *mail.SMTPConfig) { c.Port = unusedPort(t) },
			cause:   mail.CauseConnect,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := mailtest.Start(t, test.options)
			config := configFor(t, server, test.options)
			test.arrange(server, &config)
			err := newSMTP(t, config).Send(t.Context(), &account.Delivery{MailID: 1, Attempt: 1, Message: recoveryMessage(t)})
			failure, ok := errors.AsType[*mail.Failure](err)
			if !ok {
				t.Fatalf("the error is %v", err)
			}
			if failure.Cause != test.cause || failure.Code != test.code || failure.Permanent != test.permanent {
				t.Errorf("%q %d permanent=%t, want %q %d permanent=%t (%v)",
					failure.Cause, failure.Code, failure.Permanent, test.cause, test.code, test.permanent, failure.Err)
			}
			for _, hidden := range []string{mailtest.RefusalText, token, password, "zoe@example.org"} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("%q is in the error: %v", hidden, err)
				}
			}
			if n := len(server.Messages()); n != 0 {
				t.Errorf("the server accepted %d messages all the same", n)
			}
		})
	}
}

// silentPort returns the port of a server that accepts connections and sends nothing.
func silentPort(t *testing.T) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}

// unusedPort returns a port on which no server listens.
func unusedPort(t *testing.T) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func TestSMTPStopsWhenContextIsCancelled(t *testing.T) {
	options := credentials(mail.StartTLS)
	server := mailtest.Start(t, options)
	server.Stall()
	sender := newSMTP(t, configFor(t, server, options))
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan error)
	go func() {
		sent <- sender.Send(ctx, &account.Delivery{MailID: 1, Attempt: 1, Message: recoveryMessage(t)})
	}()
	server.WaitForStalled(t, 1)
	cancel()
	if err := <-sent; err == nil {
		t.Error("a message that the server never accepted counts as delivered")
	}
}

func TestSMTPInvalidMessage(t *testing.T) {
	options := credentials(mail.StartTLS)
	server := mailtest.Start(t, options)
	m := recoveryMessage(t)
	m.To = "no-address"
	err := newSMTP(t, configFor(t, server, options)).Send(t.Context(), &account.Delivery{Message: m})
	if failure, ok := errors.AsType[*mail.Failure](err); !ok || failure.Cause != mail.CauseUnknown {
		t.Errorf("the error is %v", err)
	}
}
