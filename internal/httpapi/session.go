package httpapi

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
)

func (h handlers) ApiSessionsGet(ctx context.Context, r wire.ApiSessionsGetRequestObject) (wire.ApiSessionsGetResponseObject, error) {
	caller := requestOf(ctx).caller
	sessions, err := h.accounts.Sessions(ctx, caller, ofUser(caller, r.Params.UserID))
	if err != nil {
		return nil, err
	}
	answer := make(wire.ApiSessionsGet200JSONResponse, len(sessions))
	for i, s := range sessions {
		answer[i] = session(s)
	}
	return answer, nil
}

func (h handlers) ApiSessionsDelete(ctx context.Context, r wire.ApiSessionsDeleteRequestObject) (wire.ApiSessionsDeleteResponseObject, error) {
	caller := requestOf(ctx).caller
	keep := r.Params.KeepCurrent != nil && *r.Params.KeepCurrent
	if err := h.accounts.EndSessions(ctx, caller, ofUser(caller, r.Params.UserID), keep); err != nil {
		return nil, err
	}
	return wire.ApiSessionsDelete204Response{}, nil
}

func (h handlers) ApiSessionsIdDelete(ctx context.Context, r wire.ApiSessionsIdDeleteRequestObject) (wire.ApiSessionsIdDeleteResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	if err := h.accounts.EndSession(ctx, requestOf(ctx).caller, id); err != nil {
		return nil, err
	}
	return wire.ApiSessionsIdDelete204Response{}, nil
}

func session(s auth.LiveSession) wire.Session {
	return wire.Session{
		ID: s.ID, UserID: s.UserID, Current: s.Current, Device: s.Device, Source: s.ClientNetwork,
		CreatedAt: s.Created, LastSeenAt: s.LastSeen, ExpiresAt: s.Expires,
	}
}
