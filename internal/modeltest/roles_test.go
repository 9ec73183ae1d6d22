package modeltest_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

func sameName(a, b string) bool { return strings.EqualFold(a, b) }

// nameTaken reports whether a role but this has the name.
func (m *model) nameTaken(name string, but int64) bool {
	for _, r := range m.roles {
		if r.id != but && sameName(r.name, name) {
			return true
		}
	}
	return false
}

// readableRoles are those that the caller may read, by id.
func (p *principal) readableRoles(ids ...int64) (readable []*role) {
	for _, r := range sorted(p.roles) {
		if p.can("role", "read", r.id) && (ids == nil || slices.Contains(ids, r.id)) {
			readable = append(readable, r)
		}
	}
	return readable
}

func (m *machine) listRoles(t *rapid.T) { m.call(t, "GET", "/api/roles", nil, (*principal).listRoles) }

func (p *principal) listRoles(answer) *expected {
	if no := p.may("role", "read", anyOne); no != nil {
		return no
	}
	return ok(views(p.readableRoles()))
}

func (m *machine) listDefaultRoles(t *rapid.T) {
	m.call(t, "GET", "/api/roles/user-creation-defaults", nil, (*principal).listDefaultRoles)
}

func (p *principal) listDefaultRoles(answer) *expected {
	if no := p.may("role", "read", anyOne); no != nil {
		return no
	}
	return ok(views(p.readableRoles(p.defaultRoles()...)))
}

func (m *machine) getRole(t *rapid.T) {
	id := m.drawRole(t)
	m.call(t, "GET", pathOf("roles/%d", id), nil, func(p *principal, _ answer) *expected {
		if no := p.may("role", "read", id); no != nil {
			return no
		}
		if p.roles[id] == nil {
			return notFound()
		}
		return ok(p.roles[id].view())
	})
}

var (
	drawRoleName    = rapid.SampledFrom([]string{"Helpdesk", "helpdesk", "Editors", "Auditors", "Guests", "user", " "})
	drawDescription = rapid.SampledFrom([]string{"", "Helps."})
)

func (m *machine) createRoles(t *rapid.T) {
	list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) object {
		return object{"name": drawRoleName.Draw(t, "name"), "description": drawDescription.Draw(t, "description")}
	}), 1, 3).Draw(t, "roles")
	m.call(t, "POST", "/api/roles", list, func(p *principal, got answer) *expected { return p.createRoles(list, got) })
}

// createRoles creates all of the roles or none. They permit nothing yet.
func (p *principal) createRoles(list []object, got answer) *expected {
	if no := p.may("role", "create", allOf); no != nil {
		return no
	}
	var faults []string
	taken := ""
	for i, r := range list {
		name, at := r["name"].(string), fmt.Sprintf("/%d/name", i)
		if blank(name) {
			faults = append(faults, at)
		}
		if slices.ContainsFunc(list[:i], func(before object) bool { return sameName(before["name"].(string), name) }) {
			faults = append(faults, at)
		}
		if p.nameTaken(name, 0) && taken == "" {
			taken = at
		}
	}
	switch {
	case len(faults) > 0:
		return invalid(faults...)
	case taken != "":
		return conflict("ROLE_NAME_TAKEN", taken)
	}
	var made []*role
	for i, fields := range list {
		made = append(made, p.addRole(got.id(i, "id"), fields["name"].(string), fields["description"].(string), nil))
	}
	return created(views(made))
}

func (p *principal) addRole(id int64, name, description string, permissions []permission) *role {
	r := &role{p.fresh("role", id), name, description, permissions}
	p.roles[r.id] = r
	p.note("role.create", "role", r.id, name)
	return r
}

func (m *machine) copyRole(t *rapid.T) {
	from, name := m.drawRole(t), drawRoleName.Draw(t, "name")
	m.call(t, "POST", pathOf("roles/from/%d", from), object{"name": name}, func(p *principal, got answer) *expected {
		return p.copyRole(from, name, got)
	})
}

// copyRole makes a role of another. A copy of the administrator's has what that has
// today.
func (p *principal) copyRole(from int64, name string, got answer) *expected {
	if no := p.may("role", "create", allOf); no != nil {
		return no
	}
	if no := p.may("role", "read", from); no != nil {
		return no
	}
	original := p.roles[from]
	if original == nil {
		return notFound()
	}
	if no := p.covers(p.holds([]int64{from})); no != nil {
		return no
	}
	switch {
	case blank(name):
		return invalid("/name")
	case p.nameTaken(name, 0):
		return conflict("ROLE_NAME_TAKEN", "/name")
	}
	return created(p.addRole(got.id("id"), name, original.description, slices.Clone(original.shown())).view())
}

// mayChangeRole returns how changing a role is refused, or nil.
func (p *principal) mayChangeRole(action string, id int64) *expected {
	if no := p.may("role", action, id); no != nil {
		return no
	}
	if p.roles[id] == nil {
		return notFound()
	}
	if no := p.covers(p.holds([]int64{id})); no != nil {
		return no
	}
	if id == administrator || id == ordinary {
		return conflict("BUILT_IN_ROLE")
	}
	return nil
}

