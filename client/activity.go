package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"time"
)

// ActivityService reads the activity log.
type ActivityService struct{ client *Client }

// ActivityFilter selects the entries that match all of its fields. A zero field
// matches every entry.
type ActivityFilter struct {
	ActorID    int64
	Action     string // "user.update", or "user.*" for all of that noun
	TargetKind string // as "user"
	TargetID   int64
	From, To   time.Time // from the first on, and before the second
}

// ActivityPage is a part of the activity log, newest first.
type ActivityPage struct {
	Entries []ActivityEntry
	Next    string // the cursor of the next page; "" after the last
}

// List returns a page of at most limit entries, 1 to 1000, that the caller may
// read. Cursor is the Next of the page before, or "" for the newest.
func (s *ActivityService) List(
	ctx context.Context, filter ActivityFilter, cursor string, limit int,
) (ActivityPage, error) {
	r := request{method: http.MethodGet, path: "api/activity-log", query: filter.query()}
	r.query.string("cursor", cursor)
	r.query.integer("limit", int64(limit))
	entries, next, err := receivePage[[]ActivityEntry](ctx, s.client, r)
	return ActivityPage{Entries: entries, Next: next}, err
}

// Export yields the entries that the caller may read, oldest first, as they
// arrive: memory does not grow with their number. Each run of the sequence makes a
// request. An error ends it, after any number of entries. Only ctx limits the time
// it takes.
func (s *ActivityService) Export(ctx context.Context, filter ActivityFilter) iter.Seq2[ActivityEntry, error] {
	return func(yield func(ActivityEntry, error) bool) {
		resp, err := s.client.do(ctx, request{
			method: http.MethodGet, path: "api/activity-log/export", query: filter.query(),
		})
		if err != nil {
			yield(ActivityEntry{}, err)
			return
		}
		defer resp.Body.Close()

		bounded := &boundedReader{r: resp.Body, left: maxAnswer}
		decoder := json.NewDecoder(bounded)
		for {
			bounded.left = maxAnswer
			var e ActivityEntry
			err := decoder.Decode(&e)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(ActivityEntry{}, answerError(err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (f ActivityFilter) query() query {
	var q query
	q.id("actor", f.ActorID)
	q.string("action", f.Action)
	q.string("targetKind", f.TargetKind)
	q.id("targetId", f.TargetID)
	q.time("from", f.From)
	q.time("to", f.To)
	return q
}
