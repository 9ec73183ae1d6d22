package modeltest_test

import "slices"

// permission lets its holder do an action with things of a kind: all of them, those
// of the ids, or his own.
type permission struct {
	entity, action string
	self           bool
	ids            []int64 // nil, unless it is for these alone
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

// vocabulary is every permission that means something, in the order in which an
// administrator is shown to hold them.
var vocabulary = []struct {
	entity  string
	actions []string
	self    []string // the actions that can be limited to one's own
	listed  []string // the actions that can be limited to some
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

// knownAction reports whether a permission of these names means anything.
func knownAction(entity, action string) bool {
	for _, v := range vocabulary {
		if v.entity == entity {
			return slices.Contains(v.actions, action)
		}
	}
	return false
}

// everything is what an administrator holds.
func everything() (all []permission) {
	for _, v := range vocabulary {
		for _, action := range v.actions {
			all = append(all, permission{entity: v.entity, action: action})
		}
	}
	return all
}

// set is permissions that are held together.
type set struct {
	administrator bool
	permissions   []permission
}

// reach is the things that an action may be done with.
type reach struct {
	all bool
	ids []int64
}

func (r reach) none() bool        { return !r.all && len(r.ids) == 0 }
func (r reach) has(id int64) bool { return r.all || slices.Contains(r.ids, id) }
func (r reach) only(other reach) reach {
	if r.all {
		return other
	}
	if other.all {
		return r
	}
	return reach{ids: slices.DeleteFunc(slices.Clone(r.ids), func(id int64) bool { return !other.has(id) })}
}

// reach says how far the holder, whose user id is self, gets with an action.
func (s set) reach(entity, action string, self int64) reach {
	if !knownAction(entity, action) {
		return reach{}
	}
	r := reach{all: s.administrator}
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

// principal is who calls, and what he may do by this credential.
type principal struct {
	*model
	user   *user
	by     *credential
	source string
	own    set
	key    *set // what narrows the credential; nil: nothing
}

// What may asks for beside one thing.
const (
	anyOne int64 = -1
	allOf  int64 = 0
)

func (p *principal) reach(entity, action string) reach {
	r := p.own.reach(entity, action, p.user.id)
	if p.key != nil {
		r = r.only(p.key.reach(entity, action, p.user.id))
	}
	return r
}

// may returns nil, or how an action is refused. Who may not do it at all is told
// so, whatever the thing; who may do it with others is not told of a thing that he
// cannot see.
func (p *principal) may(entity, action string, id int64) *expected {
	if p.user.needReset {
		return refused("PASSWORD_CHANGE_REQUIRED")
	}
	if p.by.kind == named && (entity == "api-key" || entity == "session") {
		return forbidden()
	}
	r := p.reach(entity, action)
	switch {
	case r.none(), id == allOf && !r.all:
		return forbidden()
	case id == anyOne, r.has(id):
		return nil
	case p.reach(entity, "read").has(id):
		return forbidden()
	}
	return notFound()
}

// mayOwn is may for what is his own, which he cannot but see.
func (p *principal) mayOwn(entity, action string) *expected {
	no := p.may(entity, action, p.user.id)
	if no != nil && no.code == "NOT_FOUND" {
		return forbidden()
	}
	return no
}

func (p *principal) can(entity, action string, id int64) bool {
	return p.may(entity, action, id) == nil
}

// administrator reports whether he holds everything.
func (p *principal) administrator() bool { return p.own.administrator && p.key == nil }

// administers reports whether he may say where mail and links go: who does could take
// over whoever follows them, so a named key, which may leak, does not let him.
func (p *principal) administers() bool { return p.administrator() && p.by.kind != named }

// covers returns nil if he has all of the permissions himself, else how he is
// refused: nobody gives or takes what he has not.
func (p *principal) covers(b set) *expected {
	if p.administrator() {
		return nil
	}
	if b.administrator {
		return forbidden()
	}
	for _, wanted := range b.permissions {
		if !p.coversOne(wanted) {
			return forbidden()
		}
	}
	return nil
}

func (p *principal) coversOne(b permission) bool {
	own, key := p.own.holding(b), holding{all: true}
	if p.key != nil {
		key = p.key.holding(b)
	}
	switch {
	case b.all():
		return own.all && key.all
	case b.self: // in a key, one's own id in a list is oneself
		return own.all && (key.all || key.self) || own.self && (key.all || key.self || slices.Contains(key.ids, p.user.id))
	}
	return !slices.ContainsFunc(b.ids, func(id int64) bool {
		listed := key.all || slices.Contains(key.ids, id)
		return !(own.all && listed || slices.Contains(own.ids, id) && (listed || key.self && id == p.user.id))
	})
}

// holding is in which forms a set has the permission for an action.
type holding struct {
	all, self bool
	ids       []int64
}

func (s set) holding(b permission) holding {
	h := holding{all: s.administrator}
	for _, p := range s.permissions {
		if p.entity == b.entity && p.action == b.action {
			h.all, h.self, h.ids = h.all || p.all(), h.self || p.self, append(h.ids, p.ids...)
		}
	}
	return h
}
