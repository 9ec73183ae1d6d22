package modeltest_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"
)

// sometimesCheck is check, after every tenth step.
func (m *machine) sometimesCheck(t *rapid.T) {
	m.comeBack(t)
	if m.steps >= m.nextCheck {
		m.check(t)
		m.nextCheck = m.steps + 10
	}
}

// check compares all that there is to see, by each credential: who comes by it, and
// what he sees. One whose use would be kept is left out, unless it is over: a check
// must not keep it from growing old.
func (m *machine) check(t *rapid.T) {
	for _, c := range m.model.credentials {
		if m.model.live(c) && m.now.Sub(c.lastUsed) >= time.Minute {
			continue
		}
		for _, path := range words("users/whoami users roles roles/user-creation-defaults mail keys sessions preferences application-settings server-settings lockout-policy ldap-configuration saml-configuration activity-log/export") {
			got, faults := m.answer(t, request{"GET", pathOf("%s", path), nil, c.text, sources[0]})
			want := unauthorized()
			if p := m.model.enter(c, sources[0]); p != nil {
				want = seen[path](p, got)
			}
			compare(t, fmt.Sprintf("after step %d %s sees %s%s", m.steps, c, path, faults), got, want)
		}
	}
}

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
