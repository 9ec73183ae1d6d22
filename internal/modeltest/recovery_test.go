package modeltest_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// recovery is the token of a message.
type recovery struct {
	text    string
	kind    string // of its message
	user    int64
	expires time.Time
	ended   bool
}

const recoveryLife = 30 * time.Minute

func (m *model) endRecoveries(user int64) {
	for _, r := range m.recoveries {
		r.ended = r.ended || r.user == user
	}
}

// recoverable returns the user who may choose a password by a token now, or nil.
func (m *model) recoverable(text string) *user {
	for _, r := range m.recoveries {
		u := m.users[r.user]
		if r.text == text && !r.ended && m.now.Before(r.expires) && u != nil && u.active {
			return u
		}
	}
	return nil
}

// forgetPassword asks for a recovery message. For every well-formed address the
// answer is the same.
func (m *machine) forgetPassword(t *rapid.T) { m.forgetPasswordOf(t, drawAddress(t), drawSource(t)) }

func (m *machine) forgetPasswordOf(t *rapid.T, address, source string) {
	t.Helper()
	body := object{"email": address}
	m.send(t, "somebody", request{"POST", "/api/users/forgotten-password", body, "", source}, func(answer) *expected {
		if !wellFormed(address) {
			return invalid("/email")
		}
		asked := m.model.counter("recovery|" + source)
		if before := *asked; m.model.count(asked, time.Hour) > 20 {
			*asked = before
			return tooMany()
		}
		m.model.outbox = append(m.model.outbox, &message{
			id: m.model.fresh("message", m.newestMail(t)), kind: "recovery", state: "requested", address: address,
			created: m.now, next: m.now, expires: m.now.Add(recoveryLife),
		})
		return null()
	})
}

// prepare looks up who a requested message is for, and makes his token. One for
// nobody is dropped, and so is the fourth of an hour.
func (m *model) prepare(o *message) {
	u := m.byAddress(o.address)
	if u == nil || !u.active || m.sentIn(time.Hour, o.kind, u) >= 3 || !m.now.Before(o.expires) {
		m.outbox = slices.DeleteFunc(m.outbox, func(other *message) bool { return other == o })
		return
	}
	o.state, o.user, o.recipient, o.expires = "ready", u.id, u.email, m.now.Add(recoveryLife)
	o.token = m.newRecovery(u, o.kind, recoveryLife)
}

// retrievePassword chooses a password by the token of a message.
func (m *machine) retrievePassword(t *rapid.T) {
	text := "usr_nonsense"
	sent := m.model.sentRecoveries()
	if n := len(sent); n > 0 && !rarely(t, "nonsense", 10) {
		text = sent[n-1-rapid.IntRange(0, n-1).Draw(t, "token from the last")].text
	}
	m.retrievePasswordBy(t, text, drawNewPassword(t), drawSource(t))
}

// sentRecoveries are those whose message has been delivered.
func (m *model) sentRecoveries() []*recovery {
	return slices.DeleteFunc(slices.Clone(m.recoveries), func(r *recovery) bool { return r.text == "" })
}

func (m *machine) retrievePasswordBy(t *rapid.T, text, next, source string) {
	t.Helper()
	body := object{"token": text, "newPassword": next}
	m.send(t, "somebody", request{"POST", "/api/users/retrieve-password", body, "", source}, func(answer) *expected {
		if next == weak {
			return invalid("/newPassword")
		}
		if m.model.sourceLocked(source) {
			return tooMany()
		}
		u := m.model.recoverable(text)
		if u == nil {
			m.model.failSource(source)
			return &expected{status: 400, code: "INVALID_RECOVERY_TOKEN", paths: []string{"/token"}}
		}
		m.model.resetPassword(u, next, false)
		m.model.endKeys(u.id)
		m.model.unlock(u)
		m.model.known[origin{u.id, source}] = m.now
		p := &principal{model: m.model, user: u, by: &credential{kind: "mail-token"}, source: source}
		p.note("password.recover", "user", u.id, u.email)
		return null()
	})
}
