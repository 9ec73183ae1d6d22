package modeltest_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// sessionEnd is when a session is over unless it is used before.
func (m *model) sessionEnd(c *credential) time.Time {
	idle, absolute := c.lastUsed.Add(m.idle()), c.created.Add(m.absolute())
	if idle.Before(absolute) {
		return idle
	}
	return absolute
}

// endSessions ends those of a user but one.
func (m *model) endSessions(user int64, spare *credential) {
	for _, c := range m.credentials {
		if c.user == user && c.kind == session && c != spare {
			c.ended = true
		}
	}
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

func (m *machine) listSessions(t *rapid.T) {
	of, query := m.drawOwner(t)
	m.call(t, "GET", "/api/sessions"+query, nil, func(p *principal, _ answer) *expected { return p.listSessions(of) })
}

func (p *principal) listSessions(of int64) *expected {
	of = p.orSelf(of)
	if no := p.may("session", "read", of); no != nil {
		return no
	}
	if p.users[of] == nil {
		return notFound()
	}
	list := []object{}
	for _, c := range p.credentials {
		if c.user == of && c.kind == session && p.live(c) {
			list = append(list, object{
				"id": c.id, "userId": c.user, "current": c == p.by, "device": "", "source": c.source,
				"createdAt": c.created, "lastSeenAt": c.lastUsed, "expiresAt": p.sessionEnd(c),
			})
		}
	}
	return ok(list)
}

func (m *machine) endAllSessions(t *rapid.T) {
	of, query := m.drawOwner(t)
	keep := rapid.Bool().Draw(t, "keep this one")
	if keep {
		query = "?keepCurrent=true"
		if of != 0 {
			query = pathOf("?keepCurrent=true&userId=%d", of)[len("/api/"):]
		}
	}
	m.call(t, "DELETE", "/api/sessions"+query, nil, func(p *principal, _ answer) *expected {
		return p.endAllSessions(p.orSelf(of), keep)
	})
}

func (p *principal) endAllSessions(of int64, keep bool) *expected {
	if no := p.mayEnd("session", of); no != nil {
		return no
	}
	spare := p.by
	if !keep {
		spare = nil
	}
	p.endSessions(of, spare)
	p.note("session.end", "session", 0, p.users[of].email)
	return noContent()
}

// mayEnd returns how ending a session or a key of a user is refused, or nil. Those
// of somebody else he has to cover.
func (p *principal) mayEnd(entity string, of int64) *expected {
	if no := p.may(entity, "delete", of); no != nil {
		return no
	}
	u := p.users[of]
	if u == nil {
		return notFound()
	}
	if u == p.user {
		return nil
	}
	return p.covers(p.holds(u.roles))
}

func (m *machine) endSession(t *rapid.T) {
	id := m.drawCredentialID(t, session)
	m.call(t, "DELETE", pathOf("sessions/%d", id), nil, func(p *principal, _ answer) *expected {
		return p.endOne(id, session)
	})
}

// endOne ends a session or a key.
func (p *principal) endOne(id int64, kinds ...kind) *expected {
	entity := entityOf[kinds[0]]
	if no := p.may(entity, "delete", anyOne); no != nil {
		return no
	}
	for _, c := range p.credentials {
		if c.id != id || c.ended || !slices.Contains(kinds, c.kind) {
			continue
		}
		if no := p.mayEnd(entity, c.user); no != nil {
			return no
		}
		c.ended = true
		p.note(endOf[c.kind], entity, c.id, p.users[c.user].email)
		return noContent()
	}
	return notFound()
}

// drawOwner draws whose keys or sessions are asked for, and the query that says so;
// 0 and none for the caller's own.
func (m *machine) drawOwner(t *rapid.T) (id int64, query string) {
	if rapid.Bool().Draw(t, "his own") {
		return 0, ""
	}
	id = m.drawUser(t)
	return id, pathOf("?userId=%d", id)[len("/api/"):]
}

func (p *principal) orSelf(id int64) int64 {
	if id == 0 {
		return p.user.id
	}
	return id
}

// drawCredentialID draws the id of a session or of a key, which was there at least
// once.
func (m *machine) drawCredentialID(t *rapid.T, kinds ...kind) int64 {
	ids := map[int64]bool{1: true}
	for _, c := range m.model.credentials {
		if slices.Contains(kinds, c.kind) {
			ids[c.id] = true
		}
	}
	return rapid.SampledFrom(newest(ids)).Draw(t, "id")
}

// sweepCredentials removes those that are over: sessions at once, and keys, which
// are still listed for a while, after a month.
func (m *model) sweepCredentials() {
	for _, c := range m.credentials {
		switch {
		case c.kind == session && !m.live(c):
			c.ended = true
		case !c.expires.IsZero() && !m.now.Before(c.expires.Add(month)):
			c.ended = true
		}
	}
}
