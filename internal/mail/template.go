package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"io"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/outbox"
)

//go:embed templates
var templateFiles embed.FS

// maxName is how much of a name a message shows, in characters. A name is its
// owner's to choose and must not become a text of its own.
const maxName = 64

// Templates puts messages into words, each as plain text and as HTML. The same
// input always gives the same message.
type Templates struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

var _ outbox.Renderer = (*Templates)(nil)

// NewTemplates returns the templates that the program carries.
func NewTemplates() *Templates {
	return &Templates{
		text: texttemplate.Must(texttemplate.ParseFS(templateFiles, "templates/*.txt")),
		html: htmltemplate.Must(htmltemplate.ParseFS(templateFiles, "templates/*.html")),
	}
}

// subjects of the messages, by kind. Each kind has two templates of its name.
var subjects = map[account.MailKind]string{
	account.MailRecovery:   "Choose a new password for Usher",
	account.MailInvitation: "Choose your first password for Usher",
	account.MailNewAPIKey:  "A new API key for your Usher account",
	account.MailTest:       "Test message of Usher",
}

// Render writes a message of a kind. A link, or the token where there is none,
// stands on a line of its own in the text.
func (t *Templates) Render(kind account.MailKind, content account.MailContent) (account.Message, error) {
	subject, ok := subjects[kind]
	if !ok {
		return account.Message{}, fmt.Errorf("there is no mail of the kind %q", kind)
	}
	return t.render(string(kind), subject, struct {
		Subject, Name, Token, Link, Lifetime, Source, KeyName, At string
		Named                                                     bool // the key has a name, shown or not
	}{
		Subject:  subject,
		Name:     shownName(content.Name),
		Token:    content.Token,
		Link:     content.Link,
		Lifetime: inWords(content.Lifetime),
		Source:   oneLine(content.ClientNetwork),
		KeyName:  shownName(content.KeyName),
		At:       content.At.UTC().Format("2 January 2006, 15:04 UTC"),
		Named:    content.KeyName != "",
	})
}

// render executes both templates of the message called name.
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

func execute(template interface{ Execute(io.Writer, any) error }, data any) (string, error) {
	var b strings.Builder
	err := template.Execute(&b, data)
	return b.String(), err
}

// shownName is a name as a message shows it: not at all when a mail program could
// make a link of it, to a page of whoever chose the name.
func shownName(name string) string {
	name = clean(name)
	lower := strings.ToLower(name)
	for _, mark := range []string{"/", "www."} {
		if strings.Contains(lower, mark) {
			return ""
		}
	}
	return cut(name)
}

// oneLine makes a text that others chose fit into a sentence.
func oneLine(s string) string { return cut(clean(s)) }

// clean drops line ends, control characters, and marks that turn the direction of
// what follows.
func clean(s string) string {
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

func cut(s string) string {
	runes := []rune(s)
	if len(runes) > maxName {
		return string(runes[:maxName-1]) + "…"
	}
	return s
}

// inWords writes a duration in days, or in hours and minutes, as people say it.
// What is left is dropped, so that nothing is promised for longer than it lasts.
func inWords(d time.Duration) string {
	count := func(n int, unit string) string {
		if n == 1 {
			return "1 " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	hours, minutes := int(d/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case hours >= 48:
		return count(hours/24, "day")
	case hours == 0 && minutes == 0:
		return "less than a minute"
	case hours == 0:
		return count(minutes, "minute")
	case minutes == 0:
		return count(hours, "hour")
	}
	return count(hours, "hour") + " and " + count(minutes, "minute")
}
