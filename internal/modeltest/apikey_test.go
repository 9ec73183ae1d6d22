package modeltest_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// endKeys ends those of a user.
func (m *model) endKeys(user int64) {
	for _, c := range m.credentials {
		if c.user == user && c.kind != session {
			c.ended = true
		}
	}
}

// contractKey is the one key of a user that he can read again, or nil.
func (m *model) contractKey(u *user) *credential {
	for _, c := range m.credentials {
		if c.user == u.id && c.kind == contract && !c.ended {
			return c
		}
	}
	return nil
}

func (m *machine) readContractKey(t *rapid.T) {
	m.call(t, "GET", "/api/api-key", nil, func(p *principal, _ answer) *expected {
		if no := p.mayOwn("api-key", "read"); no != nil {
			return no
		}
		key := p.contractKey(p.user)
		if key == nil {
			return &expected{status: 404, code: "NO_API_KEY"}
		}
		p.note("api-key.read", "api-key", key.id, p.user.email)
		return ok(object{"key": key.text})
	})
}

func (m *machine) renewContractKey(t *rapid.T) {
	m.call(t, "POST", "/api/api-key", nil, func(p *principal, got answer) *expected {
		if no := p.mayOwn("api-key", "create"); no != nil {
			return no
		}
		if old := p.contractKey(p.user); old != nil {
			old.ended = true
			p.note("api-key.end", "api-key", old.id, p.user.email)
		}
		key := p.newCredential(contract, p.user, got.string("key"))
		if key.text != "" {
			key.id = p.fresh("key", m.keyID(t, key.text))
		}
		p.tellOfKey(key, m.newestMail(t))
		return ok(object{"key": key.text})
	})
}

// tellOfKey mails to the caller that there is a new key of his, five times an hour
// at most.
func (p *principal) tellOfKey(key *credential, mail int64) {
	p.note("api-key.create", "api-key", key.id, p.user.email)
	if p.sentIn(time.Hour, "new-api-key", p.user) >= 5 {
		return
	}
	p.outbox = append(p.outbox, &message{
		id: p.fresh("message", mail), kind: "new-api-key", state: "ready", user: p.user.id, recipient: p.user.email,
		created: p.now, next: p.now, expires: p.now.Add(3 * day),
	})
}

func (m *machine) listKeys(t *rapid.T) {
	of, query := m.drawOwner(t)
	m.call(t, "GET", "/api/keys"+query, nil, func(p *principal, _ answer) *expected { return p.listKeys(of) })
}

func (p *principal) listKeys(of int64) *expected {
	of = p.orSelf(of)
	if no := p.may("api-key", "read", of); no != nil {
		return no
	}
	if p.users[of] == nil {
		return notFound()
	}
	list := []object{}
	for _, c := range p.credentials {
		if c.user == of && c.kind != session && !c.ended {
			list = append(list, c.keyView())
		}
	}
	return ok(list)
}

func (c *credential) keyView() object {
	view := object{
		"id": c.id, "userId": c.user, "kind": "contract", "name": c.keyName, "hint": c.text[max(len(c.text)-4, 0):], "permissions": nil,
		"createdAt": c.created, "expiresAt": nil, "lastUsedAt": nil,
	}
	if c.kind == named {
		view["kind"] = "named"
	}
	if c.narrow != nil {
		view["permissions"] = views(c.narrow.permissions)
	}
	if !c.expires.IsZero() {
		view["expiresAt"] = c.expires
	}
	if !c.lastUsed.IsZero() {
		view["lastUsedAt"] = c.lastUsed
	}
	return view
}

func (m *machine) createKey(t *rapid.T) {
	fields := object{"name": rapid.SampledFrom([]string{"nightly", "deploy", " "}).Draw(t, "name")}
	if rapid.Bool().Draw(t, "an end") {
		fields["expiresInDays"] = rapid.SampledFrom([]int{1, 30, 3650}).Draw(t, "days")
	}
	if rarely(t, "read only", 3) {
		fields["readOnly"] = rapid.Bool().Draw(t, "readOnly")
	}
	var drafts []draft
	if rapid.Bool().Draw(t, "narrowed") {
		drafts = m.drawDrafts(t)
		fields["permissions"] = views(drafts)
	}
	m.call(t, "POST", "/api/keys", fields, func(p *principal, got answer) *expected {
		narrow, no := p.mayCreateKey(fields, drafts)
		if no != nil {
			return no
		}
		key := p.newCredential(named, p.user, got.string("key"))
		key.id, key.keyName, key.narrow = p.fresh("key", got.id("details", "id")), fields["name"].(string), narrow
		days, given := fields["expiresInDays"].(int)
		if !given {
			days = 90
		}
		key.expires = p.now.AddDate(0, 0, days)
		p.tellOfKey(key, m.newestMail(t))
		return created(object{"key": key.text, "details": key.keyView()})
	})
}

// mayCreateKey returns what narrows a new key, or how it is refused.
func (p *principal) mayCreateKey(fields object, drafts []draft) (*set, *expected) {
	if no := p.mayOwn("api-key", "create"); no != nil {
		return nil, no
	}
	var faults []string
	if blank(fields["name"].(string)) {
		faults = append(faults, "/name")
	}
	readOnly := fields["readOnly"] == true
	if readOnly && drafts != nil {
		faults = append(faults, "/permissions")
	}
	if len(faults) > 0 {
		return nil, invalid(faults...)
	}
	if readOnly {
		return &set{permissions: slices.DeleteFunc(everything(), func(p permission) bool { return p.action != "read" })}, nil
	}
	if drafts == nil {
		return nil, nil
	}
	permissions, no := read(drafts, "/permissions")
	if no != nil {
		return nil, no
	}
	for i, d := range drafts {
		if !knownAction(d.entity, d.action) {
			faults = append(faults, fmt.Sprintf("/permissions/%d", i))
		}
	}
	if len(faults) > 0 {
		return nil, invalid(faults...)
	}
	named := 0
	for _, c := range p.credentials {
		if c.user == p.user.id && c.keyName != "" && p.live(c) {
			named++
		}
	}
	if named >= 50 {
		return nil, conflict("TOO_MANY_KEYS")
	}
	return &set{permissions: permissions}, nil
}

func (m *machine) endKey(t *rapid.T) {
	id := m.drawCredentialID(t, contract, named)
	m.call(t, "DELETE", pathOf("keys/%d", id), nil, func(p *principal, _ answer) *expected {
		return p.endOne(id, contract, named)
	})
}
