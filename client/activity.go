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

// ActivityFilter selects the entries that match all fields that are set. A field with
// its zero value matches every entry.
type ActivityFilter struct {
	ActorID    int64
	Action     string // such as "user.update", or "user.*" for all actions on users
	TargetKind string // such as "user"
	TargetID   int64
	From, To   time.Time // entries at or after From, and before To
}

// ActivityPage is one page of the activity log, newest entries first.
type ActivityPage struct {
	Entries []ActivityEntry
	Next    string // the cursor of the next page; "" after the last
}

// List returns one page of the entries that the caller may read. limit is the maximum
// number of entries, from 1 to 1000. cursor is the field Next of the previous page, or
// "" for the first page.
func (s *ActivityService) List(
	ctx context.Context, filter ActivityFilter, cursor string, limit int,
) (ActivityPage, error) {
	r := request{method: http.MethodGet, path: "api/activity-log", query: filter.query()}
	r.query.string("cursor", cursor)
	r.query.integer("limit", int64(limit))
	entries, next, err := receivePage[[]ActivityEntry](ctx, s.client, r)
	return ActivityPage{Entries: entries, Next: next}, err
}

// Export returns a sequence of the entries that the caller may read, oldest first. The
// sequence yields entries while they arrive, so memory use does not grow with their
// number. Each iteration over the sequence makes a new request. After a failure, the
// last element of the sequence is an error. Only ctx limits the duration.
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

		bounded := &boundedReader{r: resp.Body, remaining: maxAnswer}
		decoder := json.NewDecoder(bounded)
		for {
			bounded.remaining = maxAnswer
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
