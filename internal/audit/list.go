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

const (
	// maxPageBytes limits a page. The page ends after the entry that exceeds this size of stored
	// changes.
	maxPageBytes = 1 << 20
	// readBatch is the number of entries that one query reads.
	readBatch = 100
)

// Activity returns a page of the entries that the caller may read, newest first. Pass next as
// the cursor for the following page; next is "" on the last page. An empty cursor selects the
// first page.
//
// A page has at most limit entries, and at most [account.MaxActivityPage]. It ends early after
// about 1 MiB of changes. Activity fails as [account.Allow] does. It also fails with CodeInvalid
// unless cursor is empty or comes from a page with the same filter.
func (s *Log) Activity(
	ctx context.Context, caller *account.Principal, f account.ActivityFilter, cursor string, limit int,
) (page []account.StoredActivity, next string, err error) {
	q, err := activityQuery(caller, f)
	if err != nil {
		return nil, "", err
	}
	if q.Before, err = parseActivityCursor(cursor, q.ByTime); err != nil {
		return nil, "", err
	}
	limit = min(limit, account.MaxActivityPage)
	for size := 0; ; {
		q.Limit = min(limit-len(page)+1, readBatch)
		entries, err := s.readEntries(ctx, q)
		if err != nil {
			return nil, "", err
		}
		for _, e := range entries {
			if len(page) == limit || size >= maxPageBytes {
				return page, activityCursor(q), nil
			}
			page, size, q.Before = append(page, e), size+len(e.ChangesText), positionOf(e)
		}
		if len(entries) < q.Limit {
			return page, "", nil
		}
	}
}

// ExportActivity calls yield with every entry that the caller may read, oldest first. At any
// time it holds at most readBatch entries in memory. It fails as [account.Allow] does. It stops
// at the first error of yield and returns that error.
func (s *Log) ExportActivity(
	ctx context.Context, caller *account.Principal, f account.ActivityFilter, yield func(account.StoredActivity) error,
) error {
	q, err := activityQuery(caller, f)
	if err != nil {
		return err
	}
	q.OldestFirst, q.Limit = true, readBatch
	for {
		entries, err := s.readEntries(ctx, q)
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
		q.After = positionOf(entries[len(entries)-1])
	}
}

// activityQuery returns the query for a filter, restricted to the entries that the caller may
// read. Entries without a known actor are only for callers who may read the whole log.
//
// A filter by time alone selects entries in the order of their times, so that the database can
// use its index on the time. This order is almost the order of ids. Only failed sign-ins differ:
// they become entries a minute later.
func activityQuery(caller *account.Principal, f account.ActivityFilter) (account.ActivityQuery, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityActivityLog, access.Any); err != nil {
		return account.ActivityQuery{}, err
	}
	q := account.ActivityQuery{ActivityFilter: f}
	all, ids := caller.Access.VisibleIDs(access.ActionRead, access.EntityActivityLog, caller.User.ID)
	if all {
		timeless := f
		timeless.From, timeless.To = time.Time{}, time.Time{}
		q.ByTime = timeless == account.ActivityFilter{} && f != timeless
		return q, nil
	}
	q.Actors = slices.DeleteFunc(ids, func(id int64) bool { return id < 1 || f.ActorID != 0 && id != f.ActorID })
	if q.Actors == nil {
		q.Actors = []int64{} // nil would select the entries of all actors
	}
	return q, nil
}

// readEntries returns the entries that a query selects, with Changes decoded from ChangesText.
func (s *Log) readEntries(ctx context.Context, q account.ActivityQuery) ([]account.StoredActivity, error) {
	entries, err := s.store.Activity(ctx, q)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		decoder := json.NewDecoder(bytes.NewBufferString(entries[i].ChangesText))
		decoder.UseNumber() // without UseNumber, large numbers would become float64 and lose digits
		if err := decoder.Decode(&entries[i].Changes); err != nil {
			return nil, fmt.Errorf("decode entry %d of the activity log: %w", entries[i].ID, err)
		}
	}
	return entries, nil
}

func positionOf(a account.StoredActivity) account.ActivityPosition {
	return account.ActivityPosition{ID: a.ID, At: a.At}
}

// A cursor is the id of the last entry of a page, in base 36. In a list by time, a dot and the
// entry's time in microseconds follow, in base 36 too.
const (
	cursorBase       = 36
	cursorTimePrefix = "."
)

// activityCursor returns the cursor of the page that begins after the entry at q.Before.
func activityCursor(q account.ActivityQuery) string {
	cursor := strconv.FormatInt(q.Before.ID, cursorBase)
	if q.ByTime {
		cursor += cursorTimePrefix + strconv.FormatInt(q.Before.At.UnixMicro(), cursorBase)
	}
	return cursor
}

// parseActivityCursor parses the result of activityCursor. For an empty cursor it returns the
// zero position. It fails with CodeInvalid.
func parseActivityCursor(cursor string, byTime bool) (position account.ActivityPosition, err error) {
	if cursor == "" {
		return position, nil
	}
	id, at, hasTime := strings.Cut(cursor, cursorTimePrefix)
	if position.ID, err = strconv.ParseInt(id, cursorBase, 64); err == nil && hasTime {
		var micros int64
		micros, err = strconv.ParseInt(at, cursorBase, 64)
		position.At = time.UnixMicro(micros)
	}
	if err != nil || position.ID < 1 || hasTime != byTime {
		return account.ActivityPosition{}, account.Invalid(account.Detail{
			Path: "/query/cursor", Message: "is not one that this server gave for this filter",
		})
	}
	return position, nil
}
