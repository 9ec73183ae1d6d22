package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"io"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

//go:embed templates
var templateFiles embed.FS

// maxShownRunes is the maximum length of a name in a message, in characters. A longer name
// is truncated. A user chooses their own name, which must not be long enough to contain a
// message to the recipient.
const maxShownRunes = 64

// Templates renders messages as plain text and as HTML. The same content always gives the
// same message.
type Templates struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

// NewTemplates returns the templates that are embedded in the program.
func NewTemplates() *Templates {
	return &Templates{
		text: texttemplate.Must(texttemplate.ParseFS(templateFiles, "templates/*.txt")),
		html: htmltemplate.Must(htmltemplate.ParseFS(templateFiles, "templates/*.html")),
	}
}

// subjects maps each kind of message to its subject. The .txt template and the .html
// template are named after the kind.
var subjects = map[account.MailKind]string{
	account.MailRecovery:        "Choose a new password for Usher",
	account.MailInvitation:      "Choose your first password for Usher",
	account.MailNewAPIKey:       "A new API key for your Usher account",
	account.MailPasswordChanged: "The password of your Usher account was changed",
	account.MailTest:            "Test message of Usher",
}

// Render returns a message of the given kind. The plain text has the link on a line of its
// own, or the token if there is no link. Render fails if the kind is unknown.
func (t *Templates) Render(kind account.MailKind, content account.MailContent) (account.Message, error) {
	subject, ok := subjects[kind]
	if !ok {
		return account.Message{}, fmt.Errorf("unknown kind of mail %q", kind)
	}
	return t.render(string(kind), subject, struct {
		Subject, Name, Token, Link, Lifetime, ClientNetwork, KeyName, At string
		Named                                                            bool // the key has a name, even if it is not shown
	}{
		Subject:       subject,
		Name:          displayName(content.Name),
		Token:         content.Token,
		Link:          content.Link,
		Lifetime:      formatDuration(content.Lifetime),
		ClientNetwork: singleLine(content.ClientNetwork),
		KeyName:       displayName(content.KeyName),
		At:            content.At.UTC().Format("2 January 2006, 15:04 UTC"),
		Named:         content.KeyName != "",
	})
}

// render executes the .txt template and the .html template with the given name.
func (t *Templates) render(name, subject string, data any) (account.Message, error) {
	text, err := execute(t.text.Lookup(name+".txt"), data)
	if err != nil {
		return account.Message{}, fmt.Errorf("write the text of the %s mail: %w", name, err)
	}
	html, err := execute(t.html.Lookup(name+".html"), data)
	if err != nil {
		return account.Message{}, fmt.Errorf("write the HTML of the %s mail: %w", name, err)
	}
	return account.Message{Subject: subject, Text: text, HTML: html}, nil
}

// execute returns the output of a text or HTML template.
func execute(template interface{ Execute(io.Writer, any) error }, data any) (string, error) {
	var b strings.Builder
	err := template.Execute(&b, data)
	return b.String(), err
}

// displayName returns a user's name on one line and truncated. It returns "" if a mail
// program could turn a part of the name into a link. Otherwise a user could use the link to a
// phishing page, or the number of a fraudulent hotline, as a name.
func displayName(name string) string {
	name = stripControls(name)
	if mayBecomeLink(name) {
		return ""
	}
	return truncate(name)
}

// maxShownDigits is the maximum number of digits of a name in a message. Mail programs of
// phones turn longer numbers into links that call the number.
const maxShownDigits = 4

// mayBecomeLink reports whether a mail program could turn a part of the text into a link: a
// host name such as "evil.example", an address, a URL, a path, or a phone number. It compares
// the compatibility forms of characters (NFKC), since mail programs also link host names in
// full-width letters. It ignores invisible characters.
func mayBecomeLink(text string) bool {
	visible := strings.Map(func(r rune) rune {
		if account.IsInvisible(r) {
			return -1
		}
		return r
	}, text)
	runes := []rune(norm.NFKC.String(visible))
	digits := 0
	for i, r := range runes {
		switch {
		case strings.ContainsRune(`@:/\`, r):
			return true
		case unicode.IsDigit(r):
			digits++
		case r == '.' || r == '。': // both separate the labels of a host name (UTS 46, section 2.3)
			joins := i > 0 && i+1 < len(runes) && !unicode.IsSpace(runes[i-1]) &&
				!unicode.IsSpace(runes[i+1]) && !unicode.IsPunct(runes[i+1])
			if joins {
				return true
			}
		}
	}
	return digits > maxShownDigits
}

// singleLine returns untrusted text on one line and truncated.
func singleLine(s string) string { return truncate(stripControls(s)) }

// stripControls replaces line ends and control characters by spaces. It removes characters
// that change the direction of text, and collapses white space.
func stripControls(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case isControl(r):
			return ' '
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// truncate shortens s to maxShownRunes characters. The last character of a shortened text is
// an ellipsis.
func truncate(s string) string {
	runes := []rune(s)
	if len(runes) > maxShownRunes {
		return string(runes[:maxShownRunes-1]) + "…"
	}
	return s
}

// formatDuration returns a duration in words: in days, or in hours and minutes. It rounds
// down, so that a message never promises that a token is valid for longer than it is.
func formatDuration(d time.Duration) string {
	plural := func(n int, unit string) string {
		if n == 1 {
			return "1 " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	hours, minutes := int(d/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case hours >= 48:
		return plural(hours/24, "day")
	case hours == 0 && minutes == 0:
		return "less than a minute"
	case hours == 0:
		return plural(minutes, "minute")
	case minutes == 0:
		return plural(hours, "hour")
	}
	return plural(hours, "hour") + " and " + plural(minutes, "minute")
}
