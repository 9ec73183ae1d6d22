package modeltest_test

import "pgregory.net/rapid"

func (m *machine) listUsers(t *rapid.T) { m.call(t, "GET", "/api/users", nil, (*principal).listUsers) }

func (p *principal) listUsers(answer) *expected {
	if no := p.may("user", "read", anyOne); no != nil {
		return no
	}
	return ok(p.userViews(p.readableUsers()))
}

// readableUsers are those that the caller may read, by id.
func (p *principal) readableUsers() (readable []*user) {
	for _, u := range sorted(p.users) {
		if p.can("user", "read", u.id) {
			readable = append(readable, u)
		}
	}
	return readable
}

func (m *model) userViews(users []*user) []object {
	list := []object{}
	for _, u := range users {
		list = append(list, m.userView(u))
	}
	return list
}
