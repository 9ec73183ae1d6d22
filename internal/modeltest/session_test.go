package modeltest_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// sessionEnd returns the time at which a session expires if it isn't used until then.
func (m *model) sessionEnd(c *credential) time.Time {
	idle, absolute := c.lastUsed.Add(m.idle()), c.created.Add(m.absolute())
	if idle.Before(absolute) {
		return idle
	}
	return absolute
}

// endSessions ends all sessions of a user except kept, which may be nil.
func (m *model) endSessions(user int64, kept *credential) {
	for _, c := range m.credentials {
		if c.user == user && c.kind == session && c != kept {
			c.ended = true
		}
	}
}

// signOut ends the caller's session. If the caller's credential is a key, the key stays valid.
func (m *machine) signOut(t *rapid.T) {
	m.call(t, "POST", "/api/logout", nil, func(p *principal, _ answer) *expected {
		if p.credential.kind == session {
			p.credential.ended = true
			p.record("session.end", "session", p.credential.id, p.user.email)
		}
		return noContent()
	})
}

func (m *machine) listSessions(t *rapid.T) {
	owner, query := m.drawOwner(t)
	m.call(t, "GET", "/api/sessions"+query, nil, func(p *principal, _ answer) *expected { return p.listSessions(owner) })
}

func (p *principal) listSessions(owner int64) *expected {
	owner = p.orSelf(owner)
	if refusal := p.authorize("session", "read", owner); refusal != nil {
		return refusal
	}
	if p.users[owner] == nil {
		return notFound()
	}
	list := []object{}
	for _, c := range p.credentials {
		if c.user == owner && c.kind == session && p.live(c) {
			list = append(list, object{
				"id": c.id, "userId": c.user, "current": c == p.credential, "device": "", "source": c.network,
				"createdAt": c.created, "lastSeenAt": c.lastUsed, "expiresAt": p.sessionEnd(c),
			})
		}
	}
	return ok(list)
}

func (m *machine) endAllSessions(t *rapid.T) {
	owner, query := m.drawOwner(t)
	keep := rapid.Bool().Draw(t, "keep this one")
	if keep {
		query = "?keepCurrent=true"
		if owner != 0 {
			query = pathOf("?keepCurrent=true&userId=%d", owner)[len("/api/"):]
		}
	}
	m.call(t, "DELETE", "/api/sessions"+query, nil, func(p *principal, _ answer) *expected {
		return p.endAllSessions(p.orSelf(owner), keep)
	})
}

func (p *principal) endAllSessions(owner int64, keep bool) *expected {
	if refusal := p.authorizeEnd("session", owner); refusal != nil {
		return refusal
	}
	except := p.credential
	if !keep {
		except = nil
	}
	p.endSessions(owner, except)
	p.record("session.end", "session", 0, p.users[owner].email)
	return noContent()
}

// authorizeEnd returns nil, or the expected error of a request to end a session or a key of the user ownerID. If the
// owner is not the caller, the caller must have all of the owner's permissions.
func (p *principal) authorizeEnd(entity string, ownerID int64) *expected {
	if refusal := p.authorize(entity, "delete", ownerID); refusal != nil {
		return refusal
	}
	u := p.users[ownerID]
	if u == nil {
		return notFound()
	}
	if u == p.user {
		return nil
	}
	return p.covers(p.permissionsOf(u.roles))
}

func (m *machine) endSession(t *rapid.T) {
	id := m.drawCredentialID(t, session)
	m.call(t, "DELETE", pathOf("sessions/%d", id), nil, func(p *principal, _ answer) *expected {
		return p.endOne(id, session)
	})
}

// endOne ends the session or key with the id. A credential whose kind is not in kinds counts as not found.
func (p *principal) endOne(id int64, kinds ...kind) *expected {
	entity := entityOf[kinds[0]]
	if refusal := p.authorize(entity, "delete", anyObject); refusal != nil {
		return refusal
	}
	for _, c := range p.credentials {
		if c.id != id || c.ended || !slices.Contains(kinds, c.kind) {
			continue
		}
		if refusal := p.authorizeEnd(entity, c.user); refusal != nil {
			return refusal
		}
		c.ended = true
		p.record(endAction[c.kind], entity, c.id, p.users[c.user].email)
		return noContent()
	}
	return notFound()
}

// drawOwner draws a user whose keys or sessions a request can ask for. It returns the id of the user and the query
// with this id. The id 0 and an empty query stand for the caller.
func (m *machine) drawOwner(t *rapid.T) (id int64, query string) {
	if rapid.Bool().Draw(t, "own") {
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

// drawCredentialID draws the id of a credential of one of the kinds. The credential may have ended.
func (m *machine) drawCredentialID(t *rapid.T, kinds ...kind) int64 {
	ids := map[int64]bool{1: true}
	for _, c := range m.model.credentials {
		if slices.Contains(kinds, c.kind) {
			ids[c.id] = true
		}
	}
	return rapid.SampledFrom(newest(ids)).Draw(t, "id")
}

// sweepCredentials deletes expired sessions. It deletes expired keys a month after they expired; until then, lists of
// keys still show them.
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
