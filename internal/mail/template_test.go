package mail_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/mail"
)

const (
	token = "usr_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG123456"
	link  = "https://usher.example/reset-password?token=" + token
)

func TestRecovery(t *testing.T) {
	tests := []struct {
		name             string
		mail             account.MailContent
		line             string // a whole line of the plain text
		text, html, both []string
		absent           []string // strings that neither the plain text nor the HTML contains
	}{
		{
			name: "with a link",
			mail: account.MailContent{
				Name: "Ada", Token: token, Link: link, Lifetime: 30 * time.Minute, ClientNetwork: "192.0.2.7",
			},
			line:   link,
			text:   []string{"valid for 30 minutes and works once"},
			html:   []string{`href="` + link + `"`, "<strong>30 minutes</strong>"},
			both:   []string{"Hello Ada,", "your password stays as it is", "192.0.2.7"},
			absent: []string{"retrieve"},
		},
		{
			name:   "with a token alone",
			mail:   account.MailContent{Name: "Ada", Token: token, Lifetime: time.Hour, ClientNetwork: "2001:db8::1"},
			line:   token,
			text:   []string{`"usher password retrieve"`},
			html:   []string{">" + token + "<", "<code>usher password retrieve</code>"},
			both:   []string{"POST /api/users/retrieve-password", "1 hour", "2001:db8::1"},
			absent: []string{"http"},
		},
		{
			name:   "without a name or a client network",
			mail:   account.MailContent{Token: token, Link: link, Lifetime: 90 * time.Minute},
			line:   link,
			both:   []string{"Hello,", "1 hour and 30 minutes"},
			absent: []string{"came from"},
		},
		{
			name: "a name with line breaks",
			mail: account.MailContent{Name: "Bob\r\nBcc x y\u2028\u0085\x00z", Token: token, Link: link, Lifetime: time.Minute},
			line: link,
			both: []string{"Hello Bob Bcc x y z,", "1 minute"},
		},
		{
			name: "a name with markup",
			mail: account.MailContent{
				Name: "<script>alert(1){{Token}}", Token: token, Link: link, Lifetime: 59 * time.Second,
			},
			line:   link,
			text:   []string{"<script>alert(1){{Token}}"},
			html:   []string{"&lt;script&gt;alert(1){{Token}}"},
			both:   []string{"less than a minute"},
			absent: nil,
		},
		{
			name: "a long name with a direction override",
			mail: account.MailContent{
				Name: "\u202eeve" + strings.Repeat("é", 100), Token: token, Link: link, Lifetime: 2*time.Hour + time.Minute,
			},
			line:   link,
			both:   []string{"Hello eve" + strings.Repeat("é", 60) + "…,", "2 hours and 1 minute"},
			absent: []string{"\u202e"},
		},
		{
			name: "a client network with a line break",
			mail: account.MailContent{
				Token: token, Link: link, Lifetime: time.Minute, ClientNetwork: "192.0.2.7\nhttps://evil.example",
			},
			line: link,
			both: []string{"192.0.2.7 https://evil.example."},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			templates := mail.NewTemplates()
			m, err := templates.Render(account.MailRecovery, test.mail)
			if err != nil {
				t.Fatal(err)
			}
			if m.Subject == "" || strings.ContainsAny(m.Subject, "\r\n") {
				t.Errorf("the subject is %q", m.Subject)
			}
			if !slices.Contains(strings.Split(m.Text, "\n"), test.line) {
				t.Errorf("%q is not on a line of its own in:\n%s", test.line, m.Text)
			}
			for part, texts := range map[string][]string{
				m.Text: append(test.text, test.both...), m.HTML: append(test.html, test.both...),
			} {
				for _, want := range texts {
					if !strings.Contains(part, want) {
						t.Errorf("%q is missing in:\n%s", want, part)
					}
				}
				for _, absent := range append(test.absent, "ZgotmplZ", "<no value>") {
					if strings.Contains(part, absent) {
						t.Errorf("%q is in:\n%s", absent, part)
					}
				}
			}
			if strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "<img") || strings.Contains(m.HTML, "url(") {
				t.Errorf("the HTML runs a script or loads a resource:\n%s", m.HTML)
			}
			if again, err := mail.NewTemplates().Render(account.MailRecovery, test.mail); err != nil || again != m {
				t.Errorf("rendering again gives another message: %v", err)
			}
		})
	}
}

