package httpapi

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// sessionService lists and ends sessions.
type sessionService interface {
	Sessions(ctx context.Context, caller *account.Principal, userID int64) ([]auth.LiveSession, error)
	EndSession(ctx context.Context, caller *account.Principal, id int64) error
	EndSessions(ctx context.Context, caller *account.Principal, userID int64, keepCurrent bool) error
}

type sessionHandlers struct{ service sessionService }

func (h sessionHandlers) ApiSessionsGet(
	ctx context.Context, r wire.ApiSessionsGetRequestObject,
) (wire.ApiSessionsGetResponseObject, error) {
	caller := requestOf(ctx).caller
	sessions, err := h.service.Sessions(ctx, caller, valueOr(r.Params.UserID, caller.User.ID))
	if err != nil {
		return nil, err
	}
	answer := make(wire.ApiSessionsGet200JSONResponse, len(sessions))
	for i, s := range sessions {
		answer[i] = wireSession(s)
	}
	return answer, nil
}

func (h sessionHandlers) ApiSessionsDelete(
	ctx context.Context, r wire.ApiSessionsDeleteRequestObject,
) (wire.ApiSessionsDeleteResponseObject, error) {
	caller := requestOf(ctx).caller
	userID := valueOr(r.Params.UserID, caller.User.ID)
	if err := h.service.EndSessions(ctx, caller, userID, isTrue(r.Params.KeepCurrent)); err != nil {
		return nil, err
	}
	return wire.ApiSessionsDelete204Response{}, nil
}

func (h sessionHandlers) ApiSessionsIdDelete(
	ctx context.Context, r wire.ApiSessionsIdDeleteRequestObject,
) (wire.ApiSessionsIdDeleteResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	if err := h.service.EndSession(ctx, requestOf(ctx).caller, id); err != nil {
		return nil, err
	}
	return wire.ApiSessionsIdDelete204Response{}, nil
}

func wireSession(s auth.LiveSession) wire.Session {
	return wire.Session{
		ID: s.ID, UserID: s.UserID, Current: s.Current, Device: s.Device, Source: s.ClientNetwork,
		CreatedAt: s.Created, LastSeenAt: s.LastSeen, ExpiresAt: s.Expires,
	}
}
