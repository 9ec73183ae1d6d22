package modeltest_test

import (
	"time"

	"pgregory.net/rapid"
)

const invitationLife = 7 * day

// invite requests an invitation for a user: a mail message with a token to choose a password.
func (m *machine) invite(t *rapid.T) {
	id := m.drawUser(t)
	m.call(t, "POST", pathOf("users/%d/invitation", id), nil, func(p *principal, _ answer) *expected {
		if refusal := p.authorizeInvite(id); refusal != nil {
			return refusal
		}
		u := p.users[id]
		p.sendInvitation(u).id = p.uniqueID("message", m.newestMail(t))
		p.record("user.invite", "user", u.id, u.email)
		return noContent()
	})
}

// sendInvitation adds an invitation for u to the outbox and returns the message. sendInvitation's caller must set the
// id of the message.
func (p *principal) sendInvitation(u *user) *message {
	o := &message{
		kind: "invitation", state: "ready", user: u.id, recipient: u.email, created: p.now, next: p.now,
		expires: p.now.Add(invitationLife), token: p.newRecovery(u, "invitation", invitationLife),
	}
	p.outbox = append(p.outbox, o)
	return o
}

func (p *principal) authorizeInvite(id int64) *expected {
	if refusal := p.authorize("user", "edit-access", id); refusal != nil {
		return refusal
	}
	if id == p.user.id {
		return refused("USE_PASSWORD_CHANGE")
	}
	u := p.users[id]
	if u == nil {
		return notFound()
	}
	if refusal := p.covers(p.permissionsOf(u.roles)); refusal != nil {
		return refusal
	}
	switch {
	case !u.active:
		return conflict("INACTIVE_USER")
	case p.sentWithin(time.Hour, "invitation", u) >= 3:
		return tooMany()
	}
	return nil
}

// sentWithin returns the number of messages of a kind that were added for a user during the last window.
func (m *model) sentWithin(window time.Duration, kind string, u *user) (n int) {
	for _, o := range m.outbox {
		if o.user == u.id && o.kind == kind && o.created.After(m.now.Add(-window)) {
			n++
		}
	}
	return n
}

// newRecovery adds a token with which a user can choose a password. A user has at most three valid tokens of each kind:
// a new one ends the oldest.
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
