package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// TLSMode is how the connection to a mail server is secured.
type TLSMode string

// The modes. StartTLS is never opportunistic: a server that does not offer it gets
// no message.
const (
	StartTLS    TLSMode = "starttls" // begins in clear and must then be secured
	ImplicitTLS TLSMode = "tls"      // secured from the first byte
	NoTLS       TLSMode = "none"     // in clear
)

// usualPort is where each mode is served as a rule (RFC 6409, RFC 8314).
var usualPort = map[TLSMode]int{StartTLS: 587, ImplicitTLS: 465, NoTLS: 25}

// defaultTimeout bounds a delivery for which nothing else is set.
const defaultTimeout = 20 * time.Second

// SMTPConfig says which mail server takes the messages, and how.
type SMTPConfig struct {
	Host     string        // name or address, without a port
	Port     int           // 0: the usual one of TLS
	TLS      TLSMode       // empty: StartTLS
	Username string        // empty: no authentication
	Password secret.Text   // with Username
	CA       string        // PEM, roots to trust beside the system's; may be empty
	From     string        // address of the sender
	FromName string        // its name; may be empty
	Timeout  time.Duration // of a whole delivery; 0: 20 s
}

// transport checks every part of c before it reports, so that an operator mends all
// of them at once.
func (c SMTPConfig) transport() (*SMTP, error) {
	var faults []error
	fault := func(format string, arguments ...any) {
		faults = append(faults, fmt.Errorf("SMTP: "+format, arguments...))
	}

	if c.TLS == "" {
		c.TLS = StartTLS
	}
	if _, known := usualPort[c.TLS]; !known {
		fault("the TLS mode must be %q, %q or %q", StartTLS, ImplicitTLS, NoTLS)
	}
	if c.Port == 0 {
		c.Port = usualPort[c.TLS]
	}
	if c.Port < 0 || c.Port > 65535 {
		fault("the port must be between 1 and 65535")
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Timeout < 0 {
		fault("the time-out must be longer than nothing")
	}
	if err := host.Check(c.Host); err != nil {
		fault("the host %w", err)
	}
	if (c.Username == "") != c.Password.Empty() {
		fault("the user name and the password go together: set both or neither")
	}
	if c.Username != "" && c.TLS == NoTLS && !host.IsLoopback(c.Host) {
		fault("credentials are never sent without TLS, except to this machine: set the TLS mode to %q or %q", StartTLS, ImplicitTLS)
	}
	from, err := parseSender(c.From, c.FromName)
	if err != nil {
		fault("%w", err)
	}
	roots, err := loadRoots(c.CA)
	if err != nil {
		fault("%w", err)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return &SMTP{
		host:     c.Host,
		port:     c.Port,
		mode:     c.TLS,
		tls:      &tls.Config{ServerName: c.Host, RootCAs: roots, MinVersion: tls.VersionTLS12},
		username: c.Username,
		password: c.Password,
		from:     from,
		timeout:  c.Timeout,
	}, nil
}

// loadRoots returns the system's roots and those in pem. It is nil, for which TLS
// takes the system's, when there are none.
func loadRoots(pem string) (*x509.CertPool, error) {
	if pem == "" {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM([]byte(pem)) {
		return nil, errors.New("the CA certificates are none in PEM form")
	}
	return roots, nil
}
