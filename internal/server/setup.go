package server

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/datadir"
	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// errPasswordNeeded means that the operator must set the password of the first administrator. Several servers may share
// a new database, and any of them may set it up. The operator would not know which one shows a generated password.
var errPasswordNeeded = errors.New("a new PostgreSQL database needs the password of its first administrator")

// setUp creates the first administrator if the database is new.
func (s *Server) setUp(ctx context.Context) error {
	created, err := s.accounts.SetUp(ctx, service.FirstRun{
		AdminEmail:    s.adminEmail(),
		AdminPassword: s.settings.AdminPassword,
		SavePassword: func(password secret.Text) error {
			if !s.settings.Database.URL.Empty() && !s.settings.Interactive {
				return errPasswordNeeded
			}
			s.initialPassword = password
			return datadir.SaveInitialPassword(s.settings.Data, password)
		},
	})
	if err != nil {
		return err
	}
	if created {
		attributes := []any{"data", s.settings.Data, "administrator", s.adminEmail()}
		if !s.initialPassword.Empty() {
			attributes = append(attributes, "password_file", datadir.InitialPasswordPath(s.settings.Data))
		}
		s.log.Info("set up a new database", attributes...)
		return nil
	}
	if !s.settings.AdminPassword.Empty() {
		s.log.Warn("USHER_ADMIN_PASSWORD is ignored: the database has its administrator already")
	}
	if s.settings.AdminEmail != "" {
		s.log.Warn("--admin-email is ignored: the database has its administrator already")
	}
	return nil
}

// adminEmail returns the e-mail address of the first administrator.
func (s *Server) adminEmail() string {
	return cmp.Or(s.settings.AdminEmail, "admin@localhost")
}

// settingOverrides returns the options that flags and environment variables fix. They take precedence over the settings
// in the database, which then can't be changed. It fails if mail can't be sent with these options.
func settingOverrides(flags *config.Server) (service.Options, error) {
	smtp, directory := flags.SMTP, datadir.MailPath(flags.Data)
	overrides := service.Options{
		MailOverrides: settings.MailOverrides{Sender: smtp.From, SenderName: smtp.FromName},
		TestSender:    mail.TestSender{Directory: directory},
	}
	var err error
	if overrides.PublicURL, err = flags.PublicURLOverride(); err != nil {
		return overrides, err
	}
	if smtp.Host != "" {
		ca, err := smtp.CA()
		if err != nil {
			return overrides, err
		}
		overrides.MailOverrides.Server = &account.MailServer{
			Host:     smtp.Host,
			Port:     smtp.Port,
			Security: account.MailSecurity(cmp.Or(smtp.TLS, mail.StartTLS)),
			Account:  smtp.Username,
			Password: smtp.Password,
			CA:       ca,
		}
	}
	_, err = mail.NewSender(account.MailRoute{
		Server:     overrides.MailOverrides.Server,
		Sender:     cmp.Or(smtp.From, "usher@localhost"),
		SenderName: smtp.FromName,
	}, directory)
	return overrides, err
}

// checkAddresses reads the public URL and the mail server. It logs a warning for each that is unsafe or unusable.
func (s *Server) checkAddresses(ctx context.Context) (err error) {
	if s.publicURL, err = s.accounts.PublicURL(ctx); err != nil {
		return err
	}
	if warning := plainHTTPWarning(s.listener.Addr(), s.publicURL); warning != "" {
		s.log.Warn(warning)
	}
	if warning := proxyWarning(s.publicURL, s.settings.TrustedProxies); warning != "" {
		s.log.Warn(warning)
	}
	s.https.Store(isHTTPS(s.publicURL))
	route, err := s.accounts.MailRoute(ctx)
	if err != nil { // only a warning: an administrator can correct the settings while the server runs
		s.log.Warn("the mail settings cannot be used", "error", err)
		return nil
	}
	if s.mailServer = route.Server; route.Server != nil && strings.HasSuffix(route.Sender, "@localhost") {
		s.log.Warn("messages come from " + route.Sender +
			", which mail servers may refuse; set --smtp-from, or emailSender in the settings")
	}
	return nil
}

// plainHTTPWarning returns a warning if passwords and tokens would be sent in clear text, or "" if not. public is nil
// if the public URL is unknown.
func plainHTTPWarning(listening net.Addr, public *url.URL) string {
	const remedy = "; put a proxy with TLS before it and set --public-url https://…"
	plain := public == nil || public.Scheme == "http"
	tcp, ok := listening.(*net.TCPAddr)
	switch {
	case plain && !(ok && tcp.IP.IsLoopback()):
		return "listening for other machines over plain HTTP, which anybody on the way can read" + remedy
	case plain && public != nil && !host.IsLoopback(public.Hostname()):
		return "people reach the server over plain HTTP, which anybody on the way can read" + remedy
	}
	return ""
}
