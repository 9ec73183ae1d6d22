package modeltest_test

import (
	"fmt"
	"slices"
	"strconv"

	"pgregory.net/rapid"
)

// permissionRequest is a permission in the body of a request.
type permissionRequest struct {
	entity, action string
	self           bool
	ids            []int64 // nil: all objects
	asDigits       bool    // the ids are sent as strings of digits
}

func (d permissionRequest) view() object {
	view := object{"entityName": d.entity, "action": d.action}
	if d.self {
		view["dynamicId"] = "self-user-id"
	}
	if d.ids != nil {
		ids := []any{}
		for _, id := range d.ids {
			if d.asDigits {
				ids = append(ids, strconv.FormatInt(id, 10))
			} else {
				ids = append(ids, id)
			}
		}
		view["entityIds"] = ids
	}
	return view
}

// drawPermissionRequests draws permissions for a role or a key. A permission such as edit also requires the permission
// to read the same objects. Most drawn lists include the required permissions.
func (m *machine) drawPermissionRequests(t *rapid.T) []permissionRequest {
	var requests []permissionRequest
	for range rapid.IntRange(1, 4).Draw(t, "permissions") {
		v := rapid.SampledFrom(vocabulary[:min(len(vocabulary), 7)]).Draw(t, "entity")
		d := permissionRequest{entity: v.entity, action: rapid.SampledFrom(v.actions).Draw(t, "action")}
		switch rapid.IntRange(0, 9).Draw(t, "scope") {
		case 5, 6:
			draw := m.drawUser
			if d.entity == "role" {
				draw = m.drawRole
			}
			d.ids = rapid.SliceOfN(rapid.Custom(draw), 1, 3).Draw(t, "ids")
			d.asDigits = rapid.Bool().Draw(t, "digits")
		case 7, 8:
			d.self = true
		case 9:
			d.self, d.ids = rapid.Bool().Draw(t, "self too"), []int64{}
		}
		if rarely(t, "unknown entity", 12) {
			d.entity = "dashboard"
		}
		if !slices.Contains(words("read create"), d.action) && !rarely(t, "without read", 6) {
			requests = append(requests, permissionRequest{entity: d.entity, action: "read", self: d.self, ids: d.ids})
		}
		requests = append(requests, d)
	}
	return requests
}

// parsePermissions converts permission requests to permissions without duplicates, or returns the expected error. path
// is the JSON pointer to the list of permission requests in the body.
func parsePermissions(requests []permissionRequest, path string) ([]permission, *expected) {
	var faults, withoutRead []string
	var requested []permission
	for i, d := range requests {
		if field := d.invalidField(); field != "" {
			faults = append(faults, fmt.Sprintf("%s/%d/%s", path, i, field))
		}
		requested = append(requested, permission{entity: d.entity, action: d.action, self: d.self, ids: d.listedIDs()})
	}
	if len(faults) > 0 {
		return nil, invalid(faults...)
	}
	for i, p := range requested {
		read := permissionSet{permissions: requested}.grantOf(permission{entity: p.entity, action: "read"})
		if p.needsRead() && !read.covers(p) {
			withoutRead = append(withoutRead, fmt.Sprintf("%s/%d/action", path, i))
		}
	}
	if len(withoutRead) > 0 {
		return nil, &expected{status: 400, code: "PERMISSION_NEEDS_READ", paths: withoutRead}
	}
	return mergePermissions(requested), nil
}

// listedIDs returns the ids to which the requested permission is limited. It returns nil if the permission is for all
// objects or for the caller's own.
func (d permissionRequest) listedIDs() []int64 {
	if d.self || d.ids == nil {
		return nil
	}
	return distinct(d.ids)
}

// invalidField returns the invalid field of the request, or "".
func (d permissionRequest) invalidField() string {
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
	if d.ids != nil && (d.self == (len(d.ids) > 0)) { // it has both self and ids, or an empty list of ids
		return "entityIds"
	}
	return ""
}

// needsRead reports whether a role with this permission must also have the permission to read the same objects.
func (p permission) needsRead() bool {
	return knownAction(p.entity, p.action) && slices.Contains(words("edit edit-access delete assign"), p.action)
}

// covers reports whether the grant includes all objects to which p applies.
func (h grant) covers(p permission) bool {
	switch {
	case h.all || p.all():
		return h.all
	case p.self:
		return h.self
	}
	return len(without(p.ids, h.ids)) == 0
}

// mergePermissions merges permissions with the same entity, action and kind of scope (all, own or ids). The merged
// permission takes the place of the first of them in the list.
func mergePermissions(requested []permission) []permission {
	merged := []permission{}
	for _, p := range requested {
		i := slices.IndexFunc(merged, func(q permission) bool {
			return p.entity == q.entity && p.action == q.action && p.self == q.self && (p.ids == nil) == (q.ids == nil)
		})
		if i < 0 {
			merged = append(merged, p)
		} else if p.ids != nil {
			merged[i].ids = distinct(slices.Concat(merged[i].ids, p.ids))
		}
	}
	return merged
}
