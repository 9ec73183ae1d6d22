package modeltest_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// kind says what a credential is.
type kind string

const (
	session  kind = "session"
	contract kind = "contract-key"
	named    kind = "key"
)

// What the activity log calls the kinds, and their end.
var (
	entityOf = map[kind]string{session: "session", contract: "api-key", named: "api-key"}
	endOf    = map[kind]string{session: "session.end", contract: "api-key.end", named: "api-key.end"}
)

// credential is a session or a key.
type credential struct {
	words    string // its name, for who reads a failure
	text     string
	kind     kind
	id       int64
	user     int64
	created  time.Time
	lastUsed time.Time // kept to the minute; that of a key is zero at first
	source   string
	failures int  // wrong current passwords by it
	ended    bool // it is gone
	looked   bool // and does not work, as a check has seen

	keyName string
	narrow  *set      // of a key: it may do what these and its owner's permit; nil: all that he may
	expires time.Time // of a key; zero: never
}

// String names a credential where rapid prints what it drew.
func (c *credential) String() string { return c.words }

// newCredential adds a credential of a user whose text the server has made.
func (m *model) newCredential(k kind, u *user, text string) *credential {
	c := &credential{
		words: fmt.Sprintf("%s %d of user %d", k, len(m.credentials)+1, u.id),
		text:  text, kind: k, user: u.id, created: m.now,
	}
	if text != "" {
		m.new(text)
	}
	m.credentials = append(m.credentials, c)
	return c
}

// live reports whether a credential is neither gone nor too old.
func (m *model) live(c *credential) bool {
	if c.kind == session {
		return !c.ended && m.now.Before(m.sessionEnd(c))
	}
	return !c.ended && (c.expires.IsZero() || m.now.Before(c.expires))
}

// enter returns who comes by a credential, or nil if it lets nobody in.
func (m *model) enter(c *credential, source string) *principal {
	u := m.users[c.user]
	if u == nil || !u.active || !m.live(c) {
		return nil
	}
	p := &principal{model: m, user: u, by: c, source: source, own: m.holds(u.roles)}
	if c.kind != session && !p.own.reach("api-key", "create", u.id).has(u.id) { // he may have no keys any more
		return nil
	}
	p.key = c.narrow
	if m.now.Sub(c.lastUsed) >= time.Minute && !m.touchLost {
		c.lastUsed = m.now
	}
	return p
}

// Where requests come from.
var sources = []string{"192.0.2.1", "192.0.2.2", "198.51.100.3"}

func drawSource(t *rapid.T) string {
	if !rarely(t, "from elsewhere", 4) {
		return sources[0]
	}
	return rapid.SampledFrom(sources).Draw(t, "source")
}

// drawCaller draws who makes a request: half of the time an administrator, else
// mostly somebody else who may come in, and now and then who may not, or nobody.
func (m *machine) drawCaller(t *rapid.T) *credential {
	var administrators, others, rest []*credential
	for _, c := range m.model.credentials {
		switch u := m.model.users[c.user]; {
		case u == nil || !u.active || !m.model.live(c):
			rest = append(rest, c)
		case slices.Contains(u.roles, administrator):
			administrators = append(administrators, c)
		default:
			others = append(others, c)
		}
	}
	chance := rapid.IntRange(0, 99).Draw(t, "who")
	for i, group := range [][]*credential{administrators, others, rest} {
		if chance < []int{40, 93, 97}[i] && len(group) > 0 {
			return group[len(group)-1-rapid.IntRange(0, len(group)-1).Draw(t, "credential from the last")]
		}
	}
	return rapid.SampledFrom([]*credential{{words: "nobody"}, {words: "a stranger", text: "uss_nonsense"}}).Draw(t, "nobody")
}

// comeBack signs in the first few users who have no session, from where they are
// known, so that a sequence does not end in refusals when time has passed.
func (m *machine) comeBack(t *rapid.T) {
	in := map[int64]bool{}
	for _, c := range m.model.credentials {
		in[c.user] = in[c.user] || c.kind == session && m.model.live(c)
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
		locked := m.model.policy().enabled && m.model.locked(m.model.accountCounter(u, "", sources[0]))
		if !in[u.id] && !locked && !m.model.sourceLocked(sources[0]) {
			m.signInAs(t, u.email, u.password, sources[0])
		}
	}
}
