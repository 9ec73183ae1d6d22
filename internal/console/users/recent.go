package users

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// recentEntries is the number of log entries on the page of a user.
const recentEntries = 10

// recentActivity has the newest log entries whose actor or target is the user.
type recentActivity struct {
	Rows              []recentRow
	ByUser, AboutUser string // paths of the log, filtered by this user as actor and as target
}

// recentRow is an entry of the activity log as the page of a user shows it.
type recentRow struct {
	At                    time.Time
	Actor, Action, Target string
}

// activityOf returns the newest log entries whose actor or target is the user. recent is nil if the
// caller may not read the log. created is the time of the user's creation, or zero if the log no
// longer has the entry about it.
func (h *handler) activityOf(q *page.Request, u account.User) (recent *recentActivity, created time.Time, err error) {
	if !q.May(access.ActionRead, access.EntityActivityLog) {
		return nil, created, nil
	}
	about := account.ActivityFilter{TargetKind: access.EntityUser, TargetID: u.ID}
	creation := about
	creation.Action = string(account.ActionUserCreate)
	var found [3][]account.StoredActivity
	for i, filter := range []account.ActivityFilter{{ActorID: u.ID}, about, creation} {
		if found[i], _, err = h.service.Activity(q.Context(), q.Caller, filter, "", recentEntries); err != nil {
			return nil, created, err
		}
	}
	if len(found[2]) > 0 {
		created = q.Local(found[2][0].At)
	}
	entries := slices.Concat(found[0], found[1])
	slices.SortFunc(entries, func(a, b account.StoredActivity) int { return cmp.Compare(b.ID, a.ID) })
	entries = slices.CompactFunc(entries, func(a, b account.StoredActivity) bool { return a.ID == b.ID })
	id := strconv.FormatInt(u.ID, 10)
	recent = &recentActivity{
		ByUser:    "/activity?" + url.Values{"actor": {id}}.Encode(),
		AboutUser: "/activity?" + url.Values{"targetKind": {string(access.EntityUser)}, "targetId": {id}}.Encode(),
	}
	for _, e := range entries[:min(len(entries), recentEntries)] {
		recent.Rows = append(recent.Rows, recentRow{
			At: q.Local(e.At), Actor: e.Actor.Name, Action: q.TrAction(e.Action), Target: e.Target.Name,
		})
	}
	return recent, created, nil
}
