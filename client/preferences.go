package client

import (
	"context"
	"net/http"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// Preferences are what the caller has chosen for himself.
type Preferences struct {
	Language           string `json:"language"` // a language tag, as "pt-BR"
	PreferredProfileID int    `json:"preferredProfileId"`
}

// PreferencesUpdate says what to change of [Preferences]. Its zero value changes
// nothing.
type PreferencesUpdate struct {
	Language           *string
	PreferredProfileID *int
}

// Preferences returns those of the caller.
func (c *Client) Preferences(ctx context.Context) (Preferences, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiPreferencesGet(ctx)
	}, preferencesFromWire)
}

// UpdatePreferences changes those of the caller and returns them.
func (c *Client) UpdatePreferences(ctx context.Context, update PreferencesUpdate) (Preferences, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiPreferencesPatch(ctx, wire.PreferencesUpdate{Language: update.Language, PreferredProfileID: update.PreferredProfileID})
	}, preferencesFromWire)
}

func preferencesFromWire(w wire.Preferences) Preferences {
	return Preferences{Language: w.Language, PreferredProfileID: w.PreferredProfileID}
}

// About returns the version of the server. It needs no credential.
func (c *Client) About(ctx context.Context) (version string, err error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiAboutGet(ctx)
	}, func(w wire.About) string { return w.Version })
}
