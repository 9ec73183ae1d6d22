package account

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
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
func (s *Service) ApplicationSettings(ctx context.Context, caller *Principal) (ApplicationSettings, error) {
	if err := Allow(caller, access.ActionRead, access.EntityApplicationSettings, access.All); err != nil {
		return ApplicationSettings{}, err
	}
	return s.effectiveApplication(ctx, s.store)
}

func (s *Service) effectiveApplication(ctx context.Context, r Reader) (ApplicationSettings, error) {
	settings, err := loadApplicationSettings(ctx, r)
	if err != nil {
		return settings, err
	}
	if settings.Mail.PasswordSet, err = hasSecret(ctx, r, secretSMTPPassword); err != nil {
		return settings, err
	}
	public, err := s.configuredURL(ctx, r)
	settings.Mail.Sender = cmp.Or(settings.Mail.Sender, defaultSender(public))
	s.mailOverrides.over(&settings)
	return settings, err
}

// UpdateApplicationSettings changes all that the update names, or nothing, and
// returns the settings in effect then. What is about mail needs role 1, and a role
// can be made a default one only by who covers it. It fails as [Allow] says, with
// CodeInvalid, and with CodeSetByOperator.
func (s *Service) UpdateApplicationSettings(ctx context.Context, caller *Principal, up ApplicationUpdate) (ApplicationSettings, error) {
	if err := Allow(caller, access.ActionEdit, access.EntityApplicationSettings, access.All); err != nil {
		return ApplicationSettings{}, err
	}
	var settings ApplicationSettings
	err := s.updateSettingsAs(ctx, caller, settingApplication, deref(up.DefaultRoleIDs), func(ctx context.Context, tx Tx, caller *Principal) error {
		if err := Allow(caller, access.ActionEdit, access.EntityApplicationSettings, access.All); err != nil {
			return err
		}
		if up.MailUpdate != (MailUpdate{}) {
			if err := requireAdministrator(caller); err != nil {
				return err
			}
		}
		shown, err := s.effectiveApplication(ctx, tx)
		if err != nil {
			return err
		}
		up := up // f may run again
		if err := s.mailOverrides.keep(&up.MailUpdate, shown); err != nil {
			return err
		}
		if up.Sender != nil && *up.Sender == shown.Mail.Sender {
			up.Sender = nil // it was shown, and may be the default: it is not pinned down
		}
		was, err := loadApplicationSettings(ctx, tx)
		if err != nil {
			return err
		}
		now, err := up.apply(was)
		if err != nil {
			return err
		}
		if up.DefaultRoleIDs != nil {
			if err := mayName(ctx, tx, caller, "/defaultRoleIds", was.DefaultRoleIDs, *up.DefaultRoleIDs); err != nil {
				return err
			}
		}
		secrets, err := s.changeSecret(ctx, tx, secretSMTPPassword, "smtpAccountPassword", mailDestination(was.Mail), mailDestination(now.Mail), up.Password)
		if err != nil {
			return err
		}
		if err := s.saveApplication(ctx, tx, caller, was, now, secrets); err != nil {
			return err
		}
		settings, err = s.effectiveApplication(ctx, tx)
		return err
	})
	return settings, err
}

// saveApplication stores the settings and what changed. Where the activity log is
// turned off, that is its last entry.
func (s *Service) saveApplication(ctx context.Context, tx Tx, caller *Principal, was, now ApplicationSettings, secrets []FieldChange) error {
	changes := append(applicationChanges(now, was), secrets...)
	if len(changes) == 0 {
		return nil
	}
	event := Event{ActionSettingsUpdate, Target{Kind: access.EntityApplicationSettings}, changes}
	if !now.KeepActivity {
		if err := s.record(ctx, tx, caller, event); err != nil {
			return err
		}
	}
	if err := saveSettings(ctx, tx, settingApplication, now); err != nil || !now.KeepActivity {
		return err
	}
	return s.record(ctx, tx, caller, event)
}

// keep fails for an update of what the operator has fixed, and takes out of it
// what is the same.
func (f MailOverrides) keep(up *MailUpdate, shown ApplicationSettings) error {
	var faults []Detail
	fixed := func(field string, changes bool) {
		if changes {
			faults = append(faults, Detail{"/" + field, "is set where the server is started"})
		}
	}
	if f.Sender != "" {
		fixed("emailSender", changes(up.Sender, shown.Mail.Sender))
		up.Sender = nil
	}
	if f.Server != nil {
		m := shown.Mail
		fixed("smtpServerAddress", changesOptional(up.Server, m.Server))
		fixed("smtpServerPort", changesOptional(up.Port, m.Port))
		fixed("smtpAccount", changesOptional(up.Account, m.Account))
		fixed("smtpAccountPassword", up.Password != nil && (*up.Password == nil) == m.PasswordSet || !unchanged(up.Password) && *up.Password != nil)
		fixed("smtpUseStartTLS", changes(up.StartTLS, m.StartTLS))
		fixed("tls", changes(up.TLS, m.TLS))
		if f.Server.CA != "" {
			fixed("internalCertificate", changesOptional(up.InternalCertificate, shown.InternalCertificate))
			up.InternalCertificate = nil
		}
		*up = MailUpdate{Sender: up.Sender, InternalCertificate: up.InternalCertificate}
	}
	if len(faults) > 0 {
		return setByOperator(faults)
	}
	return nil
}

