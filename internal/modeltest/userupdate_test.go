package modeltest_test

import (
	"slices"

	"pgregory.net/rapid"
)

func (m *machine) updateUser(t *rapid.T) {
	id, fields := m.drawUser(t), drawProfile(t)
	if rapid.Bool().Draw(t, "of access") {
		if rarely(t, "an address", 3) {
			fields["email"] = drawAddress(t)
		}
		if rarely(t, "activity", 3) {
			u := m.model.users[id]
			fields["active"] = u == nil || u.active == rarely(t, "as it is", 4)
		}
		if rarely(t, "a password", 4) {
			fields["password"] = drawNewPassword(t)
		}
		if rarely(t, "unlocked", 4) {
			fields["lockedOut"] = false
		}
	}
	path, keepKeys := pathOf("users/%d", id), rarely(t, "keeping the keys", 4)
	if keepKeys {
		path += "?keepKeys=true"
	}
	m.call(t, "PATCH", path, fields, func(p *principal, _ answer) *expected { return p.updateUser(id, fields, keepKeys) })
}

// updateUser changes all that the fields name, or nothing.
func (p *principal) updateUser(id int64, fields object, keepKeys bool) *expected {
	if no := p.mayUpdateUser(id, fields); no != nil {
		return no
	}
	u := p.users[id]
	address, newAddress := fields["email"].(string)
	active, newActive := fields["active"].(bool)
	password, newPassword := fields["password"].(string)
	var faults []string
	if name, given := fields["name"].(string); given && blank(name) {
		faults = append(faults, "/name")
	}
	if newAddress && !wellFormed(address) {
		faults = append(faults, "/email")
	}
	switch {
	case len(faults) > 0:
		return invalid(faults...)
	case newAddress && p.taken(address, u):
		return conflict("EMAIL_TAKEN", "/email")
	case newActive && !active && p.leavesNobody(u):
		return conflict("LAST_ADMINISTRATOR")
	}
	was := *u
	u.describe(fields)
	if newAddress && address != u.email {
		u.email = address
		p.endRecoveries(u.id)
	}
	if newActive {
		if u.active && !active { // his keys only rest
			p.endSessions(u.id, nil)
			p.endRecoveries(u.id)
		}
		u.active = active
	}
	if newPassword {
		p.resetPassword(u, password, true)
		if !keepKeys {
			p.endKeys(u.id)
		}
	}
	if newPassword || fields["lockedOut"] != nil {
		p.unlock(u)
	}
	if givesAccess(fields) {
		p.release(id)
	}
	p.noteUpdate(&was, u, fields)
	return ok(p.userView(u))
}

// noteUpdate notes the reset of a password beside what else was changed.
func (p *principal) noteUpdate(was, now *user, fields object) {
	changed := jsonOf(was.described()) != jsonOf(now.described()) || fields["lockedOut"] != nil
	if changed || fields["password"] == nil {
		p.note("user.update", "user", now.id, now.email)
	}
	if fields["password"] != nil {
		p.note("password.reset", "user", now.id, now.email)
	}
}

func (u *user) described() []any {
	return []any{u.name, u.surname, u.department, u.biography, u.picture, u.email, u.active}
}

// mayUpdateUser returns how an update is refused for what it names, or nil.
func (p *principal) mayUpdateUser(id int64, fields object) *expected {
	access, profile := givesAccess(fields), given(fields, "name surname department biography picture")
	if p.by.kind == named && given(fields, "email password") { // the address is where tokens for passwords go
		return forbidden()
	}
	if id == p.user.id && !p.user.needReset {
		switch {
		case given(fields, "password"):
			return refused("USE_PASSWORD_CHANGE")
		case access:
			return forbidden()
		}
	}
	if access {
		if no := p.may("user", "edit-access", id); no != nil {
			return no
		}
	}
	if profile || !access {
		if no := p.may("user", "edit", id); no != nil {
			return no
		}
	}
	if fields["password"] == weak {
		return invalid("/password")
	}
	if p.users[id] == nil {
		return notFound()
	}
	if access {
		return p.covers(p.holds(p.users[id].roles))
	}
	return nil
}

// givesAccess tells whether an update is about who gets in as the user.
func givesAccess(fields object) bool { return given(fields, "email password active lockedOut") }

// given tells whether the fields have one of these names.
func given(fields object, names string) bool {
	return slices.ContainsFunc(words(names), func(name string) bool { _, given := fields[name]; return given })
}
