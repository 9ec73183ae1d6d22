package modeltest_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// recovery is the token of a recovery message or of an invitation.
type recovery struct {
	text    string // the token; "": unknown until the message is delivered
	kind    string // kind of the message
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

// recoverable returns the user whose password can be set with a token, or nil if the token is not valid.
func (m *model) recoverable(text string) *user {
	for _, r := range m.recoveries {
		u := m.users[r.user]
		if r.text == text && !r.ended && m.now.Before(r.expires) && u != nil && u.active {
			return u
		}
	}
	return nil
}

// forgetPassword requests a recovery message. The answer is the same for known and unknown addresses.
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

// prepare looks up the user by the address of a requested message and adds a token. It deletes the message instead in
// three cases: no active user has the address, the user was already sent three messages within an hour, or the message
// has expired.
func (m *model) prepare(o *message) {
	u := m.byAddress(o.address)
	if u == nil || !u.active || m.sentWithin(time.Hour, o.kind, u) >= 3 || !m.now.Before(o.expires) {
		m.outbox = slices.DeleteFunc(m.outbox, func(other *message) bool { return other == o })
		return
	}
	o.state, o.user, o.recipient, o.expires = "ready", u.id, u.email, m.now.Add(recoveryLife)
	o.token = m.newRecovery(u, o.kind, recoveryLife)
}

// retrievePassword sets a password with the token of a delivered message, or with an invalid token.
func (m *machine) retrievePassword(t *rapid.T) {
	text := "usr_nonsense"
	sent := m.model.sentRecoveries()
	if n := len(sent); n > 0 && !rarely(t, "invalid token", 10) {
		text = sent[n-1-rapid.IntRange(0, n-1).Draw(t, "token from the last")].text
	}
	m.retrievePasswordBy(t, text, drawNewPassword(t), drawNetwork(t))
}

// sentRecoveries returns the tokens whose messages were delivered.
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
		p.notify("password-changed", u.id, u.email, m.newestMail(t))
		return null()
	})
}