func (m *machine) updateRole(t *rapid.T) {
	id, fields := m.drawRole(t), object{}
	if rapid.Bool().Draw(t, "a name") {
		fields["name"] = drawRoleName.Draw(t, "name")
	}
	if rapid.Bool().Draw(t, "a description") {
		fields["description"] = drawDescription.Draw(t, "description")
	}
	m.call(t, "PATCH", pathOf("roles/%d", id), fields, func(p *principal, _ answer) *expected { return p.updateRole(id, fields) })
}

func (p *principal) updateRole(id int64, fields object) *expected {
	if no := p.mayChangeRole("edit", id); no != nil {
		return no
	}
	r := p.roles[id]
	name, renamed := fields["name"].(string)
	switch {
	case renamed && blank(name):
		return invalid("/name")
	case renamed && p.nameTaken(name, id):
		return conflict("ROLE_NAME_TAKEN", "/name")
	}
	if renamed {
		r.name = name
	}
	if description, given := fields["description"].(string); given {
		r.description = description
	}
	p.note("role.update", "role", id, r.name)
	return ok(r.view())
}

func (m *machine) setPermissions(t *rapid.T) {
	id, drafts := m.drawRole(t), m.drawDrafts(t)
	m.call(t, "PUT", pathOf("roles/%d/permissions", id), views(drafts), func(p *principal, _ answer) *expected {
		return p.setPermissions(id, drafts)
	})
}

func (p *principal) setPermissions(id int64, drafts []draft) *expected {
	if no := p.may("role", "edit", id); no != nil {
		return no
	}
	wanted, no := read(drafts, "")
	if no != nil {
		return no
	}
	if no := p.mayChangeRole("edit", id); no != nil {
		return no
	}
	r := p.roles[id]
	for _, w := range wanted {
		kept := slices.ContainsFunc(r.permissions, func(had permission) bool { return jsonOf(had.view()) == jsonOf(w.view()) })
		if !knownAction(w.entity, w.action) && !kept && !p.administrator() { // a later release may give it a meaning
			return forbidden()
		}
	}
	if no := p.covers(set{permissions: wanted}); no != nil {
		return no
	}
	r.permissions = wanted
	p.note("role.permissions", "role", id, r.name)
	return ok(r.view())
}

func (m *machine) deleteRole(t *rapid.T) {
	id, with, query := m.drawRole(t), int64(0), ""
	if named := without(m.model.settingRoles(), []int64{administrator, ordinary}); len(named) > 0 && rapid.Bool().Draw(t, "one that settings name") {
		id = named[0]
	}
	if rapid.Bool().Draw(t, "replaced") {
		with = m.drawRole(t)
		query = fmt.Sprintf("?replaceWith=%d", with)
	}
	m.call(t, "DELETE", pathOf("roles/%d%s", id, query), nil, func(p *principal, _ answer) *expected { return p.deleteRole(id, with) })
}

// deleteRole removes a role that nobody has and no setting names, or puts another
// in its place.
func (p *principal) deleteRole(id, with int64) *expected {
	if no := p.mayChangeRole("delete", id); no != nil {
		return no
	}
	var holders []*user
	held := []int64{}
	for _, u := range sorted(p.users) {
		if slices.Contains(u.roles, id) {
			holders = append(holders, u)
			held = append(held, u.roles...)
		}
	}
	if with == 0 && (len(holders) > 0 || slices.Contains(p.settingRoles(), id)) {
		return conflict("ROLE_IN_USE")
	}
	if with != 0 {
		if no := p.mayReplaceRole(id, with, append(held, with)); no != nil {
			return no
		}
		p.replaceInSettings(id, with)
		for _, u := range holders {
			u.roles = distinct(append(without(u.roles, []int64{id}), with))
		}
	}
	p.note("role.delete", "role", id, p.roles[id].name)
	delete(p.roles, id)
	p.forgetListed(id, "role")
	return noContent()
}

// mayReplaceRole returns how putting a role in the place of another is refused, or
// nil. Whoever gives or takes it has to cover all that its holders may do.
func (p *principal) mayReplaceRole(id, with int64, held []int64) *expected {
	if with == id || p.roles[with] == nil || !p.can("role", "read", with) {
		return invalid("/query/replaceWith")
	}
	if !p.can("role", "assign", id) || !p.can("role", "assign", with) || !p.can("user", "edit-access", allOf) {
		return forbidden()
	}
	return p.covers(p.holds(held))
}

// forgetListed removes the id of what is gone from the permissions that list it. One
// that lists nothing any more goes: it must not come to mean all.
func (m *model) forgetListed(id int64, entities ...string) {
	for _, r := range m.roles {
		left := []permission{}
		for _, p := range r.permissions {
			if p.ids != nil && slices.Contains(entities, p.entity) {
				p.ids = without(p.ids, []int64{id})
			}
			if p.ids == nil || len(p.ids) > 0 {
				left = append(left, p)
			}
		}
		r.permissions = left
	}
}
