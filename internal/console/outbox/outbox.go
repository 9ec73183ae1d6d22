package outbox

import (
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// messageRow is a message as the pages show it. They never show the text of a message.
type messageRow struct {
	ID                      int64
	Kind                    string // translated
	State                   mailState
	Recipient               string // "": not looked up yet, or the account doesn't exist
	ClientNetwork           string // network of the client that requested the message
	Attempts                int
	LastError               string
	Created, Next, Finished time.Time // Next is zero if there will be no further attempt
	Expires                 time.Time
}

// mailState is a state of messages. The list can be filtered by it.
type mailState struct {
	Name  string // value in the query of the page
	Label locale.Phrase
	Badge string // CSS class
}

var mailStates = []mailState{
	{"waiting", "Waiting", "warning"},
	{"delivered", "Delivered", "done"},
	{"failed", "Not delivered", "fault"},
}

// stateOf returns the state of a message.
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
	account.MailRecovery:        "Forgotten password",
	account.MailInvitation:      "Invitation",
	account.MailNewAPIKey:       "New API key",
	account.MailPasswordChanged: "Password changed",
}

func newMessageRow(q *page.Request, m account.Mail) messageRow {
	row := messageRow{
		ID: m.ID, Kind: q.Tr(mailKinds[m.Kind]), State: stateOf(m), Recipient: m.Recipient, ClientNetwork: m.ClientNetwork,
		Attempts: m.Attempts, LastError: q.TrRule(m.LastError),
		Created: q.Local(m.Created), Finished: q.Local(m.Finished), Expires: q.Local(m.Expires),
	}
	if row.State == mailStates[0] {
		row.Next = q.Local(m.NextAttempt)
	}
	return row
}

func (h *handler) showOutbox(q *page.Request) error {
	messages, err := h.service.ListMail(q.Context(), q.Caller)
	if err != nil {
		return err
	}
	content := struct {
		Rows    []messageRow
		States  []page.Option
		Chosen  bool // the list shows messages of one state only
		Newest  int  // number of messages that were read from the database
		AsFiles bool // no mail server is configured, so messages become files
	}{Newest: len(messages)}
	chosen := q.URL.Query().Get("state")
	for _, s := range mailStates {
		content.States = append(content.States, page.Option{
			Value: s.Name, Text: q.Tr(s.Label), Selected: s.Name == chosen,
		})
		content.Chosen = content.Chosen || s.Name == chosen
	}
	for _, m := range messages {
		if row := newMessageRow(q, m); !content.Chosen || row.State.Name == chosen {
			content.Rows = append(content.Rows, row)
		}
	}
	route, err := h.service.MailRoute(q.Context())
	if err != nil { // the stored SMTP password can't be decrypted; messages wait, and their error says so
		q.Logger.WarnContext(q.Context(), "mail route not available", "error", err)
	}
	content.AsFiles = err == nil && route.Server == nil
	return q.Show("mail.html", "Mail", content)
}

func (h *handler) showMessage(q *page.Request) error {
	id, err := q.PathID("id")
	if err != nil {
		return err
	}
	m, err := h.service.Mail(q.Context(), q.Caller, id)
	if err != nil {
		return err
	}
	return q.Show("message.html", "Message", newMessageRow(q, m))
}