// A message omits the name of a user or key if a mail program could turn the name into a
// link. Otherwise a user could put a link into a message.
func TestNamesThatCouldBecomeLinksAreOmitted(t *testing.T) {
	templates := mail.NewTemplates()
	for name, shown := range map[string]bool{
		"Ada Lovelace":                       true,
		"Dr. Ada L. von W. (R&D), Jr.":       true,
		"Zoë Ångström-O’Hara":                true,
		"Сергей П. Иванов":                   true,
		"山田。":                                true,
		"release 2027":                       true,
		"evil.com":                           false,
		"go to evil.example now":             false,
		"EVIL.EXAMPLE":                       false,
		"evil\u200b.example":                 false, // a zero-width space
		"evil.\ufe0fexample":                 false, // a variation selector
		"ｅｖｉｌ．ｅｘａｍｐｌｅ":                       false,
		"evil。example":                       false,
		"evil｡example":                       false,
		"evil․example":                       false,
		"злой.рф":                            false,
		"عنوان.إمارات":                       false,
		"例え.テスト":                             false,
		"evil💩.la":                           false,
		"💩.evil":                             false,
		"192.0.2.1 evil":                     false,
		"Ada, ada@evil":                      false,
		"Ada, ada＠evil":                      false,
		"evil: call":                         false,
		"tel：evil":                           false,
		`\\evil`:                             false,
		"evil／now":                           false,
		"evil, call 555-0199":                false,
		"evil, call +1 (555) 0199":           false,
		"evil, call ٥٥٥٠١٩٩":                 false,
		"evil, call ５５５０１９９":                 false,
		"evil, call 5 5 5 0 1":               false,
		"Visit https://evil.example":         false,
		"Visit HTTPS://evil.example":         false,
		"x:\u2066//evil.example":             false,
		"Visit www.evil.example":             false,
		"Visit WwW.evil.example":             false,
		"Visit ww\u202ew.evil.example":       false,
		"evil.example/now":                   false,
		strings.Repeat("a", 80) + "www.evil": false,
	} {
		for _, kind := range []account.MailKind{
			account.MailRecovery, account.MailInvitation, account.MailNewAPIKey, account.MailTest,
		} {
			m, err := templates.Render(kind, account.MailContent{Name: name, Token: token, Lifetime: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			textOmits := strings.HasPrefix(m.Text, "Hello,\n")
			htmlOmits := strings.Contains(m.HTML, `<p style="margin: 0 0 16px;">Hello,</p>`)
			if textOmits == shown || htmlOmits == shown {
				t.Errorf("%s for %q, want that the name is shown: %v\n%s", kind, name, shown, m.Text)
			}
		}
		m, err := templates.Render(account.MailNewAPIKey, account.MailContent{KeyName: name})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(m.Text, "\n\""+name+"\"\n") != shown || strings.Contains(m.Text, "Its name is") != shown ||
			strings.Contains(m.HTML, "Its name is") != shown || strings.Contains(strings.ToLower(m.Text), "evil") ||
			strings.Contains(m.Text, "replaces") {
			t.Errorf("a key named %q, want that the name is shown: %v\n%s", name, shown, m.Text)
		}
	}
}

func TestInvitation(t *testing.T) {
	for _, test := range []struct {
		mail account.MailContent
		line string // a whole line of the plain text
	}{
		{account.MailContent{Name: "Ada", Token: token, Link: link, Lifetime: account.InvitationLifetime}, link},
		{account.MailContent{Name: "Ada", Token: token, Lifetime: account.InvitationLifetime}, token},
	} {
		m, err := mail.NewTemplates().Render(account.MailInvitation, test.mail)
		if err != nil {
			t.Fatal(err)
		}
		if m.Subject != "Choose your first password for Usher" || !slices.Contains(strings.Split(m.Text, "\n"), test.line) {
			t.Errorf("%s\n%s", m.Subject, m.Text)
		}
		for _, part := range []string{m.Text, m.HTML} {
			for _, want := range []string{"Hello Ada,", "first password", "7 days"} {
				if !strings.Contains(strings.ReplaceAll(part, "\n", " "), want) {
					t.Errorf("%q is missing in:\n%s", want, part)
				}
			}
		}
	}
}

func TestNewAPIKey(t *testing.T) {
	at := time.Date(2027, 3, 1, 10, 4, 59, 0, time.FixedZone("", 3600))
	tests := []struct {
		name         string
		mail         account.MailContent
		both, absent []string
	}{
		{
			name: "the contract's key",
			mail: account.MailContent{Name: "Ada", At: at, ClientNetwork: "192.0.2.7"},
			both: []string{
				"Hello Ada,", "replaces", "1 March 2027, 09:04 UTC,", "192.0.2.7.", "Was it not you?", "Change your",
			},
			absent: []string{"Its name"},
		},
		{
			name:   "a named key",
			mail:   account.MailContent{Name: "Ada", KeyName: "nightly\r\nreport", At: at},
			both:   []string{"Its name is", `"nightly report"`, "1 March 2027, 09:04 UTC."},
			absent: []string{"replaces", "network address", "\r"},
		},
		{
			name:   "named with markup",
			mail:   account.MailContent{KeyName: "<img src=x>", At: at},
			both:   []string{"Hello,"},
			absent: []string{"replaces"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, err := mail.NewTemplates().Render(account.MailNewAPIKey, test.mail)
			if err != nil {
				t.Fatal(err)
			}
			if m.Subject != "A new API key for your Usher account" {
				t.Errorf("the subject is %q", m.Subject)
			}
			for _, part := range []string{m.Text, m.HTML} {
				for _, want := range test.both {
					if !strings.Contains(part, want) {
						t.Errorf("%q is missing in:\n%s", want, part)
					}
				}
				for _, absent := range append(test.absent, "<no value>", "http") {
					if strings.Contains(part, absent) {
						t.Errorf("%q is in:\n%s", absent, part)
					}
				}
			}
			if strings.Contains(m.HTML, "<img") {
				t.Errorf("the HTML loads a resource:\n%s", m.HTML)
			}
		})
	}
}

func TestPasswordChanged(t *testing.T) {
	at := time.Date(2027, 3, 1, 10, 4, 59, 0, time.FixedZone("", 3600))
	for _, content := range []account.MailContent{
		{Name: "Ada", At: at, ClientNetwork: "192.0.2.7"}, {Name: "evil.example", At: at},
	} {
		m, err := mail.NewTemplates().Render(account.MailPasswordChanged, content)
		if err != nil {
			t.Fatal(err)
		}
		if m.Subject != "The password of your Usher account was changed" {
			t.Errorf("the subject is %q", m.Subject)
		}
		for _, part := range []string{m.Text, m.HTML} {
			for _, want := range []string{"1 March 2027, 09:04 UTC", "Was it not you", "Forgotten password?"} {
				if !strings.Contains(part, want) {
					t.Errorf("%q is missing in:\n%s", want, part)
				}
			}
			if strings.Contains(part, "192.0.2.7") != (content.ClientNetwork != "") || strings.Contains(part, "http") ||
				strings.Contains(part, "evil") || strings.Contains(part, "<no value>") {
				t.Error(part)
			}
		}
	}
}

func TestTestMessage(t *testing.T) {
	m, err := mail.NewTemplates().Render(
		account.MailTest, account.MailContent{Name: "Ada\r\n<b>", ClientNetwork: "192.0.2.7"},
	)
	if err != nil {
		t.Fatal(err)
	}
	if m.Subject == "" || !strings.Contains(m.Text, "Hello Ada <b>,") ||
		!strings.Contains(m.HTML, "Hello Ada &lt;b&gt;,") {
		t.Errorf("%q\n%s\n%s", m.Subject, m.Text, m.HTML)
	}
	for _, body := range []string{m.Text, m.HTML} {
		if !strings.Contains(body, "192.0.2.7") || !strings.Contains(body, "test message that you asked for") {
			t.Error(body)
		}
	}
}
