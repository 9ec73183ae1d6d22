package modeltest_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// events maps a name to a step that is not a single request: a background job of the server, a change of the clock, or
// a series of requests that random steps would rarely send one after the other.
var events = map[string]func(*machine, *rapid.T){
	"advance the clock":            (*machine).advanceClock,
	"deliver mail":                 (*machine).deliver,
	"sweep":                        (*machine).sweep,
	"guess a password":             (*machine).guessPassword,
	"guess the current password":   (*machine).guessCurrentPassword,
	"reset a password":             (*machine).resetUserPassword,
	"recover a forgotten password": (*machine).recoverPassword,
	"expire a credential":          (*machine).expireCredential,
}

// advanceClock advances the clock by a duration that is a limit in the server, such as the lifetime of a session.
func (m *machine) advanceClock(t *rapid.T) {
	m.advance(t, rapid.SampledFrom([]time.Duration{
		13 * time.Hour, 5 * time.Minute, 31 * day, time.Second, time.Minute, 30 * time.Minute, time.Hour, 6 * time.Hour,
	}).Draw(t, "duration"))
}

func (m *machine) advance(t *rapid.T, d time.Duration) {
	m.logStep(t, "the clock advances by %v", d)
	m.now = m.now.Add(d)
	m.model.now = m.now
}

// sweep runs the server's job that deletes expired data. The API doesn't show most of this data any more.
func (m *machine) sweep(t *rapid.T) {
	m.logStep(t, "sweep")
	if err := m.accounts.Sweep(t.Context()); err != nil {
		t.Fatalf("sweep: %v", err)
	}
	m.model.sweepCounters()
	m.model.sweepCredentials()
	m.model.sweepImports()
	m.model.sweepMail()
}

// guessPassword signs in with wrong passwords until the account is locked. It continues when the lock has expired, up
// to three times in all.
func (m *machine) guessPassword(t *rapid.T) {
	address, network := drawAddress(t), drawNetwork(t)
	for range 3 - rapid.IntRange(0, 2).Draw(t, "locks less") {
		for range max(1, m.model.policy().threshold-rapid.IntRange(0, 1).Draw(t, "guesses left")) {
			m.signInAs(t, address, "Wrong-Password-1", network)
		}
		u := m.model.byAddress(address)
		left := m.model.accountCounter(u, address, network).lockedUntil.Sub(m.now)
		if left <= 0 || left > maxLock {
			continue
		}
		m.advance(t, left-time.Second)
		if u != nil && u.password != "" { // the correct password is refused until the lock expires
			m.signInAs(t, address, u.password, network)
		}
		m.advance(t, time.Second)
	}
}

// guessCurrentPassword sends wrong current passwords with one credential.
func (m *machine) guessCurrentPassword(t *rapid.T) {
	caller, network := m.drawCaller(t), drawNetwork(t)
	for range rapid.IntRange(1, 5).Draw(t, "guesses") {
		m.changePasswordAs(t, caller, network, "Wrong-Password-1", passwords[2])
	}
}

// resetUserPassword sets a user's password as an administrator. The user then signs in with the new password and sends
// a request.
func (m *machine) resetUserPassword(t *rapid.T) {
	admin := m.model.administratorSession()
	id := m.drawUser(t)
	u := m.model.users[id]
	if admin == nil || u == nil || u.id == admin.user {
		t.Skip("no user to reset or no administrator")
	}
	password := rapid.SampledFrom(passwords).Draw(t, "password")
	fields := object{"password": password}
	m.callAs(t, admin, networks[0], "PATCH", pathOf("users/%d", id), fields, func(p *principal, _ answer) *expected {
		return p.updateUser(id, fields, false, m.newestMail(t))
	})
	m.signInAs(t, u.email, password, networks[0])
	newest := m.model.credentials[len(m.model.credentials)-1]
	path := rapid.SampledFrom(readPaths).Draw(t, "path")
	m.callAs(t, newest, networks[0], "GET", "/api/"+path, nil, readRules[path])
}

// recoverPassword requests a recovery message. After the delivery, it sets a password with the token in the message.
func (m *machine) recoverPassword(t *rapid.T) {
	m.forgetPasswordOf(t, drawAddress(t), networks[0])
	m.deliver(t)
	if sent := m.model.sentRecoveries(); len(sent) > 0 {
		text := sent[len(sent)-1].text
		for range rapid.IntRange(1, 2).Draw(t, "uses") {
			m.retrievePasswordBy(t, text, passwords[1], networks[0])
		}
	}
}

// expireCredential uses a session or a key one second before it expires and at the time when it expires.
func (m *machine) expireCredential(t *rapid.T) {
	var expiring []*credential
	for _, c := range slices.Backward(m.model.credentials) {
		if c.kind != contract && m.model.live(c) {
			expiring = append(expiring, c)
		}
	}
	if len(expiring) == 0 {
		t.Skip("no credential that expires")
	}
	c := rapid.SampledFrom(expiring).Draw(t, "credential")
	end := c.expires
	if c.kind == session {
		end = m.model.sessionEnd(c)
	}
	m.advance(t, end.Sub(m.now)-time.Second)
	m.callAs(t, c, networks[0], "GET", "/api/users/whoami", nil, (*principal).whoami)
	m.advance(t, time.Second)
	m.callAs(t, c, networks[0], "GET", "/api/users/whoami", nil, (*principal).whoami)
}

// administratorSession returns the newest valid session of an active administrator who need not change the password
// first, or nil.
func (m *model) administratorSession() *credential {
	for _, c := range slices.Backward(m.credentials) {
		u := m.users[c.user]
		if c.kind != session || u == nil || !u.active || u.needReset || !m.live(c) {
			continue
		}
		if slices.Contains(u.roles, administratorRole) {
			return c
		}
	}
	return nil
}
