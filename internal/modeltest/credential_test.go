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
	failures int // wrong current passwords by it
	ended    bool
}

// String names a credential where rapid prints what it drew.
func (c *credential) String() string { return c.words }

// The lifetimes of sessions.
const (
	idle     = 12 * time.Hour
	absolute = 30 * 24 * time.Hour
)

// newCredential adds a credential of a user whose text the server has made.
func (m *model) newCredential(k kind, u *user, text string) *credential {
	c := &credential{
		words: fmt.Sprintf("%s %d of user %d", k, len(m.credentials)+1, u.id),
		text:  text, kind: k, user: u.id, created: m.now, lastUsed: m.now,
	}
	m.credentials = append(m.credentials, c)
	return c
}

func (m *model) live(c *credential) bool {
	return !c.ended && m.now.Before(c.lastUsed.Add(idle)) && m.now.Before(c.created.Add(absolute))
}

// enter returns who comes by a credential, or nil if it lets nobody in.
func (m *model) enter(c *credential, source string) *principal {
	u := m.users[c.user]
	if u == nil || !u.active || !m.live(c) {
		return nil
	}
	if m.now.Sub(c.lastUsed) >= time.Minute && !m.touchLost {
		c.lastUsed = m.now
	}
	return &principal{model: m, user: u, by: c, source: source, own: m.holds(u.roles)}
}

// endSessions ends those of a user but one.
func (m *model) endSessions(user int64, spare *credential) {
	for _, c := range m.credentials {
		if c.user == user && c.kind == session && c != spare {
			c.ended = true
		}
	}
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
		if chance < []int{50, 92, 97}[i] && len(group) > 0 {
			return group[len(group)-1-rapid.IntRange(0, len(group)-1).Draw(t, "credential from the last")]
		}
	}
	return rapid.SampledFrom([]*credential{{words: "nobody"}, {words: "a stranger", text: "uss_nonsense"}}).Draw(t, "nobody")
}

// comeBack signs the first administrator in when no administrator is, so that a
// sequence does not end in refusals.
func (m *machine) comeBack(t *rapid.T) {
	var admin *user
	for _, u := range sorted(m.model.users) {
		if u.active && slices.Contains(u.roles, administrator) && admin == nil {
			admin = u
		}
	}
	for _, c := range m.model.credentials {
		if u := m.model.users[c.user]; u != nil && u.active && m.model.live(c) && slices.Contains(u.roles, administrator) {
			return
		}
	}
	m.signInAs(t, admin.email, admin.password, sources[0])
}

// signOut ends a session, and no key.
func (m *machine) signOut(t *rapid.T) {
	m.call(t, "POST", "/api/logout", nil, func(p *principal, _ answer) *expected {
		if p.by.kind == session {
			p.by.ended = true
			p.note("session.end", "session", p.by.id, p.user.email)
		}
		return noContent()
	})
}
