package modeltest_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// entry is one of the activity log. What it says of the fields that changed is not
// modelled, but for settings: whether there is an entry at all. Nor is sealing,
// which has tests of its own; so failed sign-ins, which become entries when they
// are sealed, are none here.
type entry struct {
	at         time.Time
	actor      int64 // 0: nobody known
	actorName  string
	kind       kind // of the credential
	credential int64
	source     string
	action     string
	target     string // its kind
	targetID   int64  // 0: there is only one
	targetName string
}

// setUp is the entry of the first administrator.
var setUp = &entry{at: start, kind: "operator", action: "user.create", target: "user", targetID: 1, targetName: adminEmail}

// note keeps what the caller did, if the log is kept.
func (p *principal) note(action, target string, id int64, name string) {
	if p.keepsLog() {
		p.activity = append(p.activity, p.entry(action, target, id, name))
	}
}

// entry is what note keeps.
func (p *principal) entry(action, target string, id int64, name string) *entry {
	return &entry{p.now, p.user.id, p.user.email, p.by.kind, p.by.id, p.source, action, target, id, name}
}

func (e *entry) view() object {
	return object{
		"at": e.at, "actor": object{"id": idOrNull(e.actor), "name": e.actorName},
		"credential": object{"kind": e.kind, "id": idOrNull(e.credential)}, "source": e.source, "action": e.action,
		"target": object{"kind": e.target, "id": idOrNull(e.targetID), "name": e.targetName}, "count": 1, "sealed": false,
	}
}

func idOrNull(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// activityFilter selects entries by all of its fields that are not zero.
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
		f.action = rapid.SampledFrom(words("user.* user.create session.* role.permissions settings.update nothing.*")).Draw(t, "action")
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

// readActivity returns the entries that the caller may read, the oldest first: in the
// order of the log, or of time if that alone is asked for by who may read all. What nobody
// known did is for those.
func (p *principal) readActivity(f activityFilter) (entries []*entry) {
	readable := p.reach("activity-log", "read")
	for _, e := range p.activity {
		if f.has(e) && (readable.all || e.actor != 0 && readable.has(e.actor)) {
			entries = append(entries, e)
		}
	}
	if readable.all && f.byTime() {
		slices.SortStableFunc(entries, func(a, b *entry) int { return a.at.Compare(b.at) })
	}
	return entries
}

// byTime reports whether the filter asks for a time and nothing else.
func (f activityFilter) byTime() bool {
	since := f.since
	f.since = time.Time{}
	return f == activityFilter{} && !since.IsZero()
}

// entryViews are the entries as they are shown. Their ids and what changed are
// those that the server has, whose ids must go up, or down: by time, those of one time.
func (p *principal) entryViews(entries []*entry, got answer, byTime, up bool) []object {
	list := views(entries)
	last := int64(0)
	for i, view := range list {
		id := got.id(i, "id")
		if view["id"] = id; i > 0 && up != (id > last) && (!byTime || entries[i].at.Equal(entries[i-1].at)) {
			view["id"] = "in another order"
		}
		last = id
		view["changes"] = got.at(i, "changes")
		if settings := strings.HasPrefix(entries[i].action, "settings.update"); settings && got.at(i, "changes", 0) == nil {
			view["changes"] = "some"
		}
	}
	return list
}

// listActivity goes through the pages of the log, the newest entries first.
func (m *machine) listActivity(t *rapid.T) {
	by, source := m.drawCaller(t), drawSource(t)
	filter, query := m.drawActivityFilter(t)
	limit := rapid.IntRange(1, 20).Draw(t, "limit")
	query.Set("limit", fmt.Sprint(limit))
	var entries []*entry
	m.pages(t, by, source, "activity-log", query, func(p *principal, got answer, page int) (*expected, bool) {
		if no := p.may("activity-log", "read", anyOne); no != nil {
			return no, false
		}
		if page == 0 {
			entries = p.readActivity(filter)
			slices.Reverse(entries)
		}
		shown, more := cut(entries, page, limit)
		return ok(p.entryViews(shown, got, filter.byTime(), false)), more
	})
}

// exportActivity takes the whole log, the oldest entries first.
func (m *machine) exportActivity(t *rapid.T) {
	filter, query := m.drawActivityFilter(t)
	m.call(t, "GET", "/api/activity-log/export?"+query.Encode(), nil, func(p *principal, got answer) *expected {
		return p.exportActivity(filter, got)
	})
}

func (p *principal) exportActivity(f activityFilter, got answer) *expected {
	if no := p.may("activity-log", "read", anyOne); no != nil {
		return no
	}
	return ok(p.entryViews(p.readActivity(f), got, f.byTime(), true))
}
