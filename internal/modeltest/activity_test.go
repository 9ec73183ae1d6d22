package modeltest_test

import "time"

// entry is one of the activity log.
type entry struct {
	at           time.Time
	actor        actor
	name         string // of the actor, then
	action, kind string
	target       int64
	targetName   string
}

// actor is who did something, and by what.
type actor struct {
	user   *user
	by     *credential
	source string
}

// note keeps what the caller did.
func (p *principal) note(action, kind string, target int64, name string) {
	p.noteAs(actor{p.user, p.by, p.source}, action, kind, target, name)
}

func (m *model) noteAs(a actor, action, kind string, target int64, name string) {
	m.activity = append(m.activity, &entry{m.now, a, a.user.email, action, kind, target, name})
}
