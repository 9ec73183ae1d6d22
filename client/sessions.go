package client

import (
	"context"
	"net/http"
)

// Sessions returns the newest 1000 sessions of a user, by id; 0 stands for the
// caller. A named key may not call it, nor end sessions.
func (c *Client) Sessions(ctx context.Context, userID int64) ([]Session, error) {
	r := request{method: http.MethodGet, path: "api/sessions"}
	r.query.id("userId", userID)
	return receive[[]Session](ctx, c, r)
}

// EndSession ends one session.
func (c *Client) EndSession(ctx context.Context, id int64) error {
	return c.perform(ctx, request{method: http.MethodDelete, path: "api/sessions/" + decimal(id)})
}

// EndSessions ends all sessions of a user; 0 stands for the caller. keepCurrent
// spares that of the client's token.
func (c *Client) EndSessions(ctx context.Context, userID int64, keepCurrent bool) error {
	r := request{method: http.MethodDelete, path: "api/sessions"}
	r.query.id("userId", userID)
	r.query.flag("keepCurrent", keepCurrent)
	return c.perform(ctx, r)
}
