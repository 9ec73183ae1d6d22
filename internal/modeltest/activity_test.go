package modeltest_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// entry is an entry of the activity log. The model doesn't predict the changed fields of an entry; it only requires at
// least one for an update of settings. The server seals entries in a background job, which this test never runs. The
// same job adds the entries for failed sign-ins, so the model has none.
type entry struct {
	at         time.Time
	actor      int64 // 0: no user
	actorName  string
	kind       kind // the kind of the credential
	credential int64
	network    string
	action     string
	target     string // the kind of the changed object, such as a user
	targetID   int64  // 0: there is only one object of this kind
	targetName string
}

// setUp is the entry for the creation of the first administrator.
var setUp = &entry{
	at: start, kind: "operator", action: "user.create", target: "user", targetID: 1, targetName: adminEmail,
}

// record adds an entry for an action of the caller, unless the activity log is switched off in the settings.
func (p *principal) record(action, target string, id int64, name string) {
	if p.keepsLog() {
		p.activity = append(p.activity, p.entry(action, target, id, name))
	}
}

// entry returns the entry for an action of the caller.
func (p *principal) entry(action, target string, id int64, name string) *entry {
	return &entry{p.now, p.user.id, p.user.email, p.credential.kind, p.credential.id, p.network, action, target, id, name}
}

func (e *entry) view() object {
	return object{
		"at": e.at, "actor": object{"id": idOrNull(e.actor), "name": e.actorName},
		"credential": object{"kind": e.kind, "id": idOrNull(e.credential)}, "source": e.network, "action": e.action,
		"target": object{"kind": e.target, "id": idOrNull(e.targetID), "name": e.targetName},
		"count":  1, "sealed": false,
	}
}

func idOrNull(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// activityFilter selects the entries that match all of its non-zero fields.
type activityFilter struct {
	actor, targetID int64
	action, target  string
	since           time.Time
}

func (f activityFilter) has(e *entry) bool {
	noun, all := strings.CutSuffix(f.action, "*")
	return (f.actor == 0 || e.actor == f.actor) && (f.targetID == 0 || e.targetID == f.targetID) &&
		(f.target == "" || e.target == f.target) && !e.at.Before(f.since) &&
		(f.action == "" || e.action == f.action || all && strings.HasPrefix(e.action, noun))
}

func (m *machine) drawActivityFilter(t *rapid.T) (f activityFilter, query url.Values) {
	query = url.Values{}
	if rarely(t, "an actor", 3) {
		f.actor = m.drawUser(t)
		query.Set("actor", fmt.Sprint(f.actor))
	}
	if rarely(t, "an action", 3) {
		actions := words("user.* user.create session.* role.permissions settings.update nothing.*")
		f.action = rapid.SampledFrom(actions).Draw(t, "action")
		query.Set("action", f.action)
	}
	if rarely(t, "a target", 3) {
		f.target, f.targetID = "user", m.drawUser(t)
		query.Set("targetKind", f.target)
		query.Set("targetId", fmt.Sprint(f.targetID))
	}
	if rarely(t, "a time", 3) {
		f.since = m.now.Add(-time.Minute)
		query.Set("from", f.since.Format(time.RFC3339))
	}
	return f, query
}

// readActivity returns the entries that match f and that the caller may read. Only callers who may read all entries can
// read an entry without an actor.
//
// If f has only the field since and the caller may read all entries, the entries are sorted by time. Otherwise they are
// sorted in the order in which they were added.
func (p *principal) readActivity(f activityFilter) (entries []*entry) {
	readable := p.allowedIDs("activity-log", "read")
	for _, e := range p.activity {
		if f.has(e) && (readable.all || e.actor != 0 && readable.contains(e.actor)) {
			entries = append(entries, e)
		}
	}
	if readable.all && f.byTime() {
		slices.SortStableFunc(entries, func(a, b *entry) int { return a.at.Compare(b.at) })
	}
	return entries
}

// byTime reports whether the filter has the field since and nothing else.
func (f activityFilter) byTime() bool {
	since := f.since
	f.since = time.Time{}
	return f == activityFilter{} && !since.IsZero()
}

// entryViews returns the expected JSON of entries. The model can't predict the fields id and changes, so entryViews
// takes them from got, the server's answer. The ids must be ascending if ascending is true, else descending. If byTime
// is true, only consecutive entries with the same time must have this order.
func (p *principal) entryViews(entries []*entry, got answer, byTime, ascending bool) []object {
	list := views(entries)
	last := int64(0)
	for i, view := range list {
		id := got.id(i, "id")
		if view["id"] = id; i > 0 && ascending != (id > last) && (!byTime || entries[i].at.Equal(entries[i-1].at)) {
			view["id"] = "out of order"
		}
		last = id
		view["changes"] = got.at(i, "changes")
		if settings := strings.HasPrefix(entries[i].action, "settings.update"); settings && got.at(i, "changes", 0) == nil {
			view["changes"] = "at least one"
		}
	}
	return list
}

// listActivity reads the first pages of the log, newest entries first.
func (m *machine) listActivity(t *rapid.T) {
	caller, network := m.drawCaller(t), drawNetwork(t)
	filter, query := m.drawActivityFilter(t)
	limit := rapid.IntRange(1, 20).Draw(t, "limit")
	query.Set("limit", fmt.Sprint(limit))
	var entries []*entry
	m.readPages(t, caller, network, "activity-log", query, func(p *principal, got answer, page int) (*expected, bool) {
		if refusal := p.authorize("activity-log", "read", anyObject); refusal != nil {
			return refusal, false
		}
		if page == 0 {
			entries = p.readActivity(filter)
			slices.Reverse(entries)
		}
		shown, more := pageOf(entries, page, limit)
		return ok(p.entryViews(shown, got, filter.byTime(), false)), more
	})
}

// exportActivity reads the whole log, oldest entries first.
func (m *machine) exportActivity(t *rapid.T) {
	filter, query := m.drawActivityFilter(t)
	m.call(t, "GET", "/api/activity-log/export?"+query.Encode(), nil, func(p *principal, got answer) *expected {
		return p.exportActivity(filter, got)
	})
}

func (p *principal) exportActivity(f activityFilter, got answer) *expected {
	if refusal := p.authorize("activity-log", "read", anyObject); refusal != nil {
		return refusal
	}
	return ok(p.entryViews(p.readActivity(f), got, f.byTime(), true))
}
