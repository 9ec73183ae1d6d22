package client

import (
	"context"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// Session is one sign-in that has not ended.
type Session struct {
	ID         int64     `json:"id"`
	UserID     int64     `json:"userId"`
	Current    bool      `json:"current"` // that of the client's token
	Device     string    `json:"device"`  // what the program that signed in calls itself
	Source     string    `json:"source"`  // network address
	CreatedAt  time.Time `json:"createdAt"`
	LastSeenAt time.Time `json:"lastSeenAt"` // to the minute
	ExpiresAt  time.Time `json:"expiresAt"`  // if it is not used before
}

// Sessions returns the newest 1000 sessions of a user, by id; 0 stands for the
// caller. A named key may not call it, nor end sessions.
func (c *Client) Sessions(ctx context.Context, userID int64) ([]Session, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiSessionsGet(ctx, &wire.ApiSessionsGetParams{UserID: ofUser(userID)})
	}, func(w []wire.Session) []Session {
		sessions := make([]Session, len(w))
		for i := range w {
			sessions[i] = sessionFromWire(w[i])
		}
		return sessions
	})
}

// EndSession ends one session.
func (c *Client) EndSession(ctx context.Context, id int64) error {
	return perform(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiSessionsIdDelete(ctx, pathID(id))
	})
}

// EndSessions ends all sessions of a user; 0 stands for the caller. keepCurrent
// spares that of the client's token.
func (c *Client) EndSessions(ctx context.Context, userID int64, keepCurrent bool) error {
	params := &wire.ApiSessionsDeleteParams{UserID: ofUser(userID)}
	if keepCurrent {
		params.KeepCurrent = &keepCurrent
	}
	return perform(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiSessionsDelete(ctx, params)
	})
}

func sessionFromWire(w wire.Session) Session {
	return Session{
		ID: w.ID, UserID: w.UserID, Current: w.Current, Device: w.Device, Source: w.Source,
		CreatedAt: w.CreatedAt, LastSeenAt: w.LastSeenAt, ExpiresAt: w.ExpiresAt,
	}
}
