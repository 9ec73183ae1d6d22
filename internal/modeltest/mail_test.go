package modeltest_test

import (
	"crypto/sha256"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-3a99a2fe/usher/internal/token"
)

// message is a mail message in the outbox.
type message struct {
	id                               int64
	kind, state                      string
	address, recipient               string
	user                             int64 // 0: unknown until the delivery worker looks up the address
	attempts                         int
	created, next, expires, finished time.Time
	failed                           bool // the last delivery attempt failed
	token                            *recovery
}

// view returns the JSON of a message. The model doesn't predict the text of the last error: lastError is the text in
// the server's answer.
func (o *message) view(lastError string) object {
	view := object{
		"id": o.id, "kind": o.kind, "recipient": nil, "state": o.state, "attempts": o.attempts, "createdAt": o.created,
		"nextAttemptAt": nil, "deliveredAt": nil, "lastError": nil,
	}
	if o.failed {
		view["lastError"] = lastError
	}
	if o.recipient != "" {
		view["recipient"] = o.recipient
	}
	switch o.state {
	case "requested", "ready":
		view["nextAttemptAt"] = o.next
	case "delivered":
		view["deliveredAt"] = o.finished
	}
	return view
}

// newestMail returns the id of the newest message, or 0 if there is none. It reads from the store, because most callers
// may not read messages through the API.
func (m *machine) newestMail(t *rapid.T) int64 {
	mails, err := m.store.Mails(t.Context(), 1)
	if err != nil || len(mails) == 0 {
		return 0
	}
	return mails[0].ID
}

// sessionID reads the id of the session with the token text from the store.
func (m *machine) sessionID(t *rapid.T, text string) int64 {
	s, err := m.store.SessionByHash(t.Context(), token.Hash(sha256.Sum256([]byte(text))))
	if err != nil {
		t.Fatalf("read the session of a new token: %v", err)
	}
	return s.ID
}

// keyID reads the id of the API key with the given text from the store.
func (m *machine) keyID(t *rapid.T, text string) int64 {
	k, err := m.store.APIKeyByHash(t.Context(), token.Hash(sha256.Sum256([]byte(text))))
	if err != nil {
		t.Fatalf("read a new key: %v", err)
	}
	return k.ID
}

// deliver runs the server's delivery of all messages that are due, oldest first, and does the same in the model.
func (m *machine) deliver(t *rapid.T) {
	m.logStep(t, "deliver mail")
	for _, o := range slices.Clone(m.model.outbox) {
		if o.state == "requested" {
			m.model.prepare(o)
		}
		if o.state != "ready" {
			continue
		}
		if !m.now.Before(o.expires) {
			o.state, o.finished, o.failed = "failed", m.now, true
			continue
		}
		m.deliverOne(t, o)
	}
	if d, err := m.accounts.ClaimMail(t.Context()); d != nil || err != nil {
		t.Fatalf("no message is due, but the server returns %+v, %v", d, err)
	}
}

func (m *machine) deliverOne(t *rapid.T, o *message) {
	d, err := m.accounts.ClaimMail(t.Context())
	if err != nil || d == nil || d.MailID != o.id || d.Message.To != o.recipient || d.Message.Subject != o.kind {
		t.Fatalf("message %d to %s is due, but the server returns %+v, %v", o.id, o.recipient, d, err)
	}
	if err := m.accounts.MailDelivered(t.Context(), d); err != nil {
		t.Fatalf("deliver message %d: %v", o.id, err)
	}
	if o.token != nil {
		o.token.text = d.Message.Text
		m.model.noteUnique(o.token.text)
	}
	o.attempts++
	o.state, o.finished = "delivered", m.now
}

// sweepMail deletes messages whose delivery succeeded or finally failed a month ago.
func (m *model) sweepMail() {
	m.outbox = slices.DeleteFunc(m.outbox, func(o *message) bool {
		return !o.finished.IsZero() && o.finished.Before(m.now.Add(-month))
	})
}

func (m *machine) listMail(t *rapid.T) { m.call(t, "GET", "/api/mail", nil, (*principal).listMail) }

func (p *principal) listMail(got answer) *expected {
	if refusal := p.authorize("mail", "read", allObjects); refusal != nil {
		return refusal
	}
	list := []object{}
	for i := range p.outbox { // newest first
		list = append(list, p.outbox[len(p.outbox)-1-i].view(got.string(i, "lastError")))
	}
	return ok(list)
}

func (m *machine) getMail(t *rapid.T) {
	id := rapid.Int64Range(1, 6).Draw(t, "message")
	m.call(t, "GET", pathOf("mail/%d", id), nil, func(p *principal, got answer) *expected {
		if refusal := p.authorize("mail", "read", allObjects); refusal != nil {
			return refusal
		}
		for _, o := range p.outbox {
			if o.id == id {
				return ok(o.view(got.string("lastError")))
			}
		}
		return notFound()
	})
}
