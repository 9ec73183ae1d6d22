package modeltest_test

import (
	"time"

	"pgregory.net/rapid"
)

const invitationLife = 7 * day

// invite sends a user a message by which he chooses his password.
func (m *machine) invite(t *rapid.T) {
	id := m.drawUser(t)
	m.call(t, "POST", pathOf("users/%d/invitation", id), nil, func(p *principal, _ answer) *expected {
		if no := p.mayInvite(id); no != nil {
			return no
		}
		u := p.users[id]
		p.sendInvitation(u).id = p.fresh("message", m.newestMail(t))
		p.note("user.invite", "user", u.id, u.email)
		return noContent()
	})
}

// sendInvitation puts an invitation, which has no id yet, into the outbox.
func (p *principal) sendInvitation(u *user) *message {
	o := &message{
		kind: "invitation", state: "ready", user: u.id, recipient: u.email,
		created: p.now, next: p.now, expires: p.now.Add(invitationLife), token: p.newRecovery(u, "invitation", invitationLife),
	}
	p.outbox = append(p.outbox, o)
	return o
}

func (p *principal) mayInvite(id int64) *expected {
	if no := p.may("user", "edit-access", id); no != nil {
		return no
	}
	if id == p.user.id {
		return refused("USE_PASSWORD_CHANGE")
	}
	u := p.users[id]
	if u == nil {
		return notFound()
	}
	if no := p.covers(p.holds(u.roles)); no != nil {
		return no
	}
	switch {
	case !u.active:
		return conflict("INACTIVE_USER")
	case p.sentIn(time.Hour, "invitation", u) >= 3:
		return tooMany()
	}
	return nil
}

// sentIn counts the messages of a kind to a user in the last so long.
func (m *model) sentIn(window time.Duration, kind string, u *user) (n int) {
	for _, o := range m.outbox {
		if o.user == u.id && o.kind == kind && o.created.After(m.now.Add(-window)) {
			n++
		}
	}
	return n
}

// newRecovery makes a token by which a user chooses his password. He has three of
// a kind at most.
func (m *model) newRecovery(u *user, kind string, life time.Duration) *recovery {
	var live []*recovery
	for _, r := range m.recoveries {
		if r.user == u.id && r.kind == kind && !r.ended {
			live = append(live, r)
		}
	}
	for ; len(live) > 2; live = live[1:] {
		live[0].ended = true
	}
	r := &recovery{user: u.id, kind: kind, expires: m.now.Add(life)}
	m.recoveries = append(m.recoveries, r)
	return r
}
