package client

import (
	"context"
	"net/http"
)

// SessionsService lists and ends sessions.
type SessionsService struct{ client *Client }

// List returns the newest 1000 sessions of a user, by id; 0 stands for the
// caller. A named key may not call it, nor end sessions.
func (s *SessionsService) List(ctx context.Context, userID int64) ([]Session, error) {
	r := request{method: http.MethodGet, path: "api/sessions"}
	r.query.id("userId", userID)
	return receive[[]Session](ctx, s.client, r)
}

// End ends one session.
func (s *SessionsService) End(ctx context.Context, id int64) error {
	return s.client.perform(ctx, request{method: http.MethodDelete, path: "api/sessions/" + decimal(id)})
}

// EndAll ends all sessions of a user; 0 stands for the caller. keepCurrent
// spares that of the client's token.
func (s *SessionsService) EndAll(ctx context.Context, userID int64, keepCurrent bool) error {
	r := request{method: http.MethodDelete, path: "api/sessions"}
	r.query.id("userId", userID)
	r.query.flag("keepCurrent", keepCurrent)
	return s.client.perform(ctx, r)
}
