package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/activityfile"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// activityPageSize is the default number of entries on a page of the activity log.
const activityPageSize = 100

// activityService reads the activity log.
type activityService interface {
	Activity(
		ctx context.Context, caller *account.Principal, filter account.ActivityFilter, cursor string, limit int,
	) (page []account.StoredActivity, next string, err error)
	activityfile.Exporter
}

type activityHandlers struct{ service activityService }

func (h activityHandlers) ApiActivityLogGet(
	ctx context.Context, r wire.ApiActivityLogGetRequestObject,
) (wire.ApiActivityLogGetResponseObject, error) {
	q := r.Params
	filter := activityFilter(wire.ApiActivityLogExportGetParams{
		Actor: q.Actor, Action: q.Action, TargetKind: q.TargetKind, TargetID: q.TargetID, From: q.From, To: q.To,
	})
	cursor, limit := valueOr(q.Cursor, ""), valueOr(q.Limit, activityPageSize)
	entries, next, err := h.service.Activity(ctx, requestOf(ctx).caller, filter, cursor, limit)
	if err != nil {
		return nil, err
	}
	page := activityPage{next: next, entries: make(wire.ApiActivityLogGet200JSONResponse, len(entries))}
	for i, e := range entries {
		page.entries[i] = activityfile.Entry(e)
	}
	return page, nil
}

// activityPage is one page of the activity log and the cursor of the next page.
type activityPage struct {
	entries wire.ApiActivityLogGet200JSONResponse
	next    string
}

// VisitApiActivityLogGetResponse writes the page as JSON and the cursor as a header.
func (p activityPage) VisitApiActivityLogGetResponse(w http.ResponseWriter) error {
	if p.next != "" {
		w.Header().Set(nextCursor, p.next)
	}
	return p.entries.VisitApiActivityLogGetResponse(w)
}

func (h activityHandlers) ApiActivityLogExportGet(
	ctx context.Context, r wire.ApiActivityLogExportGetRequestObject,
) (wire.ApiActivityLogExportGetResponseObject, error) {
	return activityExport{ctx: ctx, service: h.service, filter: activityFilter(r.Params)}, nil
}

// activityExport streams the entries that match filter, so memory use doesn't grow with their number.
type activityExport struct {
	ctx     context.Context
	service activityfile.Exporter
	filter  account.ActivityFilter
}

// VisitApiActivityLogExportGetResponse writes the entries as JSON, one per line. If it fails, the generated code calls
// writeError, which breaks the connection if a part of the entries was sent already.
func (x activityExport) VisitApiActivityLogExportGetResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", activityfile.ContentType)
	return activityfile.Write(x.ctx, w, x.service, requestOf(x.ctx).caller, x.filter)
}

func activityFilter(q wire.ApiActivityLogExportGetParams) account.ActivityFilter {
	return account.ActivityFilter{
		ActorID: valueOr(q.Actor, 0), Action: valueOr(q.Action, ""),
		TargetKind: access.Entity(valueOr(q.TargetKind, "")), TargetID: valueOr(q.TargetID, 0),
		From: valueOr(q.From, time.Time{}), To: valueOr(q.To, time.Time{}),
	}
}
