package modeltest_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// events are what happens beside single requests: to the server, and, as steps of
// their own, what random requests come upon too seldom.
var events = map[string]func(*machine, *rapid.T){
	"time passes":              (*machine).wait,
	"mail is delivered":        (*machine).deliver,
	"what is old is swept":     (*machine).sweep,
	"a password is guessed":    (*machine).guess,
	"his own is guessed":       (*machine).guessOwn,
	"a password is reset":      (*machine).reset,
	"a forgotten one is found": (*machine).recover,
	"a credential grows old":   (*machine).growOld,
}

// wait moves the clock, to the borders of what it decides on and over them.
func (m *machine) wait(t *rapid.T) {
	m.pass(t, rapid.SampledFrom([]time.Duration{
		13 * time.Hour, 5 * time.Minute, 31 * day, time.Second, time.Minute, 30 * time.Minute, time.Hour, 6 * time.Hour,
	}).Draw(t, "duration"))
}

func (m *machine) pass(t *rapid.T, d time.Duration) {
	m.say(t, "%v pass", d)
	m.now = m.now.Add(d)
	m.model.now = m.now
}

// sweep deletes what nobody can see any more, so mostly it changes nothing.
func (m *machine) sweep(t *rapid.T) {
	m.say(t, "what is old is swept")
	if err := m.accounts.Sweep(t.Context()); err != nil {
		t.Fatalf("sweep: %v", err)
	}
	m.model.sweepCounters()
	m.model.sweepCredentials()
	m.model.sweepImports()
	m.model.sweepMail()
}

// guess tries wrong passwords until the account is locked, and again as soon as it
// is not.
func (m *machine) guess(t *rapid.T) {
	address, source := drawAddress(t), drawSource(t)
	for range 3 - rapid.IntRange(0, 2).Draw(t, "locks less") {
		for range max(1, m.model.policy().threshold-rapid.IntRange(0, 1).Draw(t, "guesses left")) {
			m.signInAs(t, address, "Wrong-Password-1", source)
		}
		u := m.model.byAddress(address)
		left := m.model.accountCounter(u, address, source).lockedUntil.Sub(m.now)
		if left <= 0 || left > maxLock {
			continue
		}
		m.pass(t, left-time.Second)
		if u != nil && u.password != "" { // the right one does not help yet
			m.signInAs(t, address, u.password, source)
		}
		m.pass(t, time.Second)
	}
}

// guessOwn tries wrong current passwords by one credential.
func (m *machine) guessOwn(t *rapid.T) {
	by, source := m.drawCaller(t), drawSource(t)
	for range rapid.IntRange(1, 5).Draw(t, "guesses") {
		m.changePasswordAs(t, by, source, "Wrong-Password-1", passwords[2])
	}
}

// reset lets an administrator choose somebody's password, who signs in with it and
// does something.
func (m *machine) reset(t *rapid.T) {
	admin := m.model.administratorSession()
	id := m.drawUser(t)
	u := m.model.users[id]
	if admin == nil || u == nil || u.id == admin.user {
		t.Skip("nobody to reset, or to do it")
	}
	password := rapid.SampledFrom(passwords).Draw(t, "password")
	fields := object{"password": password}
	m.callAs(t, admin, sources[0], "PATCH", pathOf("users/%d", id), fields, func(p *principal, _ answer) *expected {
		return p.updateUser(id, fields, false)
	})
	m.signInAs(t, u.email, password, sources[0])
	newest := m.model.credentials[len(m.model.credentials)-1]
	path := rapid.SampledFrom(seenPaths).Draw(t, "path")
	m.callAs(t, newest, sources[0], "GET", "/api/"+path, nil, seen[path])
}

// recover asks for a message and, when it has come, chooses a password by it.
func (m *machine) recover(t *rapid.T) {
	m.forgetPasswordOf(t, drawAddress(t), sources[0])
	m.deliver(t)
	if sent := m.model.sentRecoveries(); len(sent) > 0 {
		text := sent[len(sent)-1].text
		for range rapid.IntRange(1, 2).Draw(t, "uses") {
			m.retrievePasswordBy(t, text, passwords[1], sources[0])
		}
	}
}

// growOld waits for the end of a session or a key, up to its last second, and then
// for that.
func (m *machine) growOld(t *rapid.T) {
	var mortal []*credential
	for _, c := range slices.Backward(m.model.credentials) {
		if c.kind != contract && m.model.live(c) {
			mortal = append(mortal, c)
		}
	}
	if len(mortal) == 0 {
		t.Skip("nothing to grow old")
	}
	c := rapid.SampledFrom(mortal).Draw(t, "credential")
	end := c.expires
	if c.kind == session {
		end = m.model.sessionEnd(c)
	}
	m.pass(t, end.Sub(m.now)-time.Second)
	m.callAs(t, c, sources[0], "GET", "/api/users/whoami", nil, (*principal).whoami)
	m.pass(t, time.Second)
	m.callAs(t, c, sources[0], "GET", "/api/users/whoami", nil, (*principal).whoami)
}

// administratorSession is the newest live session of an administrator that may do
// everything now, or nil.
func (m *model) administratorSession() *credential {
	for _, c := range slices.Backward(m.credentials) {
		u := m.users[c.user]
		if c.kind == session && u != nil && u.active && !u.needReset && m.live(c) && slices.Contains(u.roles, administrator) {
			return c
		}
	}
	return nil
}
