package client

import (
	"context"
	"net/http"
)

// Preferences returns those of the caller.
func (c *Client) Preferences(ctx context.Context) (Preferences, error) {
	return receive[Preferences](ctx, c, request{method: http.MethodGet, path: "api/preferences"})
}

// UpdatePreferences changes those of the caller and returns them.
func (c *Client) UpdatePreferences(ctx context.Context, update PreferencesUpdate) (Preferences, error) {
	return receive[Preferences](ctx, c, request{method: http.MethodPatch, path: "api/preferences", body: update})
}

// About returns the version of the server. It needs no credential.
func (c *Client) About(ctx context.Context) (version string, err error) {
	answer, err := receive[struct {
		Version string `json:"version"`
	}](ctx, c, request{method: http.MethodGet, path: "api/about"})
	return answer.Version, err
}
