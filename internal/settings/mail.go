package settings

import (
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// maxPort is the highest TCP port.
const maxPort = 65535

// MailUpdate is the part of an [ApplicationUpdate] that changes how mail is sent. Only an
// administrator may change these settings.
type MailUpdate struct {
	Server              **string
	Port                **int
	Account             **string
	Password            **secret.Text
	StartTLS            *bool
	TLS                 *bool
	Sender              *string // "": use the default sender
	InternalCertificate **string
}

// apply applies the update to m, except the password and the certificate, and adds errors to c.
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
		c.Fail("/smtpAccount", "must be null, or the connection secured: "+
			"a password is never sent in clear, except to this machine")
	}
}
