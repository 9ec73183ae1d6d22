package modeltest_test

import "pgregory.net/rapid"

// begin makes what every sequence begins with: people who may do much, and not all.
func (m *machine) begin(t *rapid.T) {
	m.comeBack(t)
	admin := m.model.credentials[0]
	as := func(method, path string, body any, rule func(p *principal, got answer) *expected) {
		m.callAs(t, admin, sources[0], method, path, body, rule)
	}
	roles := []object{{"name": "Helpdesk", "description": ""}, {"name": "Editors", "description": ""}}
	as("POST", "/api/roles", roles, func(p *principal, got answer) *expected { return p.createRoles(roles, got) })
	people := []object{
		{"name": "Ann", "email": addresses[0], "password": passwords[1], "active": true},
		{"name": "Bob", "email": addresses[2], "password": passwords[1], "active": true},
	}
	as("POST", "/api/users", people, func(p *principal, got answer) *expected { return p.createUsers(people, got) })
	for i, permits := range [][]string{
		{"user read", "user edit", "user edit-access", "user delete", "api-key read", "api-key create", "api-key delete", "session read", "session delete"},
		{"role read", "role create", "role edit", "role delete", "role assign", "user read", "user create", "user edit-access", "application-settings read", "application-settings edit"},
	} {
		var drafts []draft
		for _, text := range permits {
			drafts = append(drafts, draft{entity: words(text)[0], action: words(text)[1]})
		}
		roleID, userID := sorted(m.model.roles)[2+i].id, sorted(m.model.users)[1+i].id
		as("PUT", pathOf("roles/%d/permissions", roleID), views(drafts), func(p *principal, _ answer) *expected {
			return p.setPermissions(roleID, drafts)
		})
		held := []int64{ordinary, roleID}
		as("PUT", pathOf("users/%d/roles", userID), object{"roles": held}, func(p *principal, _ answer) *expected {
			return p.setUserRoles(userID, held)
		})
		m.signInAs(t, people[i]["email"].(string), passwords[1], sources[0])
	}
}
