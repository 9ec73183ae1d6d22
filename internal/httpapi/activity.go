package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/activityfile"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// activityPageSize is how many entries a page has that asks for no number.
const activityPageSize = 100

func (h handlers) ApiActivityLogGet(ctx context.Context, r wire.ApiActivityLogGetRequestObject) (wire.ApiActivityLogGetResponseObject, error) {
	q := r.Params
	filter := activityFilter(wire.ApiActivityLogExportGetParams{
		Actor: q.Actor, Action: q.Action, TargetKind: q.TargetKind, TargetID: q.TargetID, From: q.From, To: q.To,
	})
	entries, next, err := h.accounts.Activity(ctx, requestOf(ctx).caller, filter, or(q.Cursor, ""), or(q.Limit, activityPageSize))
	if err != nil {
		return nil, err
	}
	page := activityPage{next: next, entries: make(wire.ApiActivityLogGet200JSONResponse, len(entries))}
	for i, e := range entries {
		page.entries[i] = activityfile.Entry(e)
	}
	return page, nil
}

// activityPage is a page and the cursor of the next one.
type activityPage struct {
	entries wire.ApiActivityLogGet200JSONResponse
	next    string
}

// VisitApiActivityLogGetResponse writes the page.
func (p activityPage) VisitApiActivityLogGetResponse(w http.ResponseWriter) error {
	if p.next != "" {
		w.Header().Set("X-Next-Cursor", p.next)
	}
	return p.entries.VisitApiActivityLogGetResponse(w)
}

func (h handlers) ApiActivityLogExportGet(ctx context.Context, r wire.ApiActivityLogExportGetRequestObject) (wire.ApiActivityLogExportGetResponseObject, error) {
	return activityExport{ctx, h.accounts, activityFilter(r.Params)}, nil
}

// activityExport answers entries as they are read, so that its memory does not
// grow with their number.
type activityExport struct {
	ctx      context.Context
	accounts *service.Service
	filter   account.ActivityFilter
}

// VisitApiActivityLogExportGetResponse writes the entries, one a line. What a
// failure is answered with depends on whether a part of them has left the buffer:
// see writeError.
func (x activityExport) VisitApiActivityLogExportGetResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", activityfile.ContentType)
	return activityfile.Write(x.ctx, w, x.accounts, requestOf(x.ctx).caller, x.filter)
}

func activityFilter(q wire.ApiActivityLogExportGetParams) account.ActivityFilter {
	return account.ActivityFilter{
		ActorID: or(q.Actor, 0), Action: or(q.Action, ""), TargetKind: access.Entity(or(q.TargetKind, "")), TargetID: or(q.TargetID, 0),
		From: or(q.From, time.Time{}), To: or(q.To, time.Time{}),
	}
}

// or is the value of what may be left out.
func or[T any](value *T, absent T) T {
	if value == nil {
		return absent
	}
	return *value
}
