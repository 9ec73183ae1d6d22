package modeltest_test

import "pgregory.net/rapid"

func (m *machine) signIn(t *rapid.T) {
	address, source := drawAddress(t), drawSource(t)
	password := rapid.SampledFrom(passwords).Draw(t, "password")
	if u := m.model.byAddress(address); u != nil && u.password != "" && !rarely(t, "any password", 4) {
		password = u.password
	}
	m.signInAs(t, address, password, source)
}

func (m *machine) signInAs(t *rapid.T, address, password, source string) {
	t.Helper()
	body := object{"email": address, "password": password}
	m.send(t, "somebody", request{"POST", "/api/login", body, "", source}, func(got answer) *expected {
		if m.model.sourceLocked(source) {
			return tooMany()
		}
		u := m.model.byAddress(address)
		if !m.model.verify(u, address, password, source) {
			return &expected{status: 401, code: "INVALID_CREDENTIALS"}
		}
		c := m.model.newCredential(session, u, got.string("authToken"))
		c.source, c.lastUsed = source, m.now
		if c.text != "" {
			c.id = m.model.fresh("session", m.sessionID(t, c.text))
		}
		p := &principal{model: m.model, user: u, by: &credential{kind: "password"}, source: source}
		p.note("session.create", "session", c.id, u.email)
		return ok(object{"authToken": c.text, "needPasswordReset": u.needReset})
	})
}

// changePassword changes the caller's own password.
func (m *machine) changePassword(t *rapid.T) {
	by, source := m.drawCaller(t), drawSource(t)
	old, next := rapid.SampledFrom(passwords).Draw(t, "old"), drawNewPassword(t)
	if u := m.model.users[by.user]; u != nil && u.password != "" && rapid.Bool().Draw(t, "right") {
		old = u.password
	}
	m.changePasswordAs(t, by, source, old, next)
}

func (m *machine) changePasswordAs(t *rapid.T, by *credential, source, old, next string) {
	t.Helper()
	body := object{"oldPassword": old, "newPassword": next}
	m.callAs(t, by, source, "PATCH", "/api/users/password", body, func(p *principal, _ answer) *expected {
		return p.changePassword(old, next)
	})
}

func (p *principal) changePassword(old, next string) *expected {
	switch {
	case p.by.kind == named:
		return forbidden()
	case next == weak || next == old:
		return invalid("/newPassword")
	case p.sourceLocked(p.source):
		return tooMany()
	case !p.verify(p.user, "", old, p.source):
		if p.by.failures++; p.by.failures == 5 { // a stolen credential must not be used to guess
			p.by.ended = true
			p.note(endOf[p.by.kind], entityOf[p.by.kind], p.by.id, p.user.email)
		}
		return refused("WRONG_PASSWORD", "/oldPassword")
	}
	p.user.password, p.user.needReset = next, false
	p.endSessions(p.user.id, p.by)
	p.endRecoveries(p.user.id)
	if p.by.kind == contract { // it may live for ever, and must not end for slips of years
		p.by.failures = 0
	}
	p.note("password.change", "user", p.user.id, p.user.email)
	return null()
}

// resetPassword sets a password without the old one, and ends the sessions that
// were begun with that, and the tokens for another.
func (m *model) resetPassword(u *user, password string, needReset bool) {
	u.password, u.needReset = password, needReset
	m.endSessions(u.id, nil)
	m.endRecoveries(u.id)
}
