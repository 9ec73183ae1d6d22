package modeltest_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// kind is the kind of a credential, as the activity log names it.
type kind string

const (
	session  kind = "session"
	contract kind = "contract-key"
	named    kind = "key"
)

// entityOf maps each kind of credential to its name as the target of an activity log entry. endAction maps it to the
// action that ends such a credential.
var (
	entityOf  = map[kind]string{session: "session", contract: "api-key", named: "api-key"}
	endAction = map[kind]string{session: "session.end", contract: "api-key.end", named: "api-key.end"}
)

// credential is a session or an API key.
type credential struct {
	label      string // the name in the log of a failed test
	text       string
	kind       kind
	id         int64
	user       int64
	created    time.Time
	lastUsed   time.Time // updated at most once per minute; zero for an unused key
	network    string
	failures   int // number of password changes with a wrong current password
	ended      bool
	endChecked bool // check has found that the server refuses the ended credential

	// Only keys have the following fields.
	keyName string
	narrow  *permissionSet // limits the owner's permissions; nil: no limit
	expires time.Time      // zero: never
}

// String returns the label, so that rapid prints it for a drawn credential.
func (c *credential) String() string { return c.label }

// newCredential adds a credential of a user to the model. text is the token that the server has issued.
func (m *model) newCredential(k kind, u *user, text string) *credential {
	c := &credential{
		label: fmt.Sprintf("%s %d of user %d", k, len(m.credentials)+1, u.id),
		text:  text, kind: k, user: u.id, created: m.now,
	}
	if text != "" {
		m.noteUnique(text)
	}
	m.credentials = append(m.credentials, c)
	return c
}

// live reports whether a credential has neither ended nor expired.
func (m *model) live(c *credential) bool {
	if c.kind == session {
		return !c.ended && m.now.Before(m.sessionEnd(c))
	}
	return !c.ended && (c.expires.IsZero() || m.now.Before(c.expires))
}

// authenticate returns the principal of a credential, or nil if the credential is not valid. It updates the
// credential's time of last use.
func (m *model) authenticate(c *credential, network string) *principal {
	u := m.users[c.user]
	if u == nil || !u.active || !m.live(c) {
		return nil
	}
	p := &principal{model: m, user: u, credential: c, network: network, own: m.permissionsOf(u.roles)}
	if c.kind != session && !p.own.allowedIDs("api-key", "create", u.id).contains(u.id) {
		return nil // the user has lost the permission to use keys
	}
	p.narrow = c.narrow
	if m.now.Sub(c.lastUsed) >= time.Minute && !m.lastUseLost {
		c.lastUsed = m.now
	}
	return p
}

// networks are the client networks (IP addresses) from which the test sends requests.
var networks = []string{"192.0.2.1", "192.0.2.2", "198.51.100.3"}

func drawNetwork(t *rapid.T) string {
	if !rarely(t, "another network", 4) {
		return networks[0]
	}
	return rapid.SampledFrom(networks).Draw(t, "network")
}

// drawCaller draws the credential of a request. With a probability of 40% it is a valid credential of an administrator,
// and with 53% that of another user. In the other cases it is invalid or missing.
func (m *machine) drawCaller(t *rapid.T) *credential {
	var administrators, others, rest []*credential
	for _, c := range m.model.credentials {
		switch u := m.model.users[c.user]; {
		case u == nil || !u.active || !m.model.live(c):
			rest = append(rest, c)
		case slices.Contains(u.roles, administratorRole):
			administrators = append(administrators, c)
		default:
			others = append(others, c)
		}
	}
	chance := rapid.IntRange(0, 99).Draw(t, "caller")
	for i, group := range [][]*credential{administrators, others, rest} {
		if chance < []int{40, 93, 97}[i] && len(group) > 0 {
			return group[len(group)-1-rapid.IntRange(0, len(group)-1).Draw(t, "credential from the last")]
		}
	}
	none := []*credential{{label: "anonymous"}, {label: "invalid token", text: "uss_nonsense"}}
	return rapid.SampledFrom(none).Draw(t, "no credential")
}

// renewSessions signs in each of the first three users who has no valid session. Steps advance the clock. Without
// renewSessions, all sessions would soon be expired, and the server would refuse most requests.
func (m *machine) renewSessions(t *rapid.T) {
	signedIn := map[int64]bool{}
	for _, c := range m.model.credentials {
		signedIn[c.user] = signedIn[c.user] || c.kind == session && m.model.live(c)
	}
	tried := 0
	for _, u := range sorted(m.model.users) {
		if tried == 3 {
			return
		}
		if !u.active || u.password == "" {
			continue
		}
		tried++
		locked := m.model.policy().enabled && m.model.locked(m.model.accountCounter(u, "", networks[0]))
		if !signedIn[u.id] && !locked && !m.model.networkLocked(networks[0]) {
			m.signInAs(t, u.email, u.password, networks[0])
		}
	}
}
