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

// note keeps what the caller did, if the log is kept.
func (p *principal) note(action, kind string, target int64, name string) {
	p.noteAs(actor{p.user, p.by, p.source}, action, kind, target, name)
}

func (m *model) noteAs(a actor, action, kind string, target int64, name string) {
	if m.keepsLog() {
		m.activity = append(m.activity, &entry{m.now, a, a.user.email, action, kind, target, name})
	}
}

// entry is what note keeps.
func (p *principal) entry(action, kind string, target int64, name string) *entry {
	return &entry{p.now, actor{p.user, p.by, p.source}, p.user.email, action, kind, target, name}
}
