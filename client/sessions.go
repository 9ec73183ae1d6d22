package client

import (
	"context"
	"net/http"
)

// SessionsService lists and ends sessions.
type SessionsService struct{ client *Client }

// List returns the newest 1000 sessions of the user with the id userID, sorted by the
// id of the session. A userID of 0 stands for the caller. If the client's token is a
// named key, the server refuses all methods of this service.
func (s *SessionsService) List(ctx context.Context, userID int64) ([]Session, error) {
	r := request{method: http.MethodGet, path: "api/sessions"}
	r.query.id("userId", userID)
	return receive[[]Session](ctx, s.client, r)
}

// End ends one session.
func (s *SessionsService) End(ctx context.Context, id int64) error {
	return s.client.perform(ctx, request{method: http.MethodDelete, path: "api/sessions/" + decimal(id)})
}

// EndAll ends all sessions of a user. A userID of 0 stands for the caller. If
// keepCurrent is true, the session of the client's token stays valid.
func (s *SessionsService) EndAll(ctx context.Context, userID int64, keepCurrent bool) error {
	r := request{method: http.MethodDelete, path: "api/sessions"}
	r.query.id("userId", userID)
	r.query.flag("keepCurrent", keepCurrent)
	return s.client.perform(ctx, r)
}
