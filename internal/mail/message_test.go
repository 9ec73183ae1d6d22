package mail_test

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/mail"
)

// recoveryMessage returns a recovery message that is ready for delivery.
func recoveryMessage(t testing.TB) account.Message {
	t.Helper()
	m, err := mail.NewTemplates().Render(account.MailRecovery, account.MailContent{
		Name: "Zoë", Token: token, Link: link, Lifetime: 30 * time.Minute, ClientNetwork: "192.0.2.7",
	})
	if err != nil {
		t.Fatal(err)
	}
	m.ID = "01j8z@usher.example"
	m.Date = time.Date(2026, 2, 3, 4, 5, 6, 0, time.FixedZone("", 3600))
	m.To = "zoe@example.org"
	return m
}

func TestEncode(t *testing.T) {
	m := recoveryMessage(t)
	m.Subject = "Wähle ein neues Passwort"
	raw, err := mail.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := mail.Encode(m); err != nil || !bytes.Equal(raw, again) {
		t.Errorf("encoding the message again gives other bytes: %v", err)
	}

	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Message-Id":     "<01j8z@usher.example>",
		"Date":           "Tue, 03 Feb 2026 03:05:06 +0000",
		"From":           `"Usher" <usher@example.org>`,
		"To":             "<zoe@example.org>",
		"Auto-Submitted": "auto-generated",
		"Mime-Version":   "1.0",
		"User-Agent":     "",
		"X-Mailer":       "",
	} {
		if got := msg.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := msg.Header.Get("Subject"); !strings.HasPrefix(got, "=?UTF-8?q?") {
		t.Errorf("the subject is encoded as %q", got)
	}

	contentType, parameters, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || contentType != "multipart/alternative" {
		t.Fatalf("the content type is %q: %v", contentType, err)
	}
	var contentTypes []string
	parts := multipart.NewReader(msg.Body, parameters["boundary"])
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		contentTypes = append(contentTypes, part.Header.Get("Content-Type"))
		body, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(body, []byte(token)) || !bytes.Contains(body, []byte("Zoë")) {
			t.Errorf("a part lacks the token or the name:\n%s", body)
		}
	}
	if want := []string{"text/plain; charset=UTF-8", "text/html; charset=UTF-8"}; !slices.Equal(contentTypes, want) {
		t.Errorf("the parts are %q, want %q", contentTypes, want)
	}

	parsed, err := mail.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	m.Date = m.Date.UTC()
	parsed.Date = parsed.Date.UTC()
	if parsed != m {
		t.Errorf("parsed:\n%+v\nwant:\n%+v", parsed, m)
	}
}

// Domains are written in the ASCII form that mail servers look up (RFC 5890). A domain that
// has no ASCII form is not changed.
func TestEncodeWritesDomainsInASCII(t *testing.T) {
	tests := map[string]string{
		"zoe@example.org":          "zoe@example.org",
		"Zoe@Example.ORG":          "Zoe@Example.ORG",
		"zoe@bücher.example":       "zoe@xn--bcher-kva.example",
		"zoe@Bücher.example":       "zoe@xn--bcher-kva.example",
		"zoë@bücher.example":       "zoë@xn--bcher-kva.example",
		"zoe@example．org":          "zoe@example.org",
		"zoe@faß.example":          "zoe@xn--fa-hia.example",
		"zoe@-ü.example":           "zoe@-ü.example",
		"zoe@example＠evil.example": "zoe@example＠evil.example",
	}
	for to, want := range tests {
		t.Run(to, func(t *testing.T) {
			m := recoveryMessage(t)
			m.To = to
			raw, err := mail.Encode(m)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := mail.Parse(raw); err != nil || got.To != want {
				t.Errorf("the recipient is %q, want %q: %v", got.To, want, err)
			}
		})
	}
}

// A person who opens an .eml file must be able to copy the link, so it is on one line.
func TestEncodeKeepsASCIILinksOnOneLine(t *testing.T) {
	m := recoveryMessage(t)
	m.Text = strings.ReplaceAll(m.Text, "Zoë", "Zoe")
	raw, err := mail.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(raw, []byte("\r\n"+link+"\r\n")) {
		t.Errorf("the link is not on a line of its own in:\n%s", raw)
	}
	if bare := bytes.Count(raw, []byte("\n")) - bytes.Count(raw, []byte("\r\n")); bare != 0 {
		t.Errorf("%d lines end without a carriage return", bare)
	}
}

func TestEncodeRefuses(t *testing.T) {
	tests := map[string]func(*account.Message){
		"no recipient":                  func(m *account.Message) { m.To = "" },
		"two recipients":                func(m *account.Message) { m.To = "a@example.org, b@example.org" },
		"a recipient with a name":       func(m *account.Message) { m.To = "Ada <a@example.org>" },
		"a recipient with a line break": func(m *account.Message) { m.To = "a@example.org\r\nBcc: b@example.org" },
		"no id":                         func(m *account.Message) { m.ID = "" },
		"an id with a line break":       func(m *account.Message) { m.ID = "1@x\r\nBcc: b@example.org" },
		"an id in brackets":             func(m *account.Message) { m.ID = "<1@x>" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			m := recoveryMessage(t)
			change(&m)
			if raw, err := mail.Encode(m); err == nil {
				t.Errorf("it was encoded:\n%s", raw)
			}
		})
	}
}

func FuzzEncode(f *testing.F) {
	f.Add("1@x", "a@example.org", "Subject", "text\n", "<p>html</p>")
	f.Add("1@x", "\"a b\"@example.org", "Bob\r\nBcc: x@y", ".\r\n.\n", strings.Repeat("é", 1000))
	f.Add("1@x", "zoë@exämple.org", "\x00\xff", "\r", "")
	want := []string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}
	f.Fuzz(func(t *testing.T, id, to, subject, text, html string) {
		raw, err := mail.Encode(account.Message{ID: id, To: to, Subject: subject, Text: text, HTML: html})
		if err != nil {
			return
		}
		msg, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("not a message: %v\n%s", err, raw)
		}
		for name, values := range msg.Header {
			if !slices.Contains(want, name) || len(values) != 1 {
				t.Errorf("the input injected the header %q: %q", name, values)
			}
		}
		if list, err := msg.Header.AddressList("To"); err != nil || len(list) != 1 {
			t.Errorf("the recipients are %v: %v", list, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	raw, err := mail.Encode(recoveryMessage(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte("Content-Type: multipart/alternative\r\n\r\n--\r\n"))
	f.Fuzz(func(_ *testing.T, raw []byte) { _, _ = mail.Parse(raw) })
}
