package httpapi

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/settings"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// settingsService reads and changes the settings of the server and the preferences of the caller.
type settingsService interface {
	ApplicationSettings(ctx context.Context, caller *account.Principal) (account.ApplicationSettings, error)
	UpdateApplicationSettings(
		ctx context.Context, caller *account.Principal, update settings.ApplicationUpdate,
	) (account.ApplicationSettings, error)
	ServerSettings(ctx context.Context, caller *account.Principal) (account.ServerSettings, error)
	UpdateServerSettings(
		ctx context.Context, caller *account.Principal, update settings.ServerUpdate,
	) (account.ServerSettings, error)
	LockoutPolicy(ctx context.Context, caller *account.Principal) (lockout.Policy, error)
	UpdateLockoutPolicy(ctx context.Context, caller *account.Principal, update settings.LockoutUpdate) error
	Preferences(ctx context.Context, caller *account.Principal) (account.Preferences, error)
	UpdatePreferences(
		ctx context.Context, caller *account.Principal, update account.PreferencesUpdate,
	) (account.Preferences, error)
}

type settingsHandlers struct {
	service settingsService
	version string // of the program
}

func (h settingsHandlers) ApiAboutGet(
	context.Context, wire.ApiAboutGetRequestObject,
) (wire.ApiAboutGetResponseObject, error) {
	return wire.ApiAboutGet200JSONResponse{Version: h.version}, nil
}

func (h settingsHandlers) ApiApplicationSettingsGet(
	ctx context.Context, _ wire.ApiApplicationSettingsGetRequestObject,
) (wire.ApiApplicationSettingsGetResponseObject, error) {
	s, err := h.service.ApplicationSettings(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiApplicationSettingsGet200JSONResponse(wireApplicationSettings(s)), nil
}

func (h settingsHandlers) ApiApplicationSettingsPatch(
	ctx context.Context, r wire.ApiApplicationSettingsPatchRequestObject,
) (wire.ApiApplicationSettingsPatchResponseObject, error) {
	s, err := h.service.UpdateApplicationSettings(ctx, requestOf(ctx).caller, applicationUpdate(*r.Body))
	if err != nil {
		return nil, err
	}
	return wire.ApiApplicationSettingsPatch200JSONResponse(wireApplicationSettings(s)), nil
}

func (h settingsHandlers) ApiServerSettingsGet(
	ctx context.Context, _ wire.ApiServerSettingsGetRequestObject,
) (wire.ApiServerSettingsGetResponseObject, error) {
	s, err := h.service.ServerSettings(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiServerSettingsGet200JSONResponse(wireServerSettings(s)), nil
}

func (h settingsHandlers) ApiServerSettingsPatch(
	ctx context.Context, r wire.ApiServerSettingsPatchRequestObject,
) (wire.ApiServerSettingsPatchResponseObject, error) {
	s, err := h.service.UpdateServerSettings(ctx, requestOf(ctx).caller, settings.ServerUpdate{
		PublicURL: clearable(r.Body.PublicURL), SenderName: r.Body.EmailSenderName,
		SessionIdle:     duration(r.Body.SessionIdleMinutes, time.Minute),
		SessionAbsolute: duration(r.Body.SessionAbsoluteMinutes, time.Minute),
	})
	if err != nil {
		return nil, err
	}
	return wire.ApiServerSettingsPatch200JSONResponse(wireServerSettings(s)), nil
}

func (h settingsHandlers) ApiLockoutPolicyGet(
	ctx context.Context, _ wire.ApiLockoutPolicyGetRequestObject,
) (wire.ApiLockoutPolicyGetResponseObject, error) {
	p, err := h.service.LockoutPolicy(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiLockoutPolicyGet200JSONResponse{
		Enabled: p.Enabled, FailedAttemptThreshold: p.Threshold,
		FailedAttemptPeriod: int(p.Period / time.Second), LockoutDuration: int(p.Duration / time.Second),
	}, nil
}

func (h settingsHandlers) ApiLockoutPolicyPatch(
	ctx context.Context, r wire.ApiLockoutPolicyPatchRequestObject,
) (wire.ApiLockoutPolicyPatchResponseObject, error) {
	err := h.service.UpdateLockoutPolicy(ctx, requestOf(ctx).caller, settings.LockoutUpdate{
		Enabled: r.Body.Enabled, Threshold: r.Body.FailedAttemptThreshold,
		Period:   duration(r.Body.FailedAttemptPeriod, time.Second),
		Duration: duration(r.Body.LockoutDuration, time.Second),
	})
	if err != nil {
		return nil, err
	}
	return wire.ApiLockoutPolicyPatch200JSONResponse(nil), nil
}

func (h settingsHandlers) ApiPreferencesGet(
	ctx context.Context, _ wire.ApiPreferencesGetRequestObject,
) (wire.ApiPreferencesGetResponseObject, error) {
	p, err := h.service.Preferences(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiPreferencesGet200JSONResponse{Language: p.Language, PreferredProfileID: p.ProfileID}, nil
}

func (h settingsHandlers) ApiPreferencesPatch(
	ctx context.Context, r wire.ApiPreferencesPatchRequestObject,
) (wire.ApiPreferencesPatchResponseObject, error) {
	p, err := h.service.UpdatePreferences(ctx, requestOf(ctx).caller, account.PreferencesUpdate{
		Language: r.Body.Language, ProfileID: r.Body.PreferredProfileID,
	})
	if err != nil {
		return nil, err
	}
	return wire.ApiPreferencesPatch200JSONResponse{Language: p.Language, PreferredProfileID: p.ProfileID}, nil
}

func wireApplicationSettings(s account.ApplicationSettings) wire.ApplicationSettings {
	return wire.ApplicationSettings{
		SMTPServerAddress: s.Mail.Server, SMTPServerPort: s.Mail.Port, SMTPAccount: s.Mail.Account,
		SMTPAccountPassword: mask(s.Mail.PasswordSet), SMTPUseStartTLS: s.Mail.StartTLS, TLS: s.Mail.TLS,
		EmailSender: s.Mail.Sender, InternalCertificate: s.InternalCertificate,
		DefaultRoleIDs: emptyIfNil(s.DefaultRoleIDs), DefaultProfileID: s.DefaultProfileID,
		KeepAuditLog: s.KeepActivity, LogRetentionPeriod: s.ActivityDays,
	}
}

func applicationUpdate(u wire.ApplicationSettingsUpdate) settings.ApplicationUpdate {
	return settings.ApplicationUpdate{
		UserRegistration: u.UserRegistration,
		MailUpdate: settings.MailUpdate{
			Server: clearable(u.SMTPServerAddress), Port: clearable(u.SMTPServerPort), Account: clearable(u.SMTPAccount),
			Password: clearableSecret(u.SMTPAccountPassword), StartTLS: u.SMTPUseStartTLS, TLS: u.TLS,
			Sender: u.EmailSender, InternalCertificate: clearable(u.InternalCertificate),
		},
		DefaultRoleIDs: u.DefaultRoleIDs, DefaultProfileID: u.DefaultProfileID,
		KeepActivity: u.KeepAuditLog, ActivityDays: u.LogRetentionPeriod,
	}
}

func wireServerSettings(s account.ServerSettings) wire.ServerSettings {
	return wire.ServerSettings{
		PublicURL: s.PublicURL, EmailSenderName: s.SenderName,
		SessionIdleMinutes:     int(s.SessionIdle / time.Minute),
		SessionAbsoluteMinutes: int(s.SessionAbsolute / time.Minute),
	}
}
