package settings

import (
	"cmp"
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// ApplicationUpdate changes application settings. A nil field keeps its value. For a field of
// type **T, a pointer to nil clears the setting.
type ApplicationUpdate struct {
	UserRegistration *bool // only false is valid, because users can't register themselves
	MailUpdate
	DefaultRoleIDs   *[]int64
	DefaultProfileID *int
	KeepActivity     *bool
	ActivityDays     *int
}

// ApplicationSettings returns the settings in effect: the stored ones, with the operator's
// overrides. It fails as [account.Allow] does.
func (s *Settings) ApplicationSettings(
	ctx context.Context, caller *account.Principal,
) (account.ApplicationSettings, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityApplicationSettings, access.All); err != nil {
		return account.ApplicationSettings{}, err
	}
	return s.effectiveApplication(ctx, s.store)
}

// effectiveApplication returns the stored settings, changed by the operator's overrides. If no
// sender is set, it fills in the default sender.
func (s *Settings) effectiveApplication(
	ctx context.Context, r account.SettingReader,
) (account.ApplicationSettings, error) {
	settings, err := account.LoadApplicationSettings(ctx, r)
	if err != nil {
		return settings, err
	}
	if settings.Mail.PasswordSet, err = hasSecret(ctx, r, secretSMTPPassword); err != nil {
		return settings, err
	}
	public, err := s.configuredURL(ctx, r)
	settings.Mail.Sender = cmp.Or(settings.Mail.Sender, defaultSender(public))
	s.mailOverrides.applyTo(&settings)
	return settings, err
}

// UpdateApplicationSettings changes all fields of an update or none, and returns the settings in
// effect afterwards.
//
// Only a caller with role 1 may change settings of mail. The caller must have every permission
// of a new default role. UpdateApplicationSettings fails as [account.Allow] does, with
// CodeInvalid, and with CodeSetByOperator for a field that the operator overrides.
func (s *Settings) UpdateApplicationSettings(
	ctx context.Context, caller *account.Principal, up ApplicationUpdate,
) (account.ApplicationSettings, error) {
	permit, err := auth.Allowed(caller, access.ActionEdit, access.EntityApplicationSettings, access.All)
	if err != nil {
		return account.ApplicationSettings{}, err
	}
	return update(ctx, s, s.application(), change[account.ApplicationSettings]{
		permit: permit, roles: account.Deref(up.DefaultRoleIDs),
		apply: func(
			ctx context.Context, tx *account.Tx, caller *account.Principal, was account.ApplicationSettings,
		) (account.ApplicationSettings, []account.FieldChange, error) {
			return s.applyApplication(ctx, tx, caller, was, up)
		},
	})
}

// application returns the description of the group of application settings.
func (s *Settings) application() group[account.ApplicationSettings] {
	return group[account.ApplicationSettings]{
		name: account.SettingApplication, target: account.Target{Kind: access.EntityApplicationSettings},
		load: account.LoadApplicationSettings, show: s.effectiveApplication, changes: applicationChanges,
		stopsLog: func(now account.ApplicationSettings) bool { return !now.KeepActivity },
	}
}

// applyApplication checks an update against the caller's permissions and the operator's
// overrides. It returns the settings after the update, and the change of the SMTP password for
// the activity log.
func (s *Settings) applyApplication(
	ctx context.Context, tx *account.Tx, caller *account.Principal, was account.ApplicationSettings, up ApplicationUpdate,
) (now account.ApplicationSettings, secrets []account.FieldChange, err error) {
	if up.MailUpdate != (MailUpdate{}) {
		if err := account.RequireAdministrator(caller); err != nil {
			return now, nil, err
		}
	}
	shown, err := s.effectiveApplication(ctx, tx)
	if err != nil {
		return now, nil, err
	}
	if err := s.mailOverrides.rejectChanges(&up.MailUpdate, shown); err != nil {
		return now, nil, err
	}
	if up.Sender != nil && *up.Sender == shown.Mail.Sender {
		up.Sender = nil // the caller may have sent back the default sender, which must not become a stored setting
	}
	if now, err = up.apply(was); err != nil {
		return now, nil, err
	}
	if up.DefaultRoleIDs != nil {
		if err := requireMayName(ctx, tx, caller, "/defaultRoleIds", was.DefaultRoleIDs, *up.DefaultRoleIDs); err != nil {
			return now, nil, err
		}
	}
	secrets, err = s.changeSecret(ctx, tx, secretChange{
		name: secretSMTPPassword, field: "smtpAccountPassword",
		was: mailDestination(was.Mail), now: mailDestination(now.Mail), update: up.Password,
	})
	return now, secrets, err
}

// apply returns a with the update applied. If a value is invalid, it fails with CodeInvalid.
func (up ApplicationUpdate) apply(a account.ApplicationSettings) (account.ApplicationSettings, error) {
	var c account.Checker
	if account.Deref(up.UserRegistration) {
		c.Fail("/userRegistration", "must be false: users are made by those who may")
	}
	account.SetIfPresent(&a.DefaultProfileID, up.DefaultProfileID)
	account.SetIfPresent(&a.KeepActivity, up.KeepActivity)
	account.SetIfPresent(&a.ActivityDays, up.ActivityDays)
	c.IntRange("/logRetentionPeriod", up.ActivityDays, account.MinActivityDays, account.MaxActivityDays)
	if up.DefaultRoleIDs != nil {
		if a.DefaultRoleIDs = account.SortedUnique(*up.DefaultRoleIDs); len(a.DefaultRoleIDs) == 0 {
			c.Fail("/defaultRoleIds", "must have at least one role")
		}
		c.MaxItems("/defaultRoleIds", len(*up.DefaultRoleIDs), maxGroupRoles)
	}
	if account.SetIfPresent(&a.InternalCertificate, up.InternalCertificate); up.InternalCertificate != nil {
		checkCertificates(&c, "/internalCertificate", a.InternalCertificate)
	}
	up.MailUpdate.apply(&a.Mail, &c)
	return a, c.Err()
}

// applicationChanges lists the changed fields for the activity log.
func applicationChanges(now, was account.ApplicationSettings) []account.FieldChange {
	var l account.ChangeList
	l.Add("smtpServerAddress", account.ValueOrNil(was.Mail.Server), account.ValueOrNil(now.Mail.Server))
	l.Add("smtpServerPort", account.ValueOrNil(was.Mail.Port), account.ValueOrNil(now.Mail.Port))
	l.Add("smtpAccount", account.ValueOrNil(was.Mail.Account), account.ValueOrNil(now.Mail.Account))
	l.Add("smtpUseStartTLS", was.Mail.StartTLS, now.Mail.StartTLS)
	l.Add("tls", was.Mail.TLS, now.Mail.TLS)
	l.Add("emailSender", was.Mail.Sender, now.Mail.Sender)
	l.AddIDs("defaultRoleIds", was.DefaultRoleIDs, now.DefaultRoleIDs)
	l.Add("defaultProfileId", was.DefaultProfileID, now.DefaultProfileID)
	l.AddWithoutValues("internalCertificate", was.InternalCertificate, now.InternalCertificate)
	l.Add("keepAuditLog", was.KeepActivity, now.KeepActivity)
	l.Add("logRetentionPeriod", was.ActivityDays, now.ActivityDays)
	return l
}
