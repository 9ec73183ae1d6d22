package modeltest_test

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

// listUsers reads all users in one answer, or reads pages of users with a filter, an order and a limit.
func (m *machine) listUsers(t *rapid.T) {
	if rapid.Bool().Draw(t, "all at once") {
		m.call(t, "GET", "/api/users", nil, (*principal).listUsers)
		return
	}
	caller, network := m.drawCaller(t), drawNetwork(t)
	var filter userFilter
	query := url.Values{}
	if rarely(t, "a search", 3) {
		searches := []string{"ANN", "example bob", "Engines", "%", "adm org"}
		filter.search = words(rapid.SampledFrom(searches).Draw(t, "search"))
		query.Set("search", strings.Join(filter.search, " "))
	}
	if rarely(t, "a role", 3) {
		filter.role = m.drawRole(t)
		query.Set("role", fmt.Sprint(filter.role))
	}
	if rarely(t, "active or not", 3) {
		filter.active = new(rapid.Bool().Draw(t, "active"))
		query.Set("active", strconv.FormatBool(*filter.active))
	}
	if rarely(t, "locked or not", 3) {
		filter.locked = new(rapid.Bool().Draw(t, "locked"))
		query.Set("locked", strconv.FormatBool(*filter.locked))
	}
	if rarely(t, "a provider", 5) {
		filter.provider = rapid.SampledFrom(words("tenable ldap")).Draw(t, "provider")
		query.Set("provider", filter.provider)
	}
	order := rapid.SampledFrom(words("id name email -id -name -email")).Draw(t, "order")
	limit := rapid.IntRange(1, 4).Draw(t, "limit")
	query.Set("sort", order)
	query.Set("limit", fmt.Sprint(limit))
	m.readPages(t, caller, network, "users", query, func(p *principal, _ answer, page int) (*expected, bool) {
		if refusal := p.authorize("user", "read", anyObject); refusal != nil {
			return refusal, false
		}
		shown, more := pageOf(p.findUsers(filter, order), page, limit)
		return ok(p.userViews(shown)), more
	})
}

func (p *principal) listUsers(answer) *expected {
	if refusal := p.authorize("user", "read", anyObject); refusal != nil {
		return refusal
	}
	return ok(p.userViews(p.readableUsers()))
}

// readableUsers returns the users that the caller may read, sorted by id.
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

// userFilter selects the users that match all fields that are set.
type userFilter struct {
	search         []string
	role           int64
	active, locked *bool
	provider       string
}

// findUsers returns the users that match f and that the caller may read. order is the field to sort by; a "-" before
// the field means descending order.
func (p *principal) findUsers(f userFilter, order string) []*user {
	found := slices.DeleteFunc(p.readableUsers(), func(u *user) bool {
		surname, _ := u.surname.(string)
		text := strings.ToLower(u.name + " " + surname + " " + u.email)
		lacks := func(word string) bool { return !strings.Contains(text, strings.ToLower(word)) }
		return slices.ContainsFunc(f.search, lacks) || f.role != 0 && !slices.Contains(u.roles, f.role) ||
			f.active != nil && *f.active != u.active || f.locked != nil && *f.locked != p.lockedOut(u) ||
			f.provider == "ldap"
	})
	field, down := strings.CutPrefix(order, "-")
	slices.SortFunc(found, func(a, b *user) int {
		switch field {
		case "name":
			byName := strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
			return cmp.Or(byName, cmp.Compare(a.id, b.id))
		case "email":
			return strings.Compare(strings.ToLower(a.email), strings.ToLower(b.email))
		}
		return cmp.Compare(a.id, b.id)
	})
	if down {
		slices.Reverse(found)
	}
	return found
}
