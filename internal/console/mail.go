package console

import (
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

const outboxPath = "/mail"

var readsMail = permission{access.ActionRead, access.EntityMail}

var mailRoutes = []route{
	{pattern: "GET " + outboxPath, page: (*request).showOutbox, may: readsMail},
	{pattern: "GET " + outboxPath + "/{id}", page: (*request).showMessage, may: readsMail},
}

// messageRow is a message of the outbox: never what it says.
type messageRow struct {
	ID                      int64
	Kind                    string // in words
	State                   mailState
	Recipient               string // "": not looked up yet, or for nobody
	Source                  string // address that asked
	Attempts                int
	LastError               string
	Created, Next, Finished time.Time // Next is zero when there is no further attempt
	Expires                 time.Time
}

// mailState is what people want to know of a message.
type mailState struct {
	Name  string // in the address of the page
	Label locale.Phrase
	Badge string // its class
}

var mailStates = []mailState{
	{"waiting", "Waiting", "warning"},
	{"delivered", "Delivered", "done"},
	{"failed", "Not delivered", "fault"},
}

// stateOf tells how far a message has come.
func stateOf(m account.Mail) mailState {
	switch m.State {
	case account.MailDelivered:
		return mailStates[1]
	case account.MailFailed:
		return mailStates[2]
	}
	return mailStates[0]
}

var mailKinds = map[account.MailKind]locale.Phrase{
	account.MailRecovery:   "Forgotten password",
	account.MailInvitation: "Invitation",
	account.MailNewAPIKey:  "New API key",
}

func (q *request) messageRow(m account.Mail) messageRow {
	row := messageRow{
		ID: m.ID, Kind: q.say(mailKinds[m.Kind]), State: stateOf(m), Recipient: m.Recipient, Source: m.ClientNetwork, Attempts: m.Attempts,
		LastError: q.look.language.SayRule(m.LastError), Created: q.local(m.Created), Finished: q.local(m.Finished), Expires: q.local(m.Expires),
	}
	if row.State == mailStates[0] {
		row.Next = q.local(m.NextAttempt)
	}
	return row
}

func (q *request) showOutbox() error {
	messages, err := q.accounts.ListMail(q.Context(), q.caller)
	if err != nil {
		return err
	}
	content := struct {
		Rows    []messageRow
		States  []option
		Chosen  bool // messages of one state alone are shown
		Newest  int  // how many messages were looked at
		AsFiles bool // no mail server is set
	}{Newest: len(messages)}
	chosen := q.URL.Query().Get("state")
	for _, s := range mailStates {
		content.States = append(content.States, option{Value: s.Name, Text: q.say(s.Label), Selected: s.Name == chosen})
		content.Chosen = content.Chosen || s.Name == chosen
	}
	for _, m := range messages {
		if row := q.messageRow(m); !content.Chosen || row.State.Name == chosen {
			content.Rows = append(content.Rows, row)
		}
	}
	route, err := q.accounts.MailRoute(q.Context())
	if err != nil { // the stored password cannot be opened: messages wait, and say why
		q.Logger.WarnContext(q.Context(), "how mail leaves is not known", "error", err)
	}
	content.AsFiles = err == nil && route.Server == nil
	return q.show("mail.html", "Mail", content)
}

func (q *request) showMessage() error {
	id, err := q.id("id")
	if err != nil {
		return err
	}
	m, err := q.accounts.Mail(q.Context(), q.caller, id)
	if err != nil {
		return err
	}
	return q.show("message.html", "Message", q.messageRow(m))
}
