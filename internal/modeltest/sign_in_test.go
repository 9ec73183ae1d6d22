package modeltest_test

import "pgregory.net/rapid"

func (m *machine) signIn(t *rapid.T) {
	address, network := drawAddress(t), drawNetwork(t)
	password := rapid.SampledFrom(passwords).Draw(t, "password")
	if u := m.model.byAddress(address); u != nil && u.password != "" && !rarely(t, "any password", 4) {
		password = u.password
	}
	m.signInAs(t, address, password, network)
}

func (m *machine) signInAs(t *rapid.T, address, password, network string) {
	t.Helper()
	body := object{"email": address, "password": password}
	r := request{method: "POST", path: "/api/login", body: body, network: network}
	m.send(t, "anonymous", r, func(got answer) *expected {
		if m.model.networkLocked(network) {
			return tooMany()
		}
		u := m.model.byAddress(address)
		if !m.model.verify(u, address, password, network) {
			return &expected{status: 401, code: "INVALID_CREDENTIALS"}
		}
		c := m.model.newCredential(session, u, got.string("authToken"))
		c.network, c.lastUsed = network, m.now
		if c.text != "" {
			c.id = m.model.uniqueID("session", m.sessionID(t, c.text))
		}
		p := &principal{model: m.model, user: u, credential: &credential{kind: "password"}, network: network}
		p.record("session.create", "session", c.id, u.email)
		return ok(object{"authToken": c.text, "needPasswordReset": u.needReset})
	})
}

// changePassword changes the caller's own password.
func (m *machine) changePassword(t *rapid.T) {
	caller, network := m.drawCaller(t), drawNetwork(t)
	old, next := rapid.SampledFrom(passwords).Draw(t, "old"), drawNewPassword(t)
	if u := m.model.users[caller.user]; u != nil && u.password != "" && rapid.Bool().Draw(t, "correct") {
		old = u.password
	}
	m.changePasswordAs(t, caller, network, old, next)
}

func (m *machine) changePasswordAs(t *rapid.T, caller *credential, network, old, next string) {
	t.Helper()
	body := object{"oldPassword": old, "newPassword": next}
	m.callAs(t, caller, network, "PATCH", "/api/users/password", body, func(p *principal, _ answer) *expected {
		return p.changePassword(old, next, m.newestMail(t))
	})
}

func (p *principal) changePassword(old, next string, mail int64) *expected {
	switch {
	case p.credential.kind == named:
		return forbidden()
	case next == weak || next == old:
		return invalid("/newPassword")
	case p.networkLocked(p.network):
		return tooMany()
	case !p.verify(p.user, "", old, p.network):
		if p.credential.failures++; p.credential.failures == 5 { // stops guesses by a thief of the credential
			p.credential.ended = true
			p.record(endAction[p.credential.kind], entityOf[p.credential.kind], p.credential.id, p.user.email)
		}
		return refused("WRONG_PASSWORD", "/oldPassword")
	}
	p.user.password, p.user.needReset = next, false
	p.endSessions(p.user.id, p.credential)
	p.endRecoveries(p.user.id)
	if p.credential.kind == contract { // a contract key never expires, so mistakes would add up over years
		p.credential.failures = 0
	}
	p.record("password.change", "user", p.user.id, p.user.email)
	p.notify("password-changed", p.user.id, p.user.email, mail)
	return null()
}

// resetPassword sets a password without a check of the old one. It ends the user's sessions and recovery tokens.
func (m *model) resetPassword(u *user, password string, needReset bool) {
	u.password, u.needReset = password, needReset
	m.endSessions(u.id, nil)
	m.endRecoveries(u.id)
}
