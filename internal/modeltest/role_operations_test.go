package modeltest_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

func sameName(a, b string) bool { return strings.EqualFold(a, b) }

// nameTaken reports whether a role has the name. It ignores the role exceptID.
func (m *model) nameTaken(name string, exceptID int64) bool {
	for _, r := range m.roles {
		if r.id != exceptID && sameName(r.name, name) {
			return true
		}
	}
	return false
}

// readableRoles returns the roles that the caller may read, sorted by id. If ids are given, it only returns roles with
// these ids.
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
	if refusal := p.authorize("role", "read", anyObject); refusal != nil {
		return refusal
	}
	return ok(views(p.readableRoles()))
}

func (m *machine) listDefaultRoles(t *rapid.T) {
	m.call(t, "GET", "/api/roles/user-creation-defaults", nil, (*principal).listDefaultRoles)
}

func (p *principal) listDefaultRoles(answer) *expected {
	if refusal := p.authorize("role", "read", anyObject); refusal != nil {
		return refusal
	}
	return ok(views(p.readableRoles(p.defaultRoles()...)))
}

func (m *machine) getRole(t *rapid.T) {
	id := m.drawRole(t)
	m.call(t, "GET", pathOf("roles/%d", id), nil, func(p *principal, _ answer) *expected {
		if refusal := p.authorize("role", "read", id); refusal != nil {
			return refusal
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

// createRoles creates all roles of the list or none. New roles have no permissions.
func (p *principal) createRoles(list []object, got answer) *expected {
	if refusal := p.authorize("role", "create", allObjects); refusal != nil {
		return refusal
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
	var added []*role
	for i, fields := range list {
		added = append(added, p.addRole(got.id(i, "id"), fields["name"].(string), fields["description"].(string), nil))
	}
	return created(views(added))
}

func (p *principal) addRole(id int64, name, description string, permissions []permission) *role {
	r := &role{id: p.uniqueID("role", id), name: name, description: description, permissions: permissions}
	p.roles[r.id] = r
	p.record("role.create", "role", r.id, name)
	return r
}

func (m *machine) copyRole(t *rapid.T) {
	from, name := m.drawRole(t), drawRoleName.Draw(t, "name")
	m.call(t, "POST", pathOf("roles/from/%d", from), object{"name": name}, func(p *principal, got answer) *expected {
		return p.copyRole(from, name, got)
	})
}

// copyRole creates a role with the permissions of the role sourceID. A copy of the administrator role gets all
// permissions in vocabulary.
func (p *principal) copyRole(sourceID int64, name string, got answer) *expected {
	if refusal := p.authorize("role", "create", allObjects); refusal != nil {
		return refusal
	}
	if refusal := p.authorize("role", "read", sourceID); refusal != nil {
		return refusal
	}
	original := p.roles[sourceID]
	if original == nil {
		return notFound()
	}
	if refusal := p.covers(p.permissionsOf([]int64{sourceID})); refusal != nil {
		return refusal
	}
	switch {
	case blank(name):
		return invalid("/name")
	case p.nameTaken(name, 0):
		return conflict("ROLE_NAME_TAKEN", "/name")
	}
	return created(p.addRole(got.id("id"), name, original.description,
		slices.Clone(original.effectivePermissions())).view())
}

// authorizeRoleChange returns nil, or the expected error if the caller may not take the action on the role.
func (p *principal) authorizeRoleChange(action string, id int64) *expected {
	if refusal := p.authorize("role", action, id); refusal != nil {
		return refusal
	}
	if p.roles[id] == nil {
		return notFound()
	}
	if refusal := p.covers(p.permissionsOf([]int64{id})); refusal != nil {
		return refusal
	}
	if id == administratorRole || id == userRole {
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
	m.call(t, "PATCH", pathOf("roles/%d", id), fields,
		func(p *principal, _ answer) *expected { return p.updateRole(id, fields) })
}

func (p *principal) updateRole(id int64, fields object) *expected {
	if refusal := p.authorizeRoleChange("edit", id); refusal != nil {
		return refusal
	}
	r := p.roles[id]
	name, renamed := fields["name"].(string)
	switch {
	case renamed && blank(name):
		return invalid("/name")
	case renamed && p.nameTaken(name, id):
		return conflict("ROLE_NAME_TAKEN", "/name")
	}
	before := *r
	if renamed {
		r.name = name
	}
	if description, given := fields["description"].(string); given {
		r.description = description
	}
	if r.name != before.name || r.description != before.description {
		p.record("role.update", "role", id, r.name)
	}
	return ok(r.view())
}

func (m *machine) setPermissions(t *rapid.T) {
	id, requests := m.drawRole(t), m.drawPermissionRequests(t)
	m.call(t, "PUT", pathOf("roles/%d/permissions", id), views(requests), func(p *principal, _ answer) *expected {
		return p.setPermissions(id, requests)
	})
}

func (p *principal) setPermissions(id int64, requests []permissionRequest) *expected {
	if refusal := p.authorize("role", "edit", id); refusal != nil {
		return refusal
	}
	wanted, refusal := parsePermissions(requests, "")
	if refusal != nil {
		return refusal
	}
	if refusal := p.authorizeRoleChange("edit", id); refusal != nil {
		return refusal
	}
	r := p.roles[id]
	for _, w := range wanted {
		kept := slices.ContainsFunc(r.permissions,
			func(had permission) bool { return jsonOf(had.view()) == jsonOf(w.view()) })
		// A later release may know the permission, so only an administrator may grant it.
		if !knownAction(w.entity, w.action) && !kept && !p.administrator() {
			return forbidden()
		}
	}
	if refusal := p.covers(permissionSet{permissions: wanted}); refusal != nil {
		return refusal
	}
	if slices.Contains(p.settingRoles(), id) {
		var reserved []string
		for i, d := range requests {
			if (permission{action: d.action, self: d.self}).reserved() {
				reserved = append(reserved, fmt.Sprintf("/%d/action", i))
			}
		}
		if len(reserved) > 0 {
			return invalid(reserved...)
		}
	}
	if jsonOf(views(wanted)) != jsonOf(views(r.permissions)) {
		r.permissions = wanted
		p.record("role.permissions", "role", id, r.name)
	}
	return ok(r.view())
}

func (m *machine) deleteRole(t *rapid.T) {
	id, with, query := m.drawRole(t), int64(0), ""
	if named := without(m.model.settingRoles(), []int64{administratorRole, userRole}); len(named) > 0 &&
		rapid.Bool().Draw(t, "one that settings name") {
		id = named[0]
	}
	if rapid.Bool().Draw(t, "replaced") {
		with = m.drawRole(t)
		query = fmt.Sprintf("?replaceWith=%d", with)
	}
	m.call(t, "DELETE", pathOf("roles/%d%s", id, query), nil,
		func(p *principal, _ answer) *expected { return p.deleteRole(id, with) })
}

// deleteRole deletes the role id. If replacementID is 0, no user may have the role and no setting may contain it.
// Otherwise users and settings get the role replacementID in its place.
func (p *principal) deleteRole(id, replacementID int64) *expected {
	if refusal := p.authorizeRoleChange("delete", id); refusal != nil {
		return refusal
	}
	var holders []*user
	held := []int64{}
	for _, u := range sorted(p.users) {
		if slices.Contains(u.roles, id) {
			holders = append(holders, u)
			held = append(held, u.roles...)
		}
	}
	if replacementID == 0 && (len(holders) > 0 || slices.Contains(p.settingRoles(), id)) {
		return conflict("ROLE_IN_USE")
	}
	if replacementID != 0 {
		if refusal := p.authorizeReplacement(id, replacementID, append(held, replacementID)); refusal != nil {
			return refusal
		}
		p.replaceInSettings(id, replacementID)
		for _, u := range holders {
			u.roles = distinct(append(without(u.roles, []int64{id}), replacementID))
		}
	}
	p.record("role.delete", "role", id, p.roles[id].name)
	delete(p.roles, id)
	p.removeFromPermissions(id, "role")
	return noContent()
}

// authorizeReplacement returns nil, or the expected error of a request to replace the role id by the role
// replacementID. The caller must have all permissions of the roles in held: all roles of the affected users, and
// replacementID.
func (p *principal) authorizeReplacement(id, replacementID int64, held []int64) *expected {
	if replacementID == id || p.roles[replacementID] == nil || !p.can("role", "read", replacementID) {
		return invalid("/query/replaceWith")
	}
	mayAssign := p.can("role", "assign", id) && p.can("role", "assign", replacementID)
	if !mayAssign || !p.can("user", "edit-access", allObjects) {
		return forbidden()
	}
	if refusal := p.covers(p.permissionsOf(held)); refusal != nil {
		return refusal
	}
	if slices.Contains(p.settingRoles(), id) && !p.mayBeAutomatic(replacementID) {
		return invalid("/query/replaceWith")
	}
	return nil
}

// removeFromPermissions removes the id of a deleted object from all permissions on the given entities. If a permission
// has no ids left, the whole permission is removed: without ids, it would be a permission on all objects.
func (m *model) removeFromPermissions(id int64, entities ...string) {
	for _, r := range m.roles {
		remaining := []permission{}
		for _, p := range r.permissions {
			if p.ids != nil && slices.Contains(entities, p.entity) {
				p.ids = without(p.ids, []int64{id})
			}
			if p.ids == nil || len(p.ids) > 0 {
				remaining = append(remaining, p)
			}
		}
		r.permissions = remaining
	}
}
