package settings

import (
	"context"
	"net/url"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/host"
)

// PublicURL returns the URL at which users reach the server. It is the operator's override, or
// else the setting, or else the URL at which this machine reaches the server. It is nil when
// none of these is known.
func (s *Settings) PublicURL(ctx context.Context) (*url.URL, error) {
	return s.PublicURLFrom(ctx, s.store)
}

// PublicURLFrom is [Settings.PublicURL], but reads the setting through r.
func (s *Settings) PublicURLFrom(ctx context.Context, r account.SettingReader) (*url.URL, error) {
	public, err := s.configuredURL(ctx, r)
	if err == nil && public == nil {
		public = s.localURL
	}
	return public, err
}

// configuredURL returns the public URL of the operator's override, or else of the setting, or
// nil.
func (s *Settings) configuredURL(ctx context.Context, r account.SettingReader) (*url.URL, error) {
	if s.publicURLOverride != nil {
		return s.publicURLOverride, nil
	}
	settings, err := account.LoadServerSettings(ctx, r)
	if err != nil || settings.PublicURL == nil {
		return nil, err
	}
	return host.ParseOrigin(*settings.PublicURL)
}
