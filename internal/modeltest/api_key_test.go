package modeltest_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// endKeys ends all API keys of a user.
func (m *model) endKeys(user int64) {
	for _, c := range m.credentials {
		if c.user == user && c.kind != session {
			c.ended = true
		}
	}
}

// contractKey returns the user's valid contract key, or nil. Unlike a named key, it can be read again.
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
		if refusal := p.authorizeOwn("api-key", "read"); refusal != nil {
			return refusal
		}
		key := p.contractKey(p.user)
		if key == nil {
			return &expected{status: 404, code: "NO_API_KEY"}
		}
		p.record("api-key.read", "api-key", key.id, p.user.email)
		return ok(object{"key": key.text})
	})
}

func (m *machine) renewContractKey(t *rapid.T) {
	m.call(t, "POST", "/api/api-key", nil, func(p *principal, got answer) *expected {
		if refusal := p.authorizeOwn("api-key", "create"); refusal != nil {
			return refusal
		}
		if old := p.contractKey(p.user); old != nil {
			old.ended = true
			p.record("api-key.end", "api-key", old.id, p.user.email)
		}
		key := p.newCredential(contract, p.user, got.string("key"))
		if key.text != "" {
			key.id = p.uniqueID("key", m.keyID(t, key.text))
		}
		p.announceKey(key, m.newestMail(t))
		return ok(object{"key": key.text})
	})
}

// announceKey records the creation of a key in the activity log and adds a mail message to the caller about the new
// key. A user gets at most five of these messages per hour.
func (p *principal) announceKey(key *credential, mail int64) {
	p.record("api-key.create", "api-key", key.id, p.user.email)
	p.notify("new-api-key", p.user.id, p.user.email, mail)
}

// notify adds a notice to the outbox. A user gets at most five of each kind per hour. mail is the id of the server's
// newest message.
func (m *model) notify(kind string, user int64, address string, mail int64) {
	if m.sentWithin(time.Hour, kind, m.users[user]) >= 5 {
		return
	}
	m.outbox = append(m.outbox, &message{
		id: m.uniqueID("message", mail), kind: kind, state: "ready", user: user, recipient: address,
		created: m.now, next: m.now, expires: m.now.Add(3 * day),
	})
}

func (m *machine) revokeKeys(t *rapid.T) {
	owner, query := m.drawOwner(t)
	m.call(t, "DELETE", "/api/keys"+query, nil, func(p *principal, _ answer) *expected { return p.revokeKeys(p.orSelf(owner)) })
}

func (p *principal) revokeKeys(owner int64) *expected {
	if refusal := p.authorizeEnd("api-key", owner); refusal != nil {
		return refusal
	}
	for _, c := range p.credentials {
		if c.user == owner && c.kind != session && !c.ended {
			p.record("api-key.end", "api-key", 0, p.users[owner].email)
			break
		}
	}
	p.endKeys(owner)
	return noContent()
}

func (m *machine) listKeys(t *rapid.T) {
	owner, query := m.drawOwner(t)
	m.call(t, "GET", "/api/keys"+query, nil, func(p *principal, _ answer) *expected { return p.listKeys(owner) })
}

func (p *principal) listKeys(owner int64) *expected {
	owner = p.orSelf(owner)
	if refusal := p.authorize("api-key", "read", owner); refusal != nil {
		return refusal
	}
	if p.users[owner] == nil {
		return notFound()
	}
	list := []object{}
	for _, c := range p.credentials {
		if c.user == owner && c.kind != session && !c.ended {
			list = append(list, c.keyView())
		}
	}
	return ok(list)
}

func (c *credential) keyView() object {
	view := object{
		"id": c.id, "userId": c.user, "kind": "contract", "name": c.keyName, "hint": c.text[max(len(c.text)-4, 0):],
		"permissions": nil, "createdAt": c.created, "expiresAt": nil, "lastUsedAt": nil,
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
	if rapid.Bool().Draw(t, "an expiry") {
		fields["expiresInDays"] = rapid.SampledFrom([]int{1, 30, 3650}).Draw(t, "days")
	}
	if rarely(t, "read only", 3) {
		fields["readOnly"] = rapid.Bool().Draw(t, "readOnly")
	}
	var requests []permissionRequest
	if rapid.Bool().Draw(t, "narrowed") {
		requests = m.drawPermissionRequests(t)
		fields["permissions"] = views(requests)
	}
	m.call(t, "POST", "/api/keys", fields, func(p *principal, got answer) *expected {
		narrow, refusal := p.checkNewKey(fields, requests)
		if refusal != nil {
			return refusal
		}
		key := p.newCredential(named, p.user, got.string("key"))
		key.id = p.uniqueID("key", got.id("details", "id"))
		key.keyName, key.narrow = fields["name"].(string), narrow
		days, given := fields["expiresInDays"].(int)
		if !given {
			days = 90
		}
		key.expires = p.now.AddDate(0, 0, days)
		p.announceKey(key, m.newestMail(t))
		return created(object{"key": key.text, "details": key.keyView()})
	})
}

// checkNewKey returns the permissions to which a new key is limited, or the expected error of the request. Nil
// permissions mean that the key has all permissions of its owner.
func (p *principal) checkNewKey(fields object, requests []permissionRequest) (*permissionSet, *expected) {
	if refusal := p.authorizeOwn("api-key", "create"); refusal != nil {
		return nil, refusal
	}
	var faults []string
	if blank(fields["name"].(string)) {
		faults = append(faults, "/name")
	}
	readOnly := fields["readOnly"] == true
	if readOnly && requests != nil {
		faults = append(faults, "/permissions")
	}
	if len(faults) > 0 {
		return nil, invalid(faults...)
	}
	if readOnly {
		reads := slices.DeleteFunc(allPermissions(), func(p permission) bool { return p.action != "read" })
		return &permissionSet{permissions: reads}, nil
	}
	if requests == nil {
		return nil, nil
	}
	permissions, refusal := parsePermissions(requests, "/permissions")
	if refusal != nil {
		return nil, refusal
	}
	for i, d := range requests {
		if !knownAction(d.entity, d.action) {
			faults = append(faults, fmt.Sprintf("/permissions/%d", i))
		}
	}
	if len(faults) > 0 {
		return nil, invalid(faults...)
	}
	keys := 0
	for _, c := range p.credentials {
		if c.user == p.user.id && c.keyName != "" && p.live(c) {
			keys++
		}
	}
	if keys >= 50 {
		return nil, conflict("TOO_MANY_KEYS")
	}
	return &permissionSet{permissions: permissions}, nil
}

func (m *machine) endKey(t *rapid.T) {
	id := m.drawCredentialID(t, contract, named)
	m.call(t, "DELETE", pathOf("keys/%d", id), nil, func(p *principal, _ answer) *expected {
		return p.endOne(id, contract, named)
	})
}
