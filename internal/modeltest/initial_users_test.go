package modeltest_test

import "pgregory.net/rapid"

// createInitialUsers creates two users with many, but not all, permissions. It runs before the random steps of each
// sequence.
func (m *machine) createInitialUsers(t *rapid.T) {
	m.renewSessions(t)
	admin := m.model.credentials[0]
	asAdmin := func(method, path string, body any, rule func(p *principal, got answer) *expected) {
		m.callAs(t, admin, networks[0], method, path, body, rule)
	}
	roles := []object{{"name": "Helpdesk", "description": ""}, {"name": "Editors", "description": ""}}
	asAdmin("POST", "/api/roles", roles, func(p *principal, got answer) *expected { return p.createRoles(roles, got) })
	users := []object{
		{"name": "Ann", "email": addresses[0], "password": passwords[1], "active": true},
		{"name": "Bob", "email": addresses[2], "password": passwords[1], "active": true},
	}
	asAdmin("POST", "/api/users", users, func(p *principal, got answer) *expected { return p.createUsers(users, got) })
	for i, permissions := range [][]string{
		{
			"user read", "user edit", "user edit-access", "user delete", "api-key read", "api-key create", "api-key delete",
			"session read", "session delete",
		},
		{
			"role read", "role create", "role edit", "role delete", "role assign", "user read", "user create",
			"user edit-access", "application-settings read", "application-settings edit",
		},
	} {
		var requests []permissionRequest
		for _, text := range permissions {
			requests = append(requests, permissionRequest{entity: words(text)[0], action: words(text)[1]})
		}
		roleID, userID := sorted(m.model.roles)[2+i].id, sorted(m.model.users)[1+i].id
		asAdmin("PUT", pathOf("roles/%d/permissions", roleID), views(requests), func(p *principal, _ answer) *expected {
			return p.setPermissions(roleID, requests)
		})
		roleIDs := []int64{userRole, roleID}
		asAdmin("PUT", pathOf("users/%d/roles", userID), object{"roles": roleIDs}, func(p *principal, _ answer) *expected {
			return p.setUserRoles(userID, roleIDs)
		})
		m.signInAs(t, users[i]["email"].(string), passwords[1], networks[0])
	}
}
