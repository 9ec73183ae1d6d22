package modeltest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// user is a user whose password is stored by the server, not in LDAP or SAML.
type user struct {
	id                             int64
	name, email                    string
	surname, department, biography any    // a string, or nil
	picture                        any    // a list of numbers, or nil
	password                       string // "": no password yet
	active, needReset              bool
	roles                          []int64 // sorted
	language                       string  // "": the default
	profile                        int     // 0: the default
}

func (m *model) userView(u *user) object {
	return object{
		"id": u.id, "name": u.name, "surname": u.surname, "email": u.email, "provider": "tenable",
		"identifier": u.email, "department": u.department, "biography": u.biography, "active": u.active,
		"picture": u.picture, "lockedOut": m.lockedOut(u), "eulaVersion": -1, "roles": u.roles,
	}
}

// sameAddress reports whether two e-mail addresses are equal, ignoring case. strings.EqualFold is enough, because the
// test's addresses are ASCII.
func sameAddress(a, b string) bool { return strings.EqualFold(a, b) }

func wellFormed(address string) bool { return strings.Count(address, "@") == 1 }

func blank(text string) bool { return strings.TrimSpace(text) == "" }

func (m *model) byAddress(address string) *user {
	for _, u := range m.users {
		if sameAddress(u.email, address) {
			return u
		}
	}
	return nil
}

// taken reports whether a user other than ignored has the e-mail address. ignored may be nil.
func (m *model) taken(address string, ignored *user) bool {
	u := m.byAddress(address)
	return u != nil && u != ignored
}

// isLastAdministrator reports whether u is the only administrator who can sign in.
func (m *model) isLastAdministrator(u *user) bool {
	administers := func(u *user) bool {
		return u.active && u.password != "" &&
			slices.Contains(u.roles, administratorRole)
	}
	for _, other := range m.users {
		if other != u && administers(other) {
			return false
		}
	}
	return administers(u)
}

const (
	adminEmail       = "admin@example.org"
	malformedAddress = "no-at-sign"
)

// The values to draw. There are only a few, so that different steps often draw the same value.
var (
	addresses = []string{
		"ann@example.org", "Ann@Example.org", "bob@example.org", "cy@example.org", "dee@example.org", adminEmail,
	}
	names     = []string{"Ann", "Bob", "Cy", " "}
	passwords = []string{"Correct-Horse-1", "Correct-Horse-2", "Correct-Horse-3"}
	texts     = []any{nil, "", "Engines"}
	pictures  = []any{nil, []int{}, []int{0, 255}}
)

// weak is a password that obeys the schema in the contract but is too weak for the server.
const weak = "correct-horse-battery"

// rarely draws a Boolean that is true with a probability of about 1/oneIn.
func rarely(t *rapid.T, label string, oneIn int) bool {
	return rapid.IntRange(1, oneIn).Draw(t, label) == oneIn
}

func drawAddress(t *rapid.T) string {
	if rarely(t, "malformed address", 20) {
		return malformedAddress
	}
	return rapid.SampledFrom(addresses).Draw(t, "address")
}

func drawNewPassword(t *rapid.T) string {
	if rarely(t, "weak password", 20) {
		return weak
	}
	return rapid.SampledFrom(passwords).Draw(t, "password")
}

// drawUser draws the id of a user. Most of the ids exist.
func (m *machine) drawUser(t *rapid.T) int64 {
	if rarely(t, "any user", 10) {
		return rapid.Int64Range(1, 30).Draw(t, "user")
	}
	return rapid.SampledFrom(newest(m.model.users)).Draw(t, "user")
}

func (m *machine) getUser(t *rapid.T) {
	id := m.drawUser(t)
	m.call(t, "GET", pathOf("users/%d", id), nil, func(p *principal, _ answer) *expected {
		if refusal := p.authorize("user", "read", id); refusal != nil {
			return refusal
		}
		if p.users[id] == nil {
			return notFound()
		}
		return ok(p.userView(p.users[id]))
	})
}

func (m *machine) whoami(t *rapid.T) { m.call(t, "GET", "/api/users/whoami", nil, (*principal).whoami) }

// whoami returns the expected answer to GET /api/users/whoami: the caller, with the name and the permissions of each
// role.
func (p *principal) whoami(answer) *expected {
	view := p.userView(p.user)
	var roles []*role
	for _, id := range p.user.roles {
		roles = append(roles, p.roles[id])
	}
	view["roles"], view["internal"] = views(roles), false
	return ok(view)
}

// drawProfile draws values for some profile fields of a user.
func drawProfile(t *rapid.T) object {
	profile := object{}
	if rarely(t, "a name", 3) {
		profile["name"] = rapid.SampledFrom(names).Draw(t, "name")
	}
	for _, field := range words("surname department biography") {
		if rarely(t, "a "+field, 4) {
			profile[field] = rapid.SampledFrom(texts).Draw(t, field)
		}
	}
	if rarely(t, "a picture", 6) {
		profile["picture"] = rapid.SampledFrom(pictures).Draw(t, "picture")
	}
	return profile
}

// setProfile sets those profile fields of the user that fields contains.
func (u *user) setProfile(fields object) {
	for field, to := range map[string]*any{"surname": &u.surname, "department": &u.department, "biography": &u.biography} {
		if value, given := fields[field]; given {
			*to = value
		}
	}
	if name, given := fields["name"]; given {
		u.name = name.(string)
	}
	if picture, given := fields["picture"]; given {
		u.picture = picture
		if bytes, _ := picture.([]int); len(bytes) == 0 { // an empty list removes the picture
			u.picture = nil
		}
	}
}

