package settings

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// ApplicationUpdate changes application settings. What is nil stays as it is; a
// nil inside clears a field that may be empty.
type ApplicationUpdate struct {
	UserRegistration *bool // false alone: nobody registers himself
	MailUpdate
	DefaultRoleIDs   *[]int64
	DefaultProfileID *int
	KeepActivity     *bool
	ActivityDays     *int
}

// MailUpdate changes what only an administrator may: where mail goes.
type MailUpdate struct {
	Server              **string
	Port                **int
	Account             **string
	Password            **secret.Text
	StartTLS            *bool
	TLS                 *bool
	Sender              *string // "": the default
	InternalCertificate **string
}

// ApplicationSettings returns the settings as they are in effect: what the
// operator has fixed is in its place. It fails as [Allow] says.
func (s *Settings) ApplicationSettings(ctx context.Context, caller *account.Principal) (account.ApplicationSettings, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityApplicationSettings, access.All); err != nil {
		return account.ApplicationSettings{}, err
	}
	return s.effectiveApplication(ctx, s.store)
}

func (s *Settings) effectiveApplication(ctx context.Context, r account.SettingReader) (account.ApplicationSettings, error) {
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

// UpdateApplicationSettings changes all that the update names, or nothing, and
// returns the settings in effect then. What is about mail needs role 1, and a role
// can be made a default one only by who covers it. It fails as [Allow] says, with
// CodeInvalid, and with CodeSetByOperator.
func (s *Settings) UpdateApplicationSettings(ctx context.Context, caller *account.Principal, up ApplicationUpdate) (account.ApplicationSettings, error) {
	permit, err := auth.Allowed(caller, access.ActionEdit, access.EntityApplicationSettings, access.All)
	if err != nil {
		return account.ApplicationSettings{}, err
	}
	return update(ctx, s, s.application(), change[account.ApplicationSettings]{
		permit: permit, roles: account.Deref(up.DefaultRoleIDs),
		apply: func(ctx context.Context, tx account.Tx, caller *account.Principal, was account.ApplicationSettings) (account.ApplicationSettings, []account.FieldChange, error) {
			return s.applyApplication(ctx, tx, caller, was, up)
		},
	})
}

// application describes the group of the application settings.
func (s *Settings) application() group[account.ApplicationSettings] {
	return group[account.ApplicationSettings]{
		name: account.SettingApplication, target: account.Target{Kind: access.EntityApplicationSettings},
		load: account.LoadApplicationSettings, show: s.effectiveApplication, changes: applicationChanges,
		stopsLog: func(now account.ApplicationSettings) bool { return !now.KeepActivity },
	}
}

// applyApplication checks an update against the caller's rights and the overrides, and
// returns the settings after it with the change of the SMTP password.
func (s *Settings) applyApplication(
	ctx context.Context, tx account.Tx, caller *account.Principal, was account.ApplicationSettings, up ApplicationUpdate,
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
		up.Sender = nil // the shown value may be the default, which must not become a setting
	}
	if now, err = up.apply(was); err != nil {
		return now, nil, err
	}
	if up.DefaultRoleIDs != nil {
		if err := requireMayName(ctx, tx, caller, "/defaultRoleIds", was.DefaultRoleIDs, *up.DefaultRoleIDs); err != nil {
			return now, nil, err
		}
	}
	secrets, err = s.changeSecret(ctx, tx, secretSMTPPassword, "smtpAccountPassword", mailDestination(was.Mail), mailDestination(now.Mail), up.Password)
	return now, secrets, err
}

func setByOperator(faults []account.Detail) error {
	return &account.Error{Code: account.CodeSetByOperator, Message: "This is set where the server is started, and can be changed there alone.", Details: faults}
}

// differs reports whether a change gives a field another value, differsIn the
// same of a field that may be empty.
func changes[T comparable](up *T, now T) bool { return up != nil && *up != now }

func changesOptional[T comparable](up **T, now *T) bool {
	return up != nil && ((*up == nil) != (now == nil) || now != nil && **up != *now)
}

// apply checks the update and returns the settings after it.
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

func (up MailUpdate) apply(m *account.MailSettings, c *account.Checker) {
	account.SetIfPresent(&m.Server, up.Server)
	account.SetIfPresent(&m.Port, up.Port)
	account.SetIfPresent(&m.Account, up.Account)
	account.SetIfPresent(&m.StartTLS, up.StartTLS)
	account.SetIfPresent(&m.TLS, up.TLS)
	account.SetIfPresent(&m.Sender, up.Sender)
	if up.Server != nil && m.Server != nil {
		if err := host.Check(*m.Server); err != nil {
			c.Fail("/smtpServerAddress", err.Error())
		}
	}
	c.IntRange("/smtpServerPort", account.Deref(up.Port), 1, maxPort)
	if password := account.Deref(up.Password); password != nil {
		c.Text("/smtpAccountPassword", password.Reveal(), maxSettingLength)
	}
	if up.Account != nil {
		c.SingleLine("/smtpAccount", account.Deref(m.Account))
	}
	if up.Sender != nil && *up.Sender != "" {
		c.Email("/emailSender", *up.Sender)
	}
	switch {
	case m.StartTLS && m.TLS:
		c.Fail("/tls", "and smtpUseStartTLS exclude each other: set one of them to false")
	case m.Account != nil && m.Server != nil && securityOf(*m) == account.MailUnencrypted && !host.IsLoopback(*m.Server):
		c.Fail("/smtpAccount", "must be null, or the connection secured: a password is never sent in clear, except to this machine")
	}
}

// changes tells the activity log what is different from before.
func applicationChanges(a account.ApplicationSettings, was account.ApplicationSettings) []account.FieldChange {
	var l account.ChangeList
	l.Add("smtpServerAddress", account.ValueOrNil(was.Mail.Server), account.ValueOrNil(a.Mail.Server))
	l.Add("smtpServerPort", account.ValueOrNil(was.Mail.Port), account.ValueOrNil(a.Mail.Port))
	l.Add("smtpAccount", account.ValueOrNil(was.Mail.Account), account.ValueOrNil(a.Mail.Account))
	l.Add("smtpUseStartTLS", was.Mail.StartTLS, a.Mail.StartTLS)
	l.Add("tls", was.Mail.TLS, a.Mail.TLS)
	l.Add("emailSender", was.Mail.Sender, a.Mail.Sender)
	l.AddIDs("defaultRoleIds", was.DefaultRoleIDs, a.DefaultRoleIDs)
	l.Add("defaultProfileId", was.DefaultProfileID, a.DefaultProfileID)
	l.AddWithoutValues("internalCertificate", was.InternalCertificate, a.InternalCertificate)
	l.Add("keepAuditLog", was.KeepActivity, a.KeepActivity)
	l.Add("logRetentionPeriod", was.ActivityDays, a.ActivityDays)
	return l
}

// checkCertificates checks that a text is certificates in PEM and nothing else.
func checkCertificates(c *account.Checker, path string, text *string) {
	if text == nil {
		return
	}
	c.Text(path, *text, maxCertificateLength)
	rest, found := []byte(strings.TrimSpace(*text)), false
	for len(rest) > 0 {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			found = false
			break
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			found = false
			break
		}
		found = true
	}
	if !found {
		c.Fail(path, "must be certificates in PEM: -----BEGIN CERTIFICATE-----")
	}
}
