package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// ActivityEntry is one entry of the activity log: who did what to what. Names are
// those of that time.
type ActivityEntry struct {
	ID         int64              `json:"id"`
	At         time.Time          `json:"at"`
	Actor      ActivityActor      `json:"actor"`
	Credential ActivityCredential `json:"credential"`
	Source     string             `json:"source"` // network address; "" for the server itself
	Action     string             `json:"action"` // as "user.update"; new ones may come
	Target     ActivityTarget     `json:"target"`
	Changes    []ActivityChange   `json:"changes"`
	Count      int                `json:"count"`  // how often; failed sign-ins of a minute are one entry
	Sealed     bool               `json:"sealed"` // whether tampering with it shows; it is so after a second
}

// ActivityActor is who did something. ID is nil for nobody known.
type ActivityActor struct {
	ID   *int64 `json:"id"`
	Name string `json:"name"` // e-mail address
}

// ActivityCredential is what let somebody in.
type ActivityCredential struct {
	Kind string `json:"kind"` // as "session"; new ones may come
	ID   *int64 `json:"id"`   // of the session or the key
}

// ActivityTarget is what something was done to. ID is nil for what there is only
// one of.
type ActivityTarget struct {
	Kind string `json:"kind"`
	ID   *int64 `json:"id"`
	Name string `json:"name"`
}

// ActivityChange is a field that got another value: text, a float64, a bool, a
// list of them, or nil. Of a secret it tells only that it changed.
type ActivityChange struct {
	Field string `json:"field"`
	From  any    `json:"from"`
	To    any    `json:"to"`
}

// ActivityFilter selects entries by what all of its fields say. A zero field says
// nothing.
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
	Next    string // the cursor of the page behind; "" after the last
}

// Activity returns a page of at most limit entries, 1 to 1000, that the caller may
// read. Cursor is the Next of the page before, or "" for the newest.
func (c *Client) Activity(ctx context.Context, filter ActivityFilter, cursor string, limit int) (ActivityPage, error) {
	f := filter.toWire()
	var next string
	page, err := receive(ctx, func(ctx context.Context) (*http.Response, error) {
		resp, err := c.wire.ApiActivityLogGet(ctx, &wire.ApiActivityLogGetParams{
			Actor: f.Actor, Action: f.Action, TargetKind: f.TargetKind, TargetID: f.TargetID, From: f.From, To: f.To,
			Cursor: unlessZero(cursor), Limit: &limit,
		})
		if err == nil {
			next = resp.Header.Get("X-Next-Cursor")
		}
		return resp, err
	}, func(w []wire.ActivityEntry) ActivityPage {
		page := ActivityPage{Entries: make([]ActivityEntry, len(w))}
		for i := range w {
			page.Entries[i] = activityFromWire(w[i])
		}
		return page
	})
	page.Next = next
	return page, err
}

// ExportActivity goes through the entries that the caller may read, oldest first,
// as they arrive: memory does not grow with their number. Each run of the sequence
// makes a request. An error ends it, after any number of entries. Only ctx limits
// the time it takes.
func (c *Client) ExportActivity(ctx context.Context, filter ActivityFilter) iter.Seq2[ActivityEntry, error] {
	return func(yield func(ActivityEntry, error) bool) {
		params := filter.toWire()
		resp, err := c.wire.ApiActivityLogExportGet(ctx, &params)
		if err != nil {
			yield(ActivityEntry{}, err)
			return
		}
		defer resp.Body.Close()

		bounded := &boundedReader{r: resp.Body, left: maxAnswer}
		decoder := json.NewDecoder(bounded)
		for {
			bounded.left = maxAnswer
			var w wire.ActivityEntry
			err := decoder.Decode(&w)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(ActivityEntry{}, answerError(err))
				return
			}
			if !yield(activityFromWire(w), nil) {
				return
			}
		}
	}
}

func (f ActivityFilter) toWire() wire.ApiActivityLogExportGetParams {
	return wire.ApiActivityLogExportGetParams{
		Actor: unlessZero(f.ActorID), Action: unlessZero(f.Action), TargetKind: unlessZero(f.TargetKind), TargetID: unlessZero(f.TargetID),
		From: unlessZero(f.From), To: unlessZero(f.To),
	}
}

// unlessZero is a parameter that is left out when it is zero.
func unlessZero[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

func activityFromWire(w wire.ActivityEntry) ActivityEntry {
	e := ActivityEntry{
		ID:         w.ID,
		At:         w.At,
		Actor:      ActivityActor{ID: w.Actor.ID, Name: w.Actor.Name},
		Credential: ActivityCredential{Kind: string(w.Credential.Kind), ID: w.Credential.ID},
		Source:     w.Source,
		Action:     w.Action,
		Target:     ActivityTarget{Kind: w.Target.Kind, ID: w.Target.ID, Name: w.Target.Name},
		Changes:    make([]ActivityChange, len(w.Changes)),
		Count:      w.Count,
		Sealed:     w.Sealed,
	}
	for i, c := range w.Changes {
		e.Changes[i] = ActivityChange{Field: c.Field, From: c.From, To: c.To}
	}
	return e
}