func (m *machine) createUsers(t *rapid.T) {
	list := rapid.SliceOfN(rapid.Custom(drawNewUser), 1, 3).Draw(t, "users")
	m.call(t, "POST", "/api/users", list, func(p *principal, got answer) *expected { return p.createUsers(list, got) })
}

func (p *principal) createUsers(list []object, got answer) *expected {
	if refusal := p.checkNewUsers(list); refusal != nil {
		return refusal
	}
	added := []object{}
	for i, fields := range list {
		u := &user{
			id: p.uniqueID("user", got.id(i, "id")), email: fields["email"].(string), password: fields["password"].(string),
			active: fields["active"] == true, roles: p.defaultRoles(),
		}
		u.setProfile(fields)
		p.users[u.id] = u
		p.record("user.create", "user", u.id, u.email)
		added = append(added, p.userView(u))
	}
	return created(added)
}

func drawNewUser(t *rapid.T) object {
	u := drawProfile(t)
	// Null clears a field, and a new user has no fields to clear.
	maps.DeleteFunc(u, func(_ string, value any) bool { return value == nil })
	if u["name"] == nil {
		u["name"] = "Dee"
	}
	u["email"], u["password"] = drawAddress(t), drawNewPassword(t)
	if !rarely(t, "inactive", 5) {
		u["active"] = true
	}
	return u
}

// checkNewUsers returns nil, or the expected error of a request to create users. One invalid user makes the whole
// request invalid.
func (p *principal) checkNewUsers(list []object) *expected {
	if refusal := p.authorize("user", "create", allObjects); refusal != nil {
		return refusal
	}
	var faults, taken []string
	for i, u := range list {
		at := func(field string) string { return fmt.Sprintf("/%d/%s", i, field) }
		if blank(u["name"].(string)) {
			faults = append(faults, at("name"))
		}
		if u["password"] == weak {
			faults = append(faults, at("password"))
		}
		address := u["email"].(string)
		duplicate := slices.ContainsFunc(list[:i],
			func(before object) bool { return sameAddress(before["email"].(string), address) })
		if !wellFormed(address) || duplicate {
			faults = append(faults, at("email"))
		}
		if p.taken(address, nil) {
			taken = append(taken, at("email"))
		}
	}
	switch {
	case len(faults) > 0:
		return invalid(faults...)
	case len(taken) > 0:
		return conflict("EMAIL_TAKEN", taken...)
	}
	return nil
}

func (m *machine) deleteUser(t *rapid.T) {
	id := m.drawUser(t)
	m.call(t, "DELETE", pathOf("users/%d", id), nil, func(p *principal, _ answer) *expected {
		if refusal := p.authorize("user", "delete", id); refusal != nil {
			return refusal
		}
		u := p.users[id]
		if u == nil {
			return notFound()
		}
		if refusal := p.covers(p.permissionsOf(u.roles)); refusal != nil {
			return refusal
		}
		if p.isLastAdministrator(u) {
			return conflict("LAST_ADMINISTRATOR")
		}
		p.record("user.delete", "user", u.id, u.email)
		p.removeUser(u)
		return noContent()
	})
}

// removeUser removes a user and all data that belongs to the user, such as sessions and keys.
func (m *model) removeUser(u *user) {
	delete(m.users, u.id)
	m.unlock(u)
	m.endRecoveries(u.id)
	m.endSessions(u.id, nil)
	m.endKeys(u.id)
	maps.DeleteFunc(m.known, func(o userNetwork, _ time.Time) bool { return o.user == u.id })
	m.outbox = slices.DeleteFunc(m.outbox, func(o *message) bool { return o.user == u.id })
	m.removeFromPermissions(u.id, "user", "api-key", "session", "activity-log")
}

func (m *machine) setUserRoles(t *rapid.T) {
	id := m.drawUser(t)
	requested := rapid.SliceOfN(rapid.Custom(m.drawRole), 1, 3).Draw(t, "roles")
	m.call(t, "PUT", pathOf("users/%d/roles", id), object{"roles": requested}, func(p *principal, _ answer) *expected {
		return p.setUserRoles(id, requested)
	})
}

func (p *principal) setUserRoles(id int64, requested []int64) *expected {
	if refusal := p.authorize("user", "edit-access", id); refusal != nil {
		return refusal
	}
	u := p.users[id]
	if u == nil {
		return notFound()
	}
	if refusal := p.covers(p.permissionsOf(u.roles)); refusal != nil {
		return refusal
	}
	if refusal := p.authorize("role", "assign", anyObject); refusal != nil {
		return refusal
	}
	wanted := distinct(requested)
	changed := slices.Concat(without(wanted, u.roles), without(u.roles, wanted))
	var unknown []string
	for i, id := range requested {
		if slices.Contains(changed, id) && (p.roles[id] == nil || !p.can("role", "read", id)) {
			unknown = append(unknown, fmt.Sprintf("/roles/%d", i))
		}
	}
	if len(unknown) > 0 {
		return invalid(unknown...)
	}
	for _, id := range changed {
		if !p.can("role", "assign", id) {
			return forbidden()
		}
	}
	if refusal := p.covers(p.permissionsOf(changed)); refusal != nil {
		return refusal
	}
	if !slices.Contains(wanted, administratorRole) && p.isLastAdministrator(u) {
		return conflict("LAST_ADMINISTRATOR")
	}
	if len(changed) > 0 {
		u.roles = wanted
		p.releaseFromImports(id)
		p.record("user.roles", "user", u.id, u.email)
	}
	return ok(object{"roles": wanted})
}

// distinct returns the ids sorted and without duplicates.
func distinct(ids []int64) []int64 { return slices.Compact(slices.Sorted(slices.Values(ids))) }

// without returns the ids that are not in others.
func without(ids, others []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return slices.Contains(others, id) })
}
