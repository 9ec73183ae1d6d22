package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

func TestNewSMTPChecksItsSettings(t *testing.T) {
	const noCertificate = "nothing"
	tests := []struct {
		name   string
		change func(*mail.SMTPConfig)
		want   []string // parts of the error, one for each line; empty if the configuration is valid
	}{
		{"valid", func(*mail.SMTPConfig) {}, nil},
		{"an IPv6 address", func(c *mail.SMTPConfig) { c.Host = "2001:db8::25" }, nil},
		{"no host", func(c *mail.SMTPConfig) { c.Host = "" }, []string{"the host must be"}},
		{
			"a host with a port", func(c *mail.SMTPConfig) { c.Host = "mail.example.org:25" },
			[]string{"without a scheme or a port"},
		},
		{"a URL", func(c *mail.SMTPConfig) { c.Host = "smtp://mail.example.org" }, []string{"without a scheme or a port"}},
		{"a link-local address", func(c *mail.SMTPConfig) { c.Host = "169.254.169.254" }, []string{"link-local"}},
		{
			"a link-local address as IPv6", func(c *mail.SMTPConfig) { c.Host = "::ffff:169.254.169.254" },
			[]string{"link-local"},
		},
		{"a negative port", func(c *mail.SMTPConfig) { c.Port = -1 }, []string{"the port"}},
		{"a port out of range", func(c *mail.SMTPConfig) { c.Port = 65536 }, []string{"the port"}},
		{"an unknown TLS mode", func(c *mail.SMTPConfig) { c.TLS = "ssl" }, []string{"the TLS mode"}},
		{"a negative time-out", func(c *mail.SMTPConfig) { c.Timeout = -time.Second }, []string{"the time-out"}},
		{"a user name alone", func(c *mail.SMTPConfig) { c.Password = secret.Text{} }, []string{"go together"}},
		{"a password alone", func(c *mail.SMTPConfig) { c.Username = "" }, []string{"go together"}},
		{"a password without TLS", func(c *mail.SMTPConfig) { c.TLS = mail.NoTLS }, []string{"never sent without TLS"}},
		{"a password without TLS to this machine", func(c *mail.SMTPConfig) { c.TLS, c.Host = mail.NoTLS, "LocalHost" }, nil},
		{
			"no TLS and no password",
			func(c *mail.SMTPConfig) { c.TLS, c.Username, c.Password = mail.NoTLS, "", secret.Text{} }, nil,
		},
		{"no sender", func(c *mail.SMTPConfig) { c.From = "" }, []string{"the address of the sender"}},
		{
			"a sender with a name in its address", func(c *mail.SMTPConfig) { c.From = "Usher <usher@example.org>" },
			[]string{"the address of the sender"},
		},
		{
			"a name with a line break", func(c *mail.SMTPConfig) { c.FromName = "Usher\r\nBcc: x@y" },
			[]string{"the name of the sender"},
		},
		{
			"CA certificates in another format", func(c *mail.SMTPConfig) { c.CA = noCertificate },
			[]string{"the CA certificates"},
		},
		{
			"several errors",
			func(c *mail.SMTPConfig) {
				*c = mail.SMTPConfig{Port: 70000, TLS: "x", Username: "u", CA: noCertificate}
			},
			[]string{"the host", "the port", "the TLS mode", "go together", "the address of the sender", "the CA certificates"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config := mail.SMTPConfig{
				Host: "mail.example.org", From: "usher@example.org", Username: "usher", Password: secret.New(password),
			}
			test.change(&config)
			_, err := mail.NewSMTP(config)
			if len(test.want) == 0 {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			if lines := strings.Split(err.Error(), "\n"); len(lines) != len(test.want) {
				t.Errorf("%d errors, want %d:\n%v", len(lines), len(test.want), err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in:\n%v", want, err)
				}
			}
		})
	}
}