func setByOperator(faults []Detail) error {
	return &Error{Code: CodeSetByOperator, Message: "This is set where the server is started, and can be changed there alone.", Details: faults}
}

// differs reports whether a change gives a field another value, differsIn the
// same of a field that may be empty.
func changes[T comparable](up *T, now T) bool { return up != nil && *up != now }

func changesOptional[T comparable](up **T, now *T) bool {
	return up != nil && ((*up == nil) != (now == nil) || now != nil && **up != *now)
}

// apply checks the update and returns the settings after it.
func (up ApplicationUpdate) apply(a ApplicationSettings) (ApplicationSettings, error) {
	var c checker
	if deref(up.UserRegistration) {
		c.fail("/userRegistration", "must be false: users are made by those who may")
	}
	setIfPresent(&a.DefaultProfileID, up.DefaultProfileID)
	setIfPresent(&a.KeepActivity, up.KeepActivity)
	setIfPresent(&a.ActivityDays, up.ActivityDays)
	c.intRange("/logRetentionPeriod", up.ActivityDays, minActivityDays, maxActivityDays)
	if up.DefaultRoleIDs != nil {
		if a.DefaultRoleIDs = sortedUnique(*up.DefaultRoleIDs); len(a.DefaultRoleIDs) == 0 {
			c.fail("/defaultRoleIds", "must have at least one role")
		}
		c.maxItems("/defaultRoleIds", len(*up.DefaultRoleIDs), maxGroupRoles)
	}
	if setIfPresent(&a.InternalCertificate, up.InternalCertificate); up.InternalCertificate != nil {
		checkCertificates(&c, "/internalCertificate", a.InternalCertificate)
	}
	up.MailUpdate.apply(&a.Mail, &c)
	return a, c.err()
}

func (up MailUpdate) apply(m *MailSettings, c *checker) {
	setIfPresent(&m.Server, up.Server)
	setIfPresent(&m.Port, up.Port)
	setIfPresent(&m.Account, up.Account)
	setIfPresent(&m.StartTLS, up.StartTLS)
	setIfPresent(&m.TLS, up.TLS)
	setIfPresent(&m.Sender, up.Sender)
	if up.Server != nil && m.Server != nil {
		if err := host.Check(*m.Server); err != nil {
			c.fail("/smtpServerAddress", err.Error())
		}
	}
	c.intRange("/smtpServerPort", deref(up.Port), 1, maxPort)
	if password := deref(up.Password); password != nil {
		c.text("/smtpAccountPassword", password.Reveal(), maxSettingLength)
	}
	if up.Account != nil {
		c.singleLine("/smtpAccount", deref(m.Account))
	}
	if up.Sender != nil && *up.Sender != "" {
		c.email("/emailSender", *up.Sender)
	}
	switch {
	case m.StartTLS && m.TLS:
		c.fail("/tls", "and smtpUseStartTLS exclude each other: set one of them to false")
	case m.Account != nil && m.Server != nil && securityOf(*m) == MailInClear && !host.IsLoopback(*m.Server):
		c.fail("/smtpAccount", "must be null, or the connection secured: a password is never sent in clear, except to this machine")
	}
}

// changes tells the activity log what is different from before.
func applicationChanges(a ApplicationSettings, was ApplicationSettings) []FieldChange {
	var l changeList
	l.add("smtpServerAddress", orNil(was.Mail.Server), orNil(a.Mail.Server))
	l.add("smtpServerPort", orNil(was.Mail.Port), orNil(a.Mail.Port))
	l.add("smtpAccount", orNil(was.Mail.Account), orNil(a.Mail.Account))
	l.add("smtpUseStartTLS", was.Mail.StartTLS, a.Mail.StartTLS)
	l.add("tls", was.Mail.TLS, a.Mail.TLS)
	l.add("emailSender", was.Mail.Sender, a.Mail.Sender)
	l.addIDs("defaultRoleIds", was.DefaultRoleIDs, a.DefaultRoleIDs)
	l.add("defaultProfileId", was.DefaultProfileID, a.DefaultProfileID)
	l.addText("internalCertificate", was.InternalCertificate, a.InternalCertificate)
	l.add("keepAuditLog", was.KeepActivity, a.KeepActivity)
	l.add("logRetentionPeriod", was.ActivityDays, a.ActivityDays)
	return l
}

// changeList collects the fields that have another value than before.
type changeList []FieldChange

func (l *changeList) add(field string, from, to any) {
	if from != to {
		*l = append(*l, FieldChange{field, from, to})
	}
}

func (l *changeList) addIDs(field string, from, to []int64) {
	if !slices.Equal(from, to) {
		*l = append(*l, FieldChange{field, from, to})
	}
}

// addText is for a long text: it is only said to have changed.
func (l *changeList) addText(field string, from, to *string) {
	if orNil(from) != orNil(to) {
		*l = append(*l, FieldChange{Field: field})
	}
}

// put sets a field to what an update has for it, if anything.
func setIfPresent[T any](field *T, up *T) {
	if up != nil {
		*field = *up
	}
}

// checkCertificates checks that a text is certificates in PEM and nothing else.
func checkCertificates(c *checker, path string, text *string) {
	if text == nil {
		return
	}
	c.text(path, *text, maxCertificateLength)
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
		c.fail(path, "must be certificates in PEM: -----BEGIN CERTIFICATE-----")
	}
}
