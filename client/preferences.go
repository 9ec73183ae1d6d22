package client

import (
	"context"
	"net/http"
)

// PreferencesService reads and changes the caller's own preferences.
type PreferencesService struct{ client *Client }

// Get returns the preferences of the caller.
func (s *PreferencesService) Get(ctx context.Context) (Preferences, error) {
	return receive[Preferences](ctx, s.client, request{method: http.MethodGet, path: "api/preferences"})
}

// Update changes the preferences of the caller and returns them.
func (s *PreferencesService) Update(ctx context.Context, update PreferencesUpdate) (Preferences, error) {
	return receive[Preferences](ctx, s.client, request{method: http.MethodPatch, path: "api/preferences", body: update})
}
