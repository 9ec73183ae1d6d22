package modeltest_test

import "slices"

// permission allows an action on objects of an entity, such as users: on all objects, on those that ids lists, or on
// the caller's own.
type permission struct {
	entity, action string
	self           bool    // for the caller's own objects
	ids            []int64 // nil: not limited to ids
}

func (p permission) all() bool { return !p.self && p.ids == nil }

func (p permission) view() object {
	view := object{"entityName": p.entity, "action": p.action, "entityIds": nil, "dynamicId": nil}
	if p.self {
		view["dynamicId"] = "self-user-id"
	}
	if p.ids != nil {
		view["entityIds"] = p.ids
	}
	return view
}

// vocabulary lists all permissions that the server knows. The administrator role shows its permissions in the same
// order.
var vocabulary = []struct {
	entity  string
	actions []string
	self    []string // the actions that can be limited to the caller's own objects
	listed  []string // the actions that can be limited to ids
}{
	{"user", words("read create edit edit-access delete"), words("read edit"), words("read edit edit-access delete")},
	{"role", words("read create edit delete assign"), nil, words("read edit delete assign")},
	{"api-key", words("read create delete"), words("read create delete"), words("read delete")},
	{"session", words("read delete"), words("read delete"), words("read delete")},
	{"activity-log", words("read"), words("read"), words("read")},
	{"mail", words("read edit"), nil, nil},
	{"lockout-policy", words("read edit"), nil, nil},
	{"application-settings", words("read edit"), nil, nil},
	{"ldap-configuration", words("read edit"), nil, nil},
	{"saml-configuration", words("read edit"), nil, nil},
}

// knownAction reports whether the vocabulary has the action on the entity.
func knownAction(entity, action string) bool {
	for _, v := range vocabulary {
		if v.entity == entity {
			return slices.Contains(v.actions, action)
		}
	}
	return false
}

// allPermissions returns the permissions of an administrator.
func allPermissions() (all []permission) {
	for _, v := range vocabulary {
		for _, action := range v.actions {
			all = append(all, permission{entity: v.entity, action: action})
		}
	}
	return all
}

// permissionSet is the union of permissions, for example of all roles of a user. An administrator has all permissions.
type permissionSet struct {
	administrator bool
	permissions   []permission
}

// idSet is a set of object ids: all ids, or those that ids lists.
type idSet struct {
	all bool
	ids []int64
}

func (r idSet) empty() bool            { return !r.all && len(r.ids) == 0 }
func (r idSet) contains(id int64) bool { return r.all || slices.Contains(r.ids, id) }
func (r idSet) intersect(other idSet) idSet {
	if r.all {
		return other
	}
	if other.all {
		return r
	}
	return idSet{ids: slices.DeleteFunc(slices.Clone(r.ids), func(id int64) bool { return !other.contains(id) })}
}

// allowedIDs returns the ids of the objects of an entity on which the permissions allow an action. self is the user id
// of the caller.
func (s permissionSet) allowedIDs(entity, action string, self int64) idSet {
	if !knownAction(entity, action) {
		return idSet{}
	}
	r := idSet{all: s.administrator}
	for _, p := range s.permissions {
		if p.entity != entity || p.action != action {
			continue
		}
		switch {
		case p.self:
			r.ids = append(r.ids, self)
		case p.all():
			r.all = true
		default:
			r.ids = append(r.ids, p.ids...)
		}
	}
	return r
}

// principal is the caller of a request with the permissions of the credential.
type principal struct {
	*model
	user       *user
	credential *credential
	network    string
	own        permissionSet
	narrow     *permissionSet // limits own if the credential is a narrowed key; nil: no limit
}

// anyObject and allObjects are ids for authorize. They stand for at least one object of an entity, and for all its
// objects.
const (
	anyObject  int64 = -1
	allObjects int64 = 0
)

func (p *principal) allowedIDs(entity, action string) idSet {
	r := p.own.allowedIDs(entity, action, p.user.id)
	if p.narrow != nil {
		r = r.intersect(p.narrow.allowedIDs(entity, action, p.user.id))
	}
	return r
}

// authorize returns nil, or the expected error if the caller may not take an action on the object with the id. A caller
// without the permission on any object gets 403. A caller with the permission on other objects gets 404 if they may not
// read this object.
func (p *principal) authorize(entity, action string, id int64) *expected {
	if p.user.needReset {
		return refused("PASSWORD_CHANGE_REQUIRED")
	}
	if p.credential.kind == named && (entity == "api-key" || entity == "session") {
		return forbidden()
	}
	r := p.allowedIDs(entity, action)
	switch {
	case r.empty(), id == allObjects && !r.all:
		return forbidden()
	case id == anyObject, r.contains(id):
		return nil
	case p.allowedIDs(entity, "read").contains(id):
		return forbidden()
	}
	return notFound()
}

// authorizeOwn is authorize for the caller's own objects. It always refuses with 403: a 404 would hide nothing,
// because the caller knows that their own objects exist.
func (p *principal) authorizeOwn(entity, action string) *expected {
	refusal := p.authorize(entity, action, p.user.id)
	if refusal != nil && refusal.code == "NOT_FOUND" {
		return forbidden()
	}
	return refusal
}

func (p *principal) can(entity, action string, id int64) bool {
	return p.authorize(entity, action, id) == nil
}

// administrator reports whether the caller has all permissions.
func (p *principal) administrator() bool { return p.own.administrator && p.narrow == nil }

// mayConfigure reports whether the caller may change settings that decide where mail and links are sent. With these
// settings, an attacker could receive recovery tokens of other users. So a named key, which may leak, is not enough.
func (p *principal) mayConfigure() bool { return p.administrator() && p.credential.kind != named }

// covers returns nil if the caller has all permissions in s, else the expected error. A caller may not grant or revoke
// a permission that they don't have.
func (p *principal) covers(s permissionSet) *expected {
	if p.administrator() {
		return nil
	}
	if s.administrator {
		return forbidden()
	}
	for _, wanted := range s.permissions {
		if !p.coversOne(wanted) {
			return forbidden()
		}
	}
	return nil
}

func (p *principal) coversOne(b permission) bool {
	own, key := p.own.grantOf(b), grant{all: true}
	if p.narrow != nil {
		key = p.narrow.grantOf(b)
	}
	switch {
	case b.all():
		return own.all && key.all
	case b.self: // a list of ids with the caller's id includes the caller's own objects
		return own.all && (key.all || key.self) || own.self && (key.all || key.self || slices.Contains(key.ids, p.user.id))
	}
	return !slices.ContainsFunc(b.ids, func(id int64) bool {
		listed := key.all || slices.Contains(key.ids, id)
		return !(own.all && listed || slices.Contains(own.ids, id) && (listed || key.self && id == p.user.id))
	})
}

// grant says on which objects of an entity a permissionSet allows one action: all, the caller's own, or those that ids
// lists.
type grant struct {
	all, self bool
	ids       []int64
}

func (s permissionSet) grantOf(b permission) grant {
	h := grant{all: s.administrator}
	for _, p := range s.permissions {
		if p.entity == b.entity && p.action == b.action {
			h.all, h.self, h.ids = h.all || p.all(), h.self || p.self, append(h.ids, p.ids...)
		}
	}
	return h
}
