package settings

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// MailRoute tells how to send mail now. The operator's overrides take precedence over the
// settings. MailRoute fails when the stored password can't be decrypted.
func (s *Settings) MailRoute(ctx context.Context) (account.MailRoute, error) {
	route, err := s.mailRoute(ctx)
	if errors.Is(err, keyring.ErrNotOpened) {
		// The settings and their secret are read one after the other. If the settings change
		// between the two reads, the secret is encrypted for another server or account. Read
		// both again.
		return s.mailRoute(ctx)
	}
	return route, err
}

func (s *Settings) mailRoute(ctx context.Context) (account.MailRoute, error) {
	application, err := s.effectiveApplication(ctx, s.store)
	if err != nil {
		return account.MailRoute{}, err
	}
	server, err := s.effectiveServer(ctx, s.store)
	if err != nil {
		return account.MailRoute{}, err
	}
	m := application.Mail
	route := account.MailRoute{Sender: m.Sender, SenderName: server.SenderName}
	switch {
	case s.mailOverrides.Server != nil:
		override := *s.mailOverrides.Server
		override.CA = account.Deref(application.InternalCertificate)
		route.Server = &override
	case m.Server != nil:
		route.Server = &account.MailServer{
			Host: *m.Server, Port: account.Deref(m.Port), Security: securityOf(m), Account: account.Deref(m.Account),
			CA: account.Deref(application.InternalCertificate),
		}
		if m.Account != nil { // a stored password is used only with an account
			route.Server.Password, err = s.openSecret(ctx, s.store, secretSMTPPassword, mailDestination(m))
		}
	}
	return route, err
}

// securityOf returns how the connection to the mail server is secured.
func securityOf(m account.MailSettings) account.MailSecurity {
	switch {
	case m.TLS:
		return account.MailTLS
	case m.StartTLS:
		return account.MailStartTLS
	}
	return account.MailUnencrypted
}

// mailDestination returns the server and the account that the SMTP password is sent to.
func mailDestination(m account.MailSettings) destination {
	return destination{
		account.Deref(m.Server), strconv.Itoa(account.Deref(m.Port)), string(securityOf(m)), account.Deref(m.Account),
	}
}

// defaultSender returns the sender address for settings that name none. Its domain is the host
// of the public URL. public may be nil.
func defaultSender(public *url.URL) string {
	if public == nil || net.ParseIP(public.Hostname()) != nil {
		return "usher@localhost"
	}
	return "usher@" + public.Hostname()
}
