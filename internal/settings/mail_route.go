package settings

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// MailRoute returns how mail leaves at this moment. It fails when the stored
// password cannot be opened.
func (s *Settings) MailRoute(ctx context.Context) (account.MailRoute, error) {
	route, err := s.mailRoute(ctx)
	if errors.Is(err, keyring.ErrNotOpened) { // the settings may have changed between two reads
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
		fixed := *s.mailOverrides.Server
		fixed.CA = account.Deref(application.InternalCertificate)
		route.Server = &fixed
	case m.Server != nil:
		route.Server = &account.MailServer{
			Host: *m.Server, Port: account.Deref(m.Port), Security: securityOf(m), Account: account.Deref(m.Account),
			CA: account.Deref(application.InternalCertificate),
		}
		if m.Account != nil { // a password without an account is of no use
			route.Server.Password, err = s.openSecret(ctx, s.store, secretSMTPPassword, mailDestination(m))
		}
	}
	return route, err
}

// security is how the settings secure the connection.
func securityOf(m account.MailSettings) account.MailSecurity {
	switch {
	case m.TLS:
		return account.MailTLS
	case m.StartTLS:
		return account.MailStartTLS
	}
	return account.MailUnencrypted
}

// destination is where the password of the account is sent to.
func mailDestination(m account.MailSettings) destination {
	return destination{account.Deref(m.Server), strconv.Itoa(account.Deref(m.Port)), string(securityOf(m)), account.Deref(m.Account)}
}

// defaultSender is the address that messages come from where none is set: one at
// the host of the public URL, which may be nil.
func defaultSender(public *url.URL) string {
	if public == nil || net.ParseIP(public.Hostname()) != nil {
		return "usher@localhost"
	}
	return "usher@" + public.Hostname()
}

// PublicURL returns where people reach the server: what the operator has fixed,
// or the settings say, or where this machine reaches it; nil if nobody knows.
func (s *Settings) PublicURL(ctx context.Context) (*url.URL, error) {
	return s.PublicURLFrom(ctx, s.store)
}

func (s *Settings) PublicURLFrom(ctx context.Context, r account.SettingReader) (*url.URL, error) {
	public, err := s.configuredURL(ctx, r)
	if err == nil && public == nil {
		public = s.localURL
	}
	return public, err
}

// configuredURL is the public URL that somebody has set, or nil.
func (s *Settings) configuredURL(ctx context.Context, r account.SettingReader) (*url.URL, error) {
	if s.publicURLOverride != nil {
		return s.publicURLOverride, nil
	}
	settings, err := account.LoadServerSettings(ctx, r)
	if err != nil || settings.PublicURL == nil {
		return nil, err
	}
	return host.ParseOrigin(*settings.PublicURL)
}
