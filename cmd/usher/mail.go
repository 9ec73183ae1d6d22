package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/mail"
)

type mailCmd struct {
	List mailListCmd `cmd:"" help:"List the newest 200 messages, newest first."`
	Show mailShowCmd `cmd:"" help:"Show one message."`
}

type mailListCmd struct{}

// Help is the text below the usage line.
func (mailListCmd) Help() string {
	return `Examples:
  usher mail list
  usher mail list --output json`
}

// Run lists the outbox.
func (mailListCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	mails, err := c.Mails(a.ctx)
	if err != nil {
		return err
	}
	t := table{header: []string{"ID", "KIND", "STATE", "RECIPIENT", "CREATED", "TRIES", "NEXT TRY", "LAST ERROR"}}
	for _, m := range mails {
		t.rows = append(t.rows, []string{
			strconv.FormatInt(m.ID, 10), string(m.Kind), string(m.State), orDash(m.Recipient),
			timeText(&m.CreatedAt), strconv.Itoa(m.Attempts), timeText(m.NextAttemptAt), orDash(m.LastError),
		})
	}
	return a.show(mails, t)
}

type mailShowCmd struct {
	ID   string `arg:"" help:"Id of the message, or latest for the newest one."`
	Data string `default:"./usher-data" placeholder:"DIR" help:"Data directory of the server, if it is on this machine. Default: ${default}."`
}

// Help is the text below the usage line.
func (mailShowCmd) Help() string {
	return `A server never gives the text of a message away, since there are tokens in it. But one that runs without a mail server (--smtp-host) writes
messages to files in its data directory, and where such a file can be read here, its text is shown too.

Examples:
  usher mail show latest
  usher mail show 7 --data /var/lib/usher`
}

// Run shows one message.
func (cmd *mailShowCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	m, err := cmd.find(a, c)
	if err != nil {
		return err
	}
	message, err := readMessage(cmd.Data, m)
	if err != nil {
		return err
	}
	t := mailTable(m)
	if message.Text != "" {
		t.rows = append(t.rows, []string{"subject", message.Subject})
	}
	err = a.show(struct {
		client.MailMessage
		Subject string `json:"subject,omitempty"`
		Text    string `json:"text,omitempty"`
	}{m, message.Subject, message.Text}, t)
	if err == nil && message.Text != "" && a.flags.Output == "table" {
		_, err = fmt.Fprintf(a.stdout, "\n%s\n", printableLines(strings.TrimRight(message.Text, "\r\n")))
	}
	return err
}

func (cmd *mailShowCmd) find(a *app, c *client.Client) (client.MailMessage, error) {
	if id, err := strconv.ParseInt(cmd.ID, 10, 64); err == nil {
		return c.Mail(a.ctx, id)
	}
	if cmd.ID != "latest" {
		return client.MailMessage{}, withHint(usage("%q is not the id of a message", cmd.ID), "`usher mail list` shows the ids; `usher mail show latest` takes the newest")
	}
	mails, err := c.Mails(a.ctx)
	if err != nil {
		return client.MailMessage{}, err
	}
	if len(mails) == 0 {
		return client.MailMessage{}, withHint(errors.New("the server has sent no messages"), "`usher password forgot EMAIL` asks for one")
	}
	return mails[0], nil
}

// readMessage returns the message in the data directory, or nothing if there is
// none: the message may be sent by SMTP, or the server be on another machine. The
// file of another server's message with the same id shows by its recipient.
func readMessage(data string, m client.MailMessage) (account.Message, error) {
	if m.Recipient == nil {
		return account.Message{}, nil
	}
	message, err := mail.ReadFile(mailDirectory(data), m.ID)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return account.Message{}, nil
	case err != nil:
		return account.Message{}, err
	case !sameAddress(message.To, *m.Recipient):
		return account.Message{}, nil
	}
	return message, nil
}

// sameAddress tells whether two addresses are the same, as account compares them: a
// message has the domain in ASCII, the outbox as its owner wrote it.
func sameAddress(a, b string) bool {
	keyA, okA := account.ParseEmail(a)
	keyB, okB := account.ParseEmail(b)
	return okA && okB && keyA == keyB
}

func mailTable(m client.MailMessage) table {
	return table{rows: [][]string{
		{"id", strconv.FormatInt(m.ID, 10)},
		{"kind", string(m.Kind)},
		{"state", string(m.State)},
		{"recipient", orDash(m.Recipient)},
		{"created", timeText(&m.CreatedAt)},
		{"delivered", timeText(m.DeliveredAt)},
		{"tries", strconv.Itoa(m.Attempts)},
		{"next try", timeText(m.NextAttemptAt)},
		{"last error", orDash(m.LastError)},
	}}
}

// timeText is a time in UTC to the second, as in the contract.
func timeText(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
