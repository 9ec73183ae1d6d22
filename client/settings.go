package client

import (
	"context"
	"net/http"
)

// ApplicationSettings returns the settings.
func (c *Client) ApplicationSettings(ctx context.Context) (ApplicationSettings, error) {
	return receive[ApplicationSettings](ctx, c, request{method: http.MethodGet, path: "api/application-settings"})
}

// UpdateApplicationSettings changes the settings, wholly or not at all, and returns
// the changed settings. It fails with [CodeSetByOperator] for what the operator has
// fixed.
func (c *Client) UpdateApplicationSettings(
	ctx context.Context, update ApplicationSettingsUpdate,
) (ApplicationSettings, error) {
	return receive[ApplicationSettings](ctx, c, request{
		method: http.MethodPatch, path: "api/application-settings", body: plainApplicationSettingsUpdate(update),
	})
}

// SendTestMessage has a message sent to the caller's own address, at once and by the
// current settings: at most five an hour. A message that could not be delivered is a
// result, not an error.
func (c *Client) SendTestMessage(ctx context.Context) (TestMessageResult, error) {
	return receive[TestMessageResult](ctx, c, request{
		method: http.MethodPost, path: "api/application-settings/test-message",
	})
}

// ServerSettings returns the settings.
func (c *Client) ServerSettings(ctx context.Context) (ServerSettings, error) {
	return receive[ServerSettings](ctx, c, request{method: http.MethodGet, path: "api/server-settings"})
}

// UpdateServerSettings changes the settings, wholly or not at all, and returns the
// changed settings. It fails with [CodeSetByOperator] for what the operator has fixed.
func (c *Client) UpdateServerSettings(ctx context.Context, update ServerSettingsUpdate) (ServerSettings, error) {
	return receive[ServerSettings](ctx, c, request{
		method: http.MethodPatch, path: "api/server-settings", body: update,
	})
}
