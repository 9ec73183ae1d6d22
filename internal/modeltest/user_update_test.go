package modeltest_test

import (
	"slices"

	"pgregory.net/rapid"
)

func (m *machine) updateUser(t *rapid.T) {
	id, fields := m.drawUser(t), drawProfile(t)
	if rapid.Bool().Draw(t, "access") {
		if rarely(t, "an address", 3) {
			fields["email"] = drawAddress(t)
		}
		if rarely(t, "activity", 3) {
			u := m.model.users[id]
			fields["active"] = u == nil || u.active == rarely(t, "unchanged", 4)
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
	m.call(t, "PATCH", path, fields, func(p *principal, _ answer) *expected { return p.updateUser(id, fields, keepKeys, m.newestMail(t)) })
}

// updateUser changes all fields of the request or none.
func (p *principal) updateUser(id int64, fields object, keepKeys bool, mail int64) *expected {
	if refusal := p.authorizeUpdate(id, fields); refusal != nil {
		return refusal
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
	case newActive && !active && p.isLastAdministrator(u):
		return conflict("LAST_ADMINISTRATOR")
	}
	before := *u
	u.setProfile(fields)
	if newAddress && address != u.email {
		u.email = address
		p.endRecoveries(u.id)
	}
	if newActive {
		if u.active && !active { // the keys don't end: they work again when the user is active again
			p.endSessions(u.id, nil)
			p.endRecoveries(u.id)
		}
		u.active = active
	}
	if newPassword {
		p.resetPassword(u, password, true)
		p.notify("password-changed", id, before.email, mail)
		if !keepKeys {
			p.endKeys(u.id)
		}
	}
	if newPassword || fields["lockedOut"] != nil {
		p.unlock(u)
	}
	changed := p.recordUpdate(&before, u, fields)
	if changed && changesAccess(fields) {
		p.releaseFromImports(id)
	}
	return ok(p.userView(u))
}

// recordUpdate adds the entry for an update of a user to the activity log. A reset of the password gets a separate
// entry. recordUpdate reports whether there was a change.
func (p *principal) recordUpdate(before, after *user, fields object) (changed bool) {
	changed = jsonOf(before.auditedFields()) != jsonOf(after.auditedFields()) || fields["lockedOut"] != nil
	if changed {
		p.record("user.update", "user", after.id, after.email)
	}
	if fields["password"] != nil {
		p.record("password.reset", "user", after.id, after.email)
	}
	return changed || fields["password"] != nil
}

// auditedFields returns the fields whose changes the activity log records.
func (u *user) auditedFields() []any {
	return []any{u.name, u.surname, u.department, u.biography, u.picture, u.email, u.active}
}

// authorizeUpdate returns nil, or the expected error if the caller may not update these fields of the user.
func (p *principal) authorizeUpdate(id int64, fields object) *expected {
	access, profile := changesAccess(fields), given(fields, "name surname department biography picture")
	if p.credential.kind == named && given(fields, "email password") { // a new address would receive recovery tokens
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
		if refusal := p.authorize("user", "edit-access", id); refusal != nil {
			return refusal
		}
	}
	if profile || !access {
		if refusal := p.authorize("user", "edit", id); refusal != nil {
			return refusal
		}
	}
	if fields["password"] == weak {
		return invalid("/password")
	}
	if p.users[id] == nil {
		return notFound()
	}
	if access {
		return p.covers(p.permissionsOf(p.users[id].roles))
	}
	return nil
}

// changesAccess reports whether fields contains one that decides whether and how the user can sign in.
func changesAccess(fields object) bool { return given(fields, "email password active lockedOut") }

// given reports whether fields has at least one of the names, which are separated by spaces.
func given(fields object, names string) bool {
	return slices.ContainsFunc(words(names), func(name string) bool { _, given := fields[name]; return given })
}
