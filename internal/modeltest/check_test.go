package modeltest_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// sometimesCheck is check, every few steps.
func (m *machine) sometimesCheck(t *rapid.T) {
	m.comeBack(t)
	if m.steps >= m.nextCheck {
		m.check(t)
		m.nextCheck = m.steps + 40
	}
}

// check compares all that there is to see: everything as an administrator sees it,
// and by each credential who comes by it and whom and what he sees. One whose use
// would be kept is left out, unless it is over: a check must not keep it from growing
// old. One that is gone is tried once.
func (m *machine) check(t *rapid.T) {
	t.Helper()
	for _, c := range m.model.credentials {
		switch live := m.model.live(c); {
		case !live && !c.looked:
			c.looked = c.ended
			m.look(t, c, "users/whoami", (*principal).whoami)
		case !live:
		case m.now.Sub(c.lastUsed) < time.Minute:
			for _, path := range words("users/whoami users roles activity-log/export") {
				m.look(t, c, path, seen[path])
			}
		}
	}
	administrator := m.model.administratorSession()
	if administrator == nil {
		return
	}
	for _, path := range seenPaths {
		m.look(t, administrator, path, seen[path])
	}
	for _, id := range slices.Sorted(maps.Keys(m.model.users)) {
		query := fmt.Sprintf("?userId=%d", id)
		m.look(t, administrator, "sessions"+query, func(p *principal, _ answer) *expected { return p.listSessions(id) })
		m.look(t, administrator, "keys"+query, func(p *principal, _ answer) *expected { return p.listKeys(id) })
	}
}

// look compares what somebody sees.
func (m *machine) look(t *rapid.T, c *credential, path string, rule func(*principal, answer) *expected) {
	t.Helper()
	got, faults := m.answer(t, request{"GET", "/api/" + path, nil, c.text, sources[0]})
	want := unauthorized()
	if p := m.model.enter(c, sources[0]); p != nil {
		want = rule(p, got)
	}
	compare(t, fmt.Sprintf("after step %d %s sees %s%s", m.steps, c, path, faults), got, want)
}

// seenPaths are the paths of seen, in their order.
var seenPaths = slices.Sorted(maps.Keys(seen))

// seen are the rules of what is compared.
var seen = map[string]func(*principal, answer) *expected{
	"users/whoami":                 (*principal).whoami,
	"users":                        (*principal).listUsers,
	"activity-log/export":          func(p *principal, got answer) *expected { return p.exportActivity(activityFilter{}, got) },
	"preferences":                  (*principal).getPreferences,
	"application-settings":         seeSettings("application-settings"),
	"server-settings":              seeSettings("server-settings"),
	"lockout-policy":               seeSettings("lockout-policy"),
	"ldap-configuration":           seeSettings("ldap-configuration"),
	"saml-configuration":           seeSettings("saml-configuration"),
	"mail":                         (*principal).listMail,
	"roles":                        (*principal).listRoles,
	"roles/user-creation-defaults": (*principal).listDefaultRoles,
	"keys":                         func(p *principal, _ answer) *expected { return p.listKeys(0) },
	"sessions":                     func(p *principal, _ answer) *expected { return p.listSessions(0) },
}
