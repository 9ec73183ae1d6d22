package service_test

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

func init() {
	for name, call := range map[string]func(context.Context, *service.Service, *account.Principal) (any, error){
		"ApplicationSettings": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.ApplicationSettings(ctx, p)
		},
		"UpdateApplicationSettings": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.UpdateApplicationSettings(ctx, p, settings.ApplicationUpdate{DefaultProfileID: ptr(2)})
		},
		"SendTestMessage": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.SendTestMessage(ctx, p)
		},
		"ServerSettings": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.ServerSettings(ctx, p)
		},
		"UpdateServerSettings": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.UpdateServerSettings(ctx, p, settings.ServerUpdate{SenderName: ptr("x")})
		},
		"LockoutPolicy": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.LockoutPolicy(ctx, p)
		},
		"UpdateLockoutPolicy": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return nil, s.UpdateLockoutPolicy(ctx, p, settings.LockoutUpdate{Threshold: ptr(5)})
		},
		"Preferences": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.Preferences(ctx, p)
		},
		"UpdatePreferences": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.UpdatePreferences(ctx, p, account.PreferencesUpdate{ProfileID: ptr(2)})
		},
		"LDAPConfiguration": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.LDAPConfiguration(ctx, p)
		},
		"UpdateLDAPConfiguration": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.UpdateLDAPConfiguration(ctx, p, settings.LDAPUpdate{})
		},
		"SAMLConfiguration": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.SAMLConfiguration(ctx, p)
		},
		"UpdateSAMLConfiguration": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.UpdateSAMLConfiguration(ctx, p, settings.SAMLUpdate{})
		},
		"RenewSAMLCertificate": func(ctx context.Context, s *service.Service, p *account.Principal) (any, error) {
			return s.RenewSAMLCertificate(ctx, p)
		},
	} {
		operations[name] = func(ctx context.Context, s *service.Service, p *account.Principal) error {
			_, err := call(ctx, s, p)
			return err
		}
	}
}
