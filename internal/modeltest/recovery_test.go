package modeltest_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// recovery is the token of a recovery message or of an invitation.
type recovery struct {
	text    string // "": the message was not delivered yet
	kind    string // of the message
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

// recoverable returns the user for whom a token is valid, or nil.
func (m *model) recoverable(text string) *user {
	for _, r := range m.recoveries {
		u := m.users[r.user]
		if r.text == text && !r.ended && m.now.Before(r.expires) && u != nil && u.active {
			return u
		}
	}
	return nil
}

// forgetPassword requests a recovery message. All well-formed addresses have the same answer.
func (m *machine) forgetPassword(t *rapid.T) { m.forgetPasswordOf(t, drawAddress(t), drawNetwork(t)) }

func (m *machine) forgetPasswordOf(t *rapid.T, address, network string) {
	t.Helper()
	body := object{"email": address}
	r := request{method: "POST", path: "/api/users/forgotten-password", body: body, network: network}
	m.send(t, "anonymous", r, func(answer) *expected {
		if !wellFormed(address) {
			return invalid("/email")
		}
		requested := m.model.counter("recovery|" + network)
		if before := *requested; m.model.count(requested, time.Hour) > 20 {
			*requested = before
			return tooMany()
		}
		m.model.outbox = append(m.model.outbox, &message{
			id: m.model.uniqueID("message", m.newestMail(t)), kind: "recovery", state: "requested", address: address,
			created: m.now, next: m.now, expires: m.now.Add(recoveryLife),
		})
		return null()
	})
}

// prepare looks up the user of a requested message and adds the token. It deletes a message for an unknown address, and
// a user's fourth message within an hour.
func (m *model) prepare(o *message) {
	u := m.byAddress(o.address)
	if u == nil || !u.active || m.sentWithin(time.Hour, o.kind, u) >= 3 || !m.now.Before(o.expires) {
		m.outbox = slices.DeleteFunc(m.outbox, func(other *message) bool { return other == o })
		return
	}
	o.state, o.user, o.recipient, o.expires = "ready", u.id, u.email, m.now.Add(recoveryLife)
	o.token = m.newRecovery(u, o.kind, recoveryLife)
}

// retrievePassword sets a password with the token of a message.
func (m *machine) retrievePassword(t *rapid.T) {
	text := "usr_nonsense"
	sent := m.model.sentRecoveries()
	if n := len(sent); n > 0 && !rarely(t, "invalid token", 10) {
		text = sent[n-1-rapid.IntRange(0, n-1).Draw(t, "token from the last")].text
	}
	m.retrievePasswordBy(t, text, drawNewPassword(t), drawNetwork(t))
}

// sentRecoveries returns the tokens of delivered messages.
func (m *model) sentRecoveries() []*recovery {
	return slices.DeleteFunc(slices.Clone(m.recoveries), func(r *recovery) bool { return r.text == "" })
}

func (m *machine) retrievePasswordBy(t *rapid.T, text, next, network string) {
	t.Helper()
	body := object{"token": text, "newPassword": next}
	r := request{method: "POST", path: "/api/users/retrieve-password", body: body, network: network}
	m.send(t, "anonymous", r, func(answer) *expected {
		if next == weak {
			return invalid("/newPassword")
		}
		if m.model.networkLocked(network) {
			return tooMany()
		}
		u := m.model.recoverable(text)
		if u == nil {
			m.model.failNetwork(network)
			return &expected{status: 400, code: "INVALID_RECOVERY_TOKEN", paths: []string{"/token"}}
		}
		m.model.resetPassword(u, next, false)
		m.model.endKeys(u.id)
		m.model.unlock(u)
		m.model.known[userNetwork{u.id, network}] = m.now
		p := &principal{model: m.model, user: u, credential: &credential{kind: "mail-token"}, network: network}
		p.record("password.recover", "user", u.id, u.email)
		return null()
	})
}
