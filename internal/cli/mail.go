package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/lookup"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/datadir"
	"github.com/seed-3a99a2fe/usher/internal/mail"
)

// MailCmd is `usher mail`.
type MailCmd struct {
	List mailListCmd `cmd:"" help:"List the newest 200 messages, newest first."`
	Show mailShowCmd `cmd:"" help:"Show one message."`
}

type mailListCmd struct{}

// Help returns the text that --help shows below the usage line.
func (mailListCmd) Help() string {
	return `Examples:
  usher mail list
  usher mail list --output json`
}

// Run lists the messages in the server's outbox.
func (mailListCmd) Run(ctx context.Context, c *CLI) error {
	list := func(api *client.Client) ([]client.MailMessage, error) { return api.Mail.List(ctx) }
	return ShowResult(ctx, c, list, mailsTable)
}

func mailsTable(mails []client.MailMessage) command.Table {
	t := command.Table{Header: []string{"ID", "KIND", "STATE", "RECIPIENT", "CREATED", "TRIES", "NEXT TRY", "LAST ERROR"}}
	for _, m := range mails {
		t.Rows = append(t.Rows, []string{
			strconv.FormatInt(m.ID, 10),
			string(m.Kind),
			string(m.State),
			command.OrDash(m.Recipient),
			command.TimeText(&m.CreatedAt),
			strconv.Itoa(m.Attempts),
			command.TimeText(m.NextAttemptAt),
			command.OrDash(m.LastError),
		})
	}
	return t
}

type mailShowCmd struct {
	ID   string `arg:"" help:"Id of the message, or latest for the newest one."`
	Data string `default:"./usher-data" placeholder:"DIR" help:"Data directory of the server, if it is on this machine. Default: ${default}."`
}

// Help returns the text that --help shows below the usage line.
func (mailShowCmd) Help() string {
	return `A server never returns the text of a message, because it contains tokens. Without a mail server
(--smtp-host), it writes messages to files in its data directory; if that file can be read here, the text is
shown too.

Examples:
  usher mail show latest
  usher mail show 7 --data /var/lib/usher`
}

// Run shows one message.
func (cmd *mailShowCmd) Run(ctx context.Context, c *CLI) error {
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	m, err := cmd.find(ctx, api)
	if err != nil {
		return err
	}
	stored, err := readMessage(cmd.Data, m)
	if err != nil {
		return err
	}
	t := mailTable(m)
	if stored.text != "" {
		t.Rows = append(t.Rows, []string{"subject", stored.subject})
	}
	err = c.Show(struct {
		client.MailMessage
		Subject string `json:"subject,omitempty"`
		Text    string `json:"text,omitempty"`
	}{MailMessage: m, Subject: stored.subject, Text: stored.text}, t)
	if err == nil && stored.text != "" && !c.JSON {
		_, err = fmt.Fprintf(c.Stdout, "\n%s\n", command.PrintableLines(strings.TrimRight(stored.text, "\r\n")))
	}
	return err
}

// find returns the message whose id is on the command line, or the newest message.
func (cmd *mailShowCmd) find(ctx context.Context, api *client.Client) (client.MailMessage, error) {
	if id, err := strconv.ParseInt(cmd.ID, 10, 64); err == nil {
		return api.Mail.Get(ctx, id)
	}
	if cmd.ID != "latest" {
		return client.MailMessage{}, command.WithHint(command.UsageErrorf("%q is not the id of a message", cmd.ID),
			"`usher mail list` shows the ids; `usher mail show latest` takes the newest")
	}
	mails, err := api.Mail.List(ctx)
	if err != nil {
		return client.MailMessage{}, err
	}
	if len(mails) == 0 {
		return client.MailMessage{}, command.WithHint(errors.New("the server has sent no messages"),
			"`usher password forgot EMAIL` asks for one")
	}
	return mails[0], nil
}

// storedMessage is the content of a message that the server has written to a file, because no mail server was
// configured.
type storedMessage struct{ subject, text string }

// readMessage returns the content of a message from its file in the data directory. It returns nothing if there is no
// such file: the message was sent by SMTP, or the server runs on another machine.
//
// The data directory can be that of another server, whose message with the same id is a different one. readMessage
// therefore compares the recipients, and returns nothing if they differ.
func readMessage(data string, m client.MailMessage) (storedMessage, error) {
	if m.Recipient == nil {
		return storedMessage{}, nil
	}
	message, err := mail.ReadFile(datadir.MailPath(data), m.ID)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return storedMessage{}, nil
	case err != nil:
		return storedMessage{}, err
	case !lookup.SameAddress(message.To, *m.Recipient):
		return storedMessage{}, nil
	}
	return storedMessage{subject: message.Subject, text: message.Text}, nil
}

func mailTable(m client.MailMessage) command.Table {
	return command.Table{Rows: [][]string{
		{"id", strconv.FormatInt(m.ID, 10)},
		{"kind", string(m.Kind)},
		{"state", string(m.State)},
		{"recipient", command.OrDash(m.Recipient)},
		{"created", command.TimeText(&m.CreatedAt)},
		{"delivered", command.TimeText(m.DeliveredAt)},
		{"tries", strconv.Itoa(m.Attempts)},
		{"next try", command.TimeText(m.NextAttemptAt)},
		{"last error", command.OrDash(m.LastError)},
	}}
}
