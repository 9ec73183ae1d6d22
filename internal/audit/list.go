package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Activity returns a page of the entries that the caller may read, newest first,
// and the cursor of the next page: "" after the last. An empty cursor begins. A
// page of long entries ends before the limit, after about 1 MiB of changes. It
// fails as [Allow] says, and with CodeInvalid for a cursor that it never gave.
func (s *Log) Activity(ctx context.Context, caller *account.Principal, f account.ActivityFilter, cursor string, limit int) (page []account.StoredActivity, next string, err error) {
	q, err := activityQuery(caller, f)
	if err != nil {
		return nil, "", err
	}
	if q.Before, err = parseActivityCursor(cursor, q.ByTime); err != nil {
		return nil, "", err
	}
	limit = min(limit, account.MaxActivityPage)
	for size := 0; ; {
		q.Limit = min(limit-len(page)+1, activityBatch)
		entries, err := s.readActivity(ctx, q)
		if err != nil {
			return nil, "", err
		}
		for _, e := range entries {
			if len(page) == limit || size >= activityPageBytes {
				return page, activityCursor(q), nil
			}
			page, size, q.Before = append(page, e), size+len(e.ChangesText), placeOfActivity(e)
		}
		if len(entries) < q.Limit {
			return page, "", nil
		}
	}
}

const (
	// activityPageBytes is how many bytes of changes, as they are stored, end a page.
	activityPageBytes = 1 << 20
	// activityBatch is how many entries are read at once.
	activityBatch = 100
)

// ExportActivity calls yield with every entry that the caller may read, oldest
// first. It holds one page at a time. It ends with the first failure of yield.
func (s *Log) ExportActivity(ctx context.Context, caller *account.Principal, f account.ActivityFilter, yield func(account.StoredActivity) error) error {
	q, err := activityQuery(caller, f)
	if err != nil {
		return err
	}
	q.OldestFirst, q.Limit = true, activityBatch
	for {
		entries, err := s.readActivity(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := yield(e); err != nil {
				return err
			}
		}
		if len(entries) < q.Limit {
			return nil
		}
		q.After = placeOfActivity(entries[len(entries)-1])
	}
}

// activityQuery cuts a filter to what the caller may read. What nobody known has
// done is for those alone who may read everything. A time alone is looked for by time, which
// is almost the order of the ids: failed sign-ins become entries a minute later.
func activityQuery(caller *account.Principal, f account.ActivityFilter) (account.ActivityQuery, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityActivityLog, access.Any); err != nil {
		return account.ActivityQuery{}, err
	}
	q := account.ActivityQuery{ActivityFilter: f}
	rest := f
	rest.From, rest.To = time.Time{}, time.Time{}
	q.ByTime = rest == account.ActivityFilter{} && f != rest
	all, ids := caller.Access.VisibleIDs(access.ActionRead, access.EntityActivityLog, caller.User.ID)
	if all {
		return q, nil
	}
	q.ByTime = false
	q.Actors = slices.DeleteFunc(ids, func(id int64) bool { return id < 1 || f.ActorID != 0 && id != f.ActorID })
	if q.Actors == nil {
		q.Actors = []int64{}
	}
	return q, nil
}

func (s *Log) readActivity(ctx context.Context, q account.ActivityQuery) ([]account.StoredActivity, error) {
	entries, err := s.store.Activity(ctx, q)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		decoder := json.NewDecoder(bytes.NewBufferString(entries[i].ChangesText))
		decoder.UseNumber() // as they were written
		if err := decoder.Decode(&entries[i].Changes); err != nil {
			return nil, fmt.Errorf("read entry %d of the activity log: %w", entries[i].ID, err)
		}
	}
	return entries, nil
}

// place is where the entry stands.
func placeOfActivity(a account.StoredActivity) account.ActivityPosition {
	return account.ActivityPosition{ID: a.ID, At: a.At}
}

// A cursor is the id of the last entry of a page, and by time the time of it.
const (
	cursorBase = 36
	cursorTime = "." // stands before the time
)

// activityCursor returns the cursor of the page behind q.Backward.
func activityCursor(q account.ActivityQuery) string {
	cursor := strconv.FormatInt(q.Before.ID, cursorBase)
	if q.ByTime {
		cursor += cursorTime + strconv.FormatInt(q.Before.At.UnixMicro(), cursorBase)
	}
	return cursor
}

func parseActivityCursor(cursor string, byTime bool) (place account.ActivityPosition, err error) {
	if cursor == "" {
		return place, nil
	}
	id, at, hasTime := strings.Cut(cursor, cursorTime)
	if place.ID, err = strconv.ParseInt(id, cursorBase, 64); err == nil && hasTime {
		var micros int64
		micros, err = strconv.ParseInt(at, cursorBase, 64)
		place.At = time.UnixMicro(micros)
	}
	if err != nil || place.ID < 1 || hasTime != byTime {
		return account.ActivityPosition{}, account.Invalid(account.Detail{Path: "/query/cursor", Message: "is not one that this server gave for this filter"})
	}
	return place, nil
}
