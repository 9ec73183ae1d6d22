package settings

import (
	"cmp"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// rejectChanges fails with CodeSetByOperator for an update of an overridden setting, and
// removes from the update what equals its override.
func (f MailOverrides) rejectChanges(up *MailUpdate, shown account.ApplicationSettings) error {
	var faults []account.Detail
	fixed := func(field string, changes bool) {
		if changes {
			faults = append(faults, account.Detail{Path: "/" + field, Message: "is set where the server is started"})
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

// FixedSettings says which settings the operator has fixed, where the server was
// started. Nobody can change these while it runs.
type SettingOverrides struct {
	PublicURL   bool
	MailServer  bool // with its port, account, password and security
	Certificate bool // those to trust beside the system's
	Sender      bool
	SenderName  bool
}

// FixedSettings returns which settings are fixed. It is no secret: an update of one
// fails with CodeSetByOperator.
func (s *Settings) SettingOverrides() SettingOverrides {
	m := s.mailOverrides
	return SettingOverrides{
		PublicURL: s.publicURLOverride != nil, MailServer: m.Server != nil, Certificate: m.Server != nil && m.Server.CA != "",
		Sender: m.Sender != "", SenderName: m.SenderName != "",
	}
}

// FixedMail is what the operator has fixed, where the server was started, of how
// mail leaves. It goes before the settings, which cannot change it.
type MailOverrides struct {
	Server     *account.MailServer // nil: the settings say
	Sender     string              // "": the settings say; likewise below
	SenderName string
}

// applyTo puts the overrides in the place of the settings.
func (f MailOverrides) applyTo(a *account.ApplicationSettings) {
	a.Mail.Sender = cmp.Or(f.Sender, a.Mail.Sender)
	if f.Server == nil {
		return
	}
	fixed := f.Server
	a.Mail.Server, a.Mail.Port, a.Mail.Account = &fixed.Host, account.NilIfZero(fixed.Port), account.NilIfZero(fixed.Account)
	a.Mail.StartTLS, a.Mail.TLS = fixed.Security == account.MailStartTLS, fixed.Security == account.MailTLS
	a.Mail.PasswordSet = !fixed.Password.Empty()
	if fixed.CA != "" {
		a.InternalCertificate = &fixed.CA
	}
}
