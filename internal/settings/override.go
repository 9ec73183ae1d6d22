package settings

import (
	"cmp"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// SettingOverrides tells which settings the operator has overridden when starting the server. An
// update that changes such a setting fails with CodeSetByOperator.
type SettingOverrides struct {
	PublicURL   bool
	MailServer  bool // and with the server its port, account, password and security
	Certificate bool // certificates that are trusted in addition to the system's
	Sender      bool
	SenderName  bool
}

// SettingOverrides returns which settings the operator overrides. It needs no permission.
func (s *Settings) SettingOverrides() SettingOverrides {
	m := s.mailOverrides
	return SettingOverrides{
		PublicURL: s.publicURLOverride != nil, MailServer: m.Server != nil,
		Certificate: m.Server != nil && m.Server.CA != "",
		Sender:      m.Sender != "", SenderName: m.SenderName != "",
	}
}

// MailOverrides are the operator's own settings of mail. They take precedence over the stored
// settings and can't be changed by an update.
type MailOverrides struct {
	Server     *account.MailServer // nil: the stored setting applies
	Sender     string              // "": the stored setting applies
	SenderName string              // "": the stored setting applies
}

// applyTo sets the overridden fields of a to their overrides.
func (o MailOverrides) applyTo(a *account.ApplicationSettings) {
	a.Mail.Sender = cmp.Or(o.Sender, a.Mail.Sender)
	if o.Server == nil {
		return
	}
	server := o.Server
	a.Mail.Server, a.Mail.Port = &server.Host, account.NilIfZero(server.Port)
	a.Mail.Account = account.NilIfZero(server.Account)
	a.Mail.StartTLS, a.Mail.TLS = server.Security == account.MailStartTLS, server.Security == account.MailTLS
	a.Mail.PasswordSet = !server.Password.Empty()
	if server.CA != "" {
		a.InternalCertificate = &server.CA
	}
}

// rejectChanges fails with CodeSetByOperator for an update that changes an overridden setting.
// It removes overridden fields from up, because clients may send back the values in effect.
// shown are these settings in effect.
func (o MailOverrides) rejectChanges(up *MailUpdate, shown account.ApplicationSettings) error {
	var rejected []account.Detail
	reject := func(field string, changed bool) {
		if changed {
			rejected = append(rejected, account.Detail{Path: "/" + field, Message: "is set where the server is started"})
		}
	}
	if o.Sender != "" {
		reject("emailSender", changes(up.Sender, shown.Mail.Sender))
		up.Sender = nil
	}
	if o.Server != nil {
		m := shown.Mail
		reject("smtpServerAddress", changesOptional(up.Server, m.Server))
		reject("smtpServerPort", changesOptional(up.Port, m.Port))
		reject("smtpAccount", changesOptional(up.Account, m.Account))
		cleared := up.Password != nil && *up.Password == nil
		replaced := up.Password != nil && *up.Password != nil
		reject("smtpAccountPassword", cleared && m.PasswordSet || replaced && !(m.PasswordSet && unchanged(up.Password)))
		reject("smtpUseStartTLS", changes(up.StartTLS, m.StartTLS))
		reject("tls", changes(up.TLS, m.TLS))
		if o.Server.CA != "" {
			reject("internalCertificate", changesOptional(up.InternalCertificate, shown.InternalCertificate))
			up.InternalCertificate = nil
		}
		*up = MailUpdate{Sender: up.Sender, InternalCertificate: up.InternalCertificate}
	}
	if len(rejected) > 0 {
		return setByOperator(rejected)
	}
	return nil
}

func setByOperator(details []account.Detail) error {
	return &account.Error{
		Code:    account.CodeSetByOperator,
		Message: "This is set where the server is started, and can be changed there alone.", Details: details,
	}
}

// changes reports whether an update changes a field whose value is now.
func changes[T comparable](up *T, now T) bool { return up != nil && *up != now }

// changesOptional is [changes] for an optional field, which may be nil.
func changesOptional[T comparable](up **T, now *T) bool {
	return up != nil && ((*up == nil) != (now == nil) || now != nil && **up != *now)
}
