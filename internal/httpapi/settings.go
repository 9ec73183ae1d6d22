package httpapi

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

func (h handlers) ApiApplicationSettingsGet(ctx context.Context, _ wire.ApiApplicationSettingsGetRequestObject) (wire.ApiApplicationSettingsGetResponseObject, error) {
	s, err := h.accounts.ApplicationSettings(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiApplicationSettingsGet200JSONResponse(applicationSettings(s)), nil
}

func (h handlers) ApiApplicationSettingsPatch(ctx context.Context, r wire.ApiApplicationSettingsPatchRequestObject) (wire.ApiApplicationSettingsPatchResponseObject, error) {
	s, err := h.accounts.UpdateApplicationSettings(ctx, requestOf(ctx).caller, applicationUpdate(*r.Body))
	if err != nil {
		return nil, err
	}
	return wire.ApiApplicationSettingsPatch200JSONResponse(applicationSettings(s)), nil
}

func (h handlers) ApiApplicationSettingsTestMessagePost(ctx context.Context, _ wire.ApiApplicationSettingsTestMessagePostRequestObject) (wire.ApiApplicationSettingsTestMessagePostResponseObject, error) {
	d, err := h.accounts.SendTestMessage(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiApplicationSettingsTestMessagePost200JSONResponse{Delivered: d.Cause == "", Recipient: d.Recipient, Cause: text(d.Cause)}, nil
}

func (h handlers) ApiServerSettingsGet(ctx context.Context, _ wire.ApiServerSettingsGetRequestObject) (wire.ApiServerSettingsGetResponseObject, error) {
	s, err := h.accounts.ServerSettings(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiServerSettingsGet200JSONResponse(serverSettings(s)), nil
}

func (h handlers) ApiServerSettingsPatch(ctx context.Context, r wire.ApiServerSettingsPatchRequestObject) (wire.ApiServerSettingsPatchResponseObject, error) {
	s, err := h.accounts.UpdateServerSettings(ctx, requestOf(ctx).caller, settings.ServerUpdate{
		PublicURL: clearable(r.Body.PublicURL), SenderName: r.Body.EmailSenderName,
		SessionIdle: span(r.Body.SessionIdleMinutes, time.Minute), SessionAbsolute: span(r.Body.SessionAbsoluteMinutes, time.Minute),
	})
	if err != nil {
		return nil, err
	}
	return wire.ApiServerSettingsPatch200JSONResponse(serverSettings(s)), nil
}

func (h handlers) ApiLockoutPolicyGet(ctx context.Context, _ wire.ApiLockoutPolicyGetRequestObject) (wire.ApiLockoutPolicyGetResponseObject, error) {
	p, err := h.accounts.LockoutPolicy(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiLockoutPolicyGet200JSONResponse{
		Enabled: p.Enabled, FailedAttemptThreshold: p.Threshold,
		FailedAttemptPeriod: int(p.Period / time.Second), LockoutDuration: int(p.Duration / time.Second),
	}, nil
}

func (h handlers) ApiLockoutPolicyPatch(ctx context.Context, r wire.ApiLockoutPolicyPatchRequestObject) (wire.ApiLockoutPolicyPatchResponseObject, error) {
	err := h.accounts.UpdateLockoutPolicy(ctx, requestOf(ctx).caller, settings.LockoutUpdate{
		Enabled: r.Body.Enabled, Threshold: r.Body.FailedAttemptThreshold,
		Period: span(r.Body.FailedAttemptPeriod, time.Second), Duration: span(r.Body.LockoutDuration, time.Second),
	})
	if err != nil {
		return nil, err
	}
	return wire.ApiLockoutPolicyPatch200JSONResponse(nil), nil
}

func (h handlers) ApiPreferencesGet(ctx context.Context, _ wire.ApiPreferencesGetRequestObject) (wire.ApiPreferencesGetResponseObject, error) {
	p, err := h.accounts.Preferences(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiPreferencesGet200JSONResponse{Language: p.Language, PreferredProfileID: p.ProfileID}, nil
}

func (h handlers) ApiPreferencesPatch(ctx context.Context, r wire.ApiPreferencesPatchRequestObject) (wire.ApiPreferencesPatchResponseObject, error) {
	p, err := h.accounts.UpdatePreferences(ctx, requestOf(ctx).caller, account.PreferencesUpdate{
		Language: r.Body.Language, ProfileID: r.Body.PreferredProfileID,
	})
	if err != nil {
		return nil, err
	}
	return wire.ApiPreferencesPatch200JSONResponse{Language: p.Language, PreferredProfileID: p.ProfileID}, nil
}

func (h handlers) ApiAboutGet(context.Context, wire.ApiAboutGetRequestObject) (wire.ApiAboutGetResponseObject, error) {
	return wire.ApiAboutGet200JSONResponse{Version: h.version}, nil
}

func applicationSettings(s account.ApplicationSettings) wire.ApplicationSettings {
	return wire.ApplicationSettings{
		SMTPServerAddress: s.Mail.Server, SMTPServerPort: s.Mail.Port, SMTPAccount: s.Mail.Account,
		SMTPAccountPassword: mask(s.Mail.PasswordSet), SMTPUseStartTLS: s.Mail.StartTLS, TLS: s.Mail.TLS, EmailSender: s.Mail.Sender,
		DefaultRoleIDs: list(s.DefaultRoleIDs), DefaultProfileID: s.DefaultProfileID, InternalCertificate: s.InternalCertificate,
		KeepAuditLog: s.KeepActivity, LogRetentionPeriod: s.ActivityDays,
	}
}

func applicationUpdate(u wire.ApplicationSettingsUpdate) settings.ApplicationUpdate {
	return settings.ApplicationUpdate{
		UserRegistration: u.UserRegistration,
		MailUpdate: settings.MailUpdate{
			Server: clearable(u.SMTPServerAddress), Port: clearable(u.SMTPServerPort), Account: clearable(u.SMTPAccount),
			Password: clearableSecret(u.SMTPAccountPassword), StartTLS: u.SMTPUseStartTLS, TLS: u.TLS, Sender: u.EmailSender,
			InternalCertificate: clearable(u.InternalCertificate),
		},
		DefaultRoleIDs: u.DefaultRoleIDs, DefaultProfileID: u.DefaultProfileID,
		KeepActivity: u.KeepAuditLog, ActivityDays: u.LogRetentionPeriod,
	}
}

func serverSettings(s account.ServerSettings) wire.ServerSettings {
	return wire.ServerSettings{
		PublicURL: s.PublicURL, EmailSenderName: s.SenderName,
		SessionIdleMinutes: int(s.SessionIdle / time.Minute), SessionAbsoluteMinutes: int(s.SessionAbsolute / time.Minute),
	}
}
