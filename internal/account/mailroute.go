package account

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"

	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// MailSecurity is how the connection to a mail server is secured.
type MailSecurity string

// The ways.
const (
	MailStartTLS MailSecurity = "starttls" // begins in clear and must then be secured
	MailTLS      MailSecurity = "tls"      // from the first byte on
	MailInClear  MailSecurity = "none"
)

// MailServer is a mail server, and how to speak to it.
type MailServer struct {
	Host     string
	Port     int // 0: the usual one of Security
	Security MailSecurity
	Account  string      // "": no authentication
	Password secret.Text // of Account
	CA       string      // PEM; roots to trust beside the system's
}

// MailRoute is how a message leaves.
type MailRoute struct {
	Server     *MailServer // nil: messages become files
	Sender     string      // address that messages come from
	SenderName string
}

// Equal reports whether both routes are the same.
func (r MailRoute) Equal(other MailRoute) bool {
	if r.Sender != other.Sender || r.SenderName != other.SenderName || (r.Server == nil) != (other.Server == nil) {
		return false
	}
	if r.Server == nil {
		return true
	}
	a, b := *r.Server, *other.Server
	same := a.Password.Equal(b.Password)
	a.Password, b.Password = secret.Text{}, secret.Text{}
	return same && a == b
}

// FixedMail is what the operator has fixed, where the server was started, of how
// mail leaves. It goes before the settings, which cannot change it.
type MailOverrides struct {
	Server     *MailServer // nil: the settings say
	Sender     string      // "": the settings say; likewise below
	SenderName string
}

// Courier delivers one message at once. It returns why it could not, in a few
// words that no server said, or "" when the message has left.
type TestSender interface {
	Deliver(ctx context.Context, route MailRoute, m Message) (cause string)
}

// MailRoute returns how mail leaves at this moment. It fails when the stored
// password cannot be opened.
func (s *Service) MailRoute(ctx context.Context) (MailRoute, error) {
	route, err := s.mailRoute(ctx)
	if errors.Is(err, keyring.ErrNotOpened) { // the settings may have changed between two reads
		return s.mailRoute(ctx)
	}
	return route, err
}

func (s *Service) mailRoute(ctx context.Context) (MailRoute, error) {
	application, err := s.effectiveApplication(ctx, s.store)
	if err != nil {
		return MailRoute{}, err
	}
	server, err := s.effectiveServer(ctx, s.store)
	if err != nil {
		return MailRoute{}, err
	}
	m := application.Mail
	route := MailRoute{Sender: m.Sender, SenderName: server.SenderName}
	switch {
	case s.mailOverrides.Server != nil:
		fixed := *s.mailOverrides.Server
		fixed.CA = deref(application.InternalCertificate)
		route.Server = &fixed
	case m.Server != nil:
		route.Server = &MailServer{
			Host: *m.Server, Port: deref(m.Port), Security: securityOf(m), Account: deref(m.Account),
			CA: deref(application.InternalCertificate),
		}
		if m.Account != nil { // a password without an account is of no use
			route.Server.Password, err = s.openSecret(ctx, s.store, secretSMTPPassword, mailDestination(m))
		}
	}
	return route, err
}

// security is how the settings secure the connection.
func securityOf(m MailSettings) MailSecurity {
	switch {
	case m.TLS:
		return MailTLS
	case m.StartTLS:
		return MailStartTLS
	}
	return MailInClear
}

// destination is where the password of the account is sent to.
func mailDestination(m MailSettings) destination {
	return destination{deref(m.Server), strconv.Itoa(deref(m.Port)), string(securityOf(m)), deref(m.Account)}
}

// over puts what is fixed in the place of the settings.
func (f MailOverrides) over(a *ApplicationSettings) {
	a.Mail.Sender = cmp.Or(f.Sender, a.Mail.Sender)
	if f.Server == nil {
		return
	}
	fixed := f.Server
	a.Mail.Server, a.Mail.Port, a.Mail.Account = &fixed.Host, present(fixed.Port), present(fixed.Account)
	a.Mail.StartTLS, a.Mail.TLS = fixed.Security == MailStartTLS, fixed.Security == MailTLS
	a.Mail.PasswordSet = !fixed.Password.Empty()
	if fixed.CA != "" {
		a.InternalCertificate = &fixed.CA
	}
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
func (s *Service) PublicURL(ctx context.Context) (*url.URL, error) { return s.publicURL(ctx, s.store) }

func (s *Service) publicURL(ctx context.Context, r Reader) (*url.URL, error) {
	public, err := s.configuredURL(ctx, r)
	if err == nil && public == nil {
		public = s.localURL
	}
	return public, err
}

// configuredURL is the public URL that somebody has set, or nil.
func (s *Service) configuredURL(ctx context.Context, r Reader) (*url.URL, error) {
	if s.publicURLOverride != nil {
		return s.publicURLOverride, nil
	}
	settings, err := loadServerSettings(ctx, r)
	if err != nil || settings.PublicURL == nil {
		return nil, err
	}
	return host.ParseOrigin(*settings.PublicURL)
}

// value is what a pointer points to, or the zero value for nil.
func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// present is a pointer to a value, or nil for the zero value.
func present[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
