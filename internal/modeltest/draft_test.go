package modeltest_test

import (
	"fmt"
	"slices"
	"strconv"

	"pgregory.net/rapid"
)

// draft is a permission as somebody asks for it.
type draft struct {
	entity, action string
	self           bool
	ids            []int64 // nil: every one
	digits         bool    // the ids are written as digits
}

func (d draft) view() object {
	view := object{"entityName": d.entity, "action": d.action}
	if d.self {
		view["dynamicId"] = "self-user-id"
	}
	if d.ids != nil {
		ids := []any{}
		for _, id := range d.ids {
			if d.digits {
				ids = append(ids, strconv.FormatInt(id, 10))
			} else {
				ids = append(ids, id)
			}
		}
		view["entityIds"] = ids
	}
	return view
}

// drawDrafts draws what somebody may ask for a role or a key; mostly with what it
// needs.
func (m *machine) drawDrafts(t *rapid.T) []draft {
	var drafts []draft
	for range rapid.IntRange(1, 4).Draw(t, "permissions") {
		v := rapid.SampledFrom(vocabulary[:min(len(vocabulary), 7)]).Draw(t, "entity")
		d := draft{entity: v.entity, action: rapid.SampledFrom(v.actions).Draw(t, "action")}
		switch rapid.IntRange(0, 9).Draw(t, "scope") {
		case 5, 6:
			draw := m.drawUser
			if d.entity == "role" {
				draw = m.drawRole
			}
			d.ids = rapid.SliceOfN(rapid.Custom(draw), 1, 3).Draw(t, "ids")
			d.digits = rapid.Bool().Draw(t, "digits")
		case 7, 8:
			d.self = true
		case 9:
			d.self, d.ids = rapid.Bool().Draw(t, "self too"), []int64{}
		}
		if rarely(t, "a name of its own", 12) {
			d.entity = "dashboard"
		}
		if !slices.Contains(words("read create"), d.action) && !rarely(t, "without read", 6) {
			drafts = append(drafts, draft{entity: d.entity, action: "read", self: d.self, ids: d.ids})
		}
		drafts = append(drafts, d)
	}
	return drafts
}

// read makes permissions of drafts, each once, or says what is wrong with them. path
// is where they are in the request.
func read(drafts []draft, path string) ([]permission, *expected) {
	var faults, blind []string
	var asked []permission
	for i, d := range drafts {
		fault := d.fault()
		if fault != "" {
			faults = append(faults, fmt.Sprintf("%s/%d/%s", path, i, fault))
		}
		asked = append(asked, permission{d.entity, d.action, d.self, d.listed()})
	}
	if len(faults) > 0 {
		return nil, invalid(faults...)
	}
	for i, p := range asked {
		if p.needsRead() && !(set{permissions: asked}).holding(permission{entity: p.entity, action: "read"}).includes(p) {
			blind = append(blind, fmt.Sprintf("%s/%d/action", path, i))
		}
	}
	if len(blind) > 0 {
		return nil, &expected{status: 400, code: "PERMISSION_NEEDS_READ", paths: blind}
	}
	return fold(asked), nil
}

// listed are the ids that a draft is limited to; nil for no limit, or for another.
func (d draft) listed() []int64 {
	if d.self || d.ids == nil {
		return nil
	}
	return distinct(d.ids)
}

// fault is the field that makes a draft no permission, or "".
func (d draft) fault() string {
	known := knownAction(d.entity, d.action)
	for _, v := range vocabulary {
		if v.entity != d.entity || !known {
			continue
		}
		switch {
		case d.self && !slices.Contains(v.self, d.action) && len(d.ids) == 0:
			return "dynamicId"
		case !d.self && len(d.ids) > 0 && !slices.Contains(v.listed, d.action):
			return "entityIds"
		}
	}
	if d.ids != nil && (d.self == (len(d.ids) > 0)) { // both, or none
		return "entityIds"
	}
	return ""
}

// needsRead reports whether who does this must see what he does it to.
func (p permission) needsRead() bool {
	return knownAction(p.entity, p.action) && slices.Contains(words("edit edit-access delete assign"), p.action)
}

// includes reports whether a permission in these forms covers one.
func (h holding) includes(p permission) bool {
	switch {
	case h.all || p.all():
		return h.all
	case p.self:
		return h.self
	}
	return len(without(p.ids, h.ids)) == 0
}

// fold puts the permissions of the same entity, action and scope together, in the
// place of the first.
func fold(asked []permission) []permission {
	folded := []permission{}
	for _, p := range asked {
		i := slices.IndexFunc(folded, func(q permission) bool {
			return p.entity == q.entity && p.action == q.action && p.self == q.self && (p.ids == nil) == (q.ids == nil)
		})
		if i < 0 {
			folded = append(folded, p)
		} else if p.ids != nil {
			folded[i].ids = distinct(slices.Concat(folded[i].ids, p.ids))
		}
	}
	return folded
}
