package modeltest_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// checkPeriodically calls check every 40 steps.
func (m *machine) checkPeriodically(t *rapid.T) {
	m.renewSessions(t)
	if m.steps >= m.nextCheck {
		m.check(t)
		m.nextCheck = m.steps + 40
	}
}

// check compares all state that is visible through the API. It sends every request of readRules as an administrator,
// and a few of these requests with each valid credential. It uses each ended credential once, to check that the
// server refuses it.
//
// check skips a valid credential that was not used in the last minute: for this credential, the server would store
// the new time of use, which extends a session.
func (m *machine) check(t *rapid.T) {
	t.Helper()
	for _, c := range m.model.credentials {
		switch live := m.model.live(c); {
		case !live && !c.endChecked:
			c.endChecked = c.ended
			m.checkRead(t, c, "users/whoami", (*principal).whoami)
		case !live:
		case m.now.Sub(c.lastUsed) < time.Minute:
			for _, path := range words("users/whoami users roles activity-log/export") {
				m.checkRead(t, c, path, readRules[path])
			}
		}
	}
	administrator := m.model.administratorSession()
	if administrator == nil {
		return
	}
	for _, path := range readPaths {
		m.checkRead(t, administrator, path, readRules[path])
	}
	for _, id := range slices.Sorted(maps.Keys(m.model.users)) {
		query := fmt.Sprintf("?userId=%d", id)
		m.checkRead(t, administrator, "sessions"+query, func(p *principal, _ answer) *expected { return p.listSessions(id) })
		m.checkRead(t, administrator, "keys"+query, func(p *principal, _ answer) *expected { return p.listKeys(id) })
	}
}

// checkRead sends a GET of path with the credential c and compares the answer with the result of rule.
func (m *machine) checkRead(t *rapid.T, c *credential, path string, rule func(*principal, answer) *expected) {
	t.Helper()
	r := request{method: "GET", path: "/api/" + path, token: c.text, network: networks[0]}
	got, logged := m.answer(t, r)
	want := unauthorized()
	if p := m.model.authenticate(c, networks[0]); p != nil {
		want = rule(p, got)
	}
	compare(t, fmt.Sprintf("after step %d %s reads %s%s", m.steps, c, path, logged), got, want)
}

// readPaths are the paths of readRules, sorted so that a repeated sequence sends the same requests.
var readPaths = slices.Sorted(maps.Keys(readRules))

// readRules maps the path of each request that check sends to the function that returns the expected answer.
var readRules = map[string]func(*principal, answer) *expected{
	"users/whoami": (*principal).whoami,
	"users":        (*principal).listUsers,
	"activity-log/export": func(p *principal,
		got answer) *expected {
		return p.exportActivity(activityFilter{}, got)
	},
	"preferences":                  (*principal).getPreferences,
	"application-settings":         settingsRule("application-settings"),
	"server-settings":              settingsRule("server-settings"),
	"lockout-policy":               settingsRule("lockout-policy"),
	"ldap-configuration":           settingsRule("ldap-configuration"),
	"saml-configuration":           settingsRule("saml-configuration"),
	"mail":                         (*principal).listMail,
	"roles":                        (*principal).listRoles,
	"roles/user-creation-defaults": (*principal).listDefaultRoles,
	"keys":                         func(p *principal, _ answer) *expected { return p.listKeys(0) },
	"sessions":                     func(p *principal, _ answer) *expected { return p.listSessions(0) },
}
