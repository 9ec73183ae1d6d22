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

// TLSMode says how a connection to a mail server is encrypted.
type TLSMode string

// The TLS modes. [StartTLS] is never opportunistic: if the server does not offer STARTTLS,
// the delivery fails.
const (
	StartTLS    TLSMode = "starttls" // the connection starts unencrypted and must switch to TLS
	ImplicitTLS TLSMode = "tls"      // encrypted from the first byte
	NoTLS       TLSMode = "none"     // never encrypted
)

// defaultPorts are the standard ports by TLS mode (RFC 6409, RFC 8314).
var defaultPorts = map[TLSMode]int{StartTLS: 587, ImplicitTLS: 465, NoTLS: 25}

// defaultTimeout is the timeout of a delivery if the configuration sets none.
const defaultTimeout = 20 * time.Second

// SMTPConfig is the configuration of an [SMTP] sender.
type SMTPConfig struct {
	Host     string        // host name or IP address, without a port
	Port     int           // 0 for the standard port of the TLS mode
	TLS      TLSMode       // empty for StartTLS
	Username string        // empty for no authentication
	Password secret.Text   // set if and only if Username is set
	CA       string        // PEM certificates to trust in addition to the system's; may be empty
	From     string        // address of the From field
	FromName string        // display name of the From field; may be empty
	Timeout  time.Duration // of a whole delivery; 0 for defaultTimeout
}

// NewSMTP returns an [SMTP] sender. It validates the whole configuration and returns all
// errors together, so that an administrator can correct them at once.
func NewSMTP(c SMTPConfig) (*SMTP, error) {
	var errs []error
	fail := func(format string, arguments ...any) {
		errs = append(errs, fmt.Errorf("SMTP: "+format, arguments...))
	}

	if c.TLS == "" {
		c.TLS = StartTLS
	}
	if _, known := defaultPorts[c.TLS]; !known {
		fail("the TLS mode must be %q, %q or %q", StartTLS, ImplicitTLS, NoTLS)
	}
	if c.Port == 0 {
		c.Port = defaultPorts[c.TLS]
	}
	if c.Port < 0 || c.Port > 65535 {
		fail("the port must be between 1 and 65535")
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Timeout < 0 {
		fail("the time-out must be positive")
	}
	if err := host.Check(c.Host); err != nil {
		fail("the host %w", err)
	}
	if (c.Username == "") != c.Password.Empty() {
		fail("the user name and the password go together: set both or neither")
	}
	if c.Username != "" && c.TLS == NoTLS && !host.IsLoopback(c.Host) {
		fail("credentials are never sent without TLS, except to this machine: set the TLS mode to %q or %q",
			StartTLS, ImplicitTLS)
	}
	from, err := parseSender(c.From, c.FromName)
	if err != nil {
		fail("%w", err)
	}
	roots, err := loadRoots(c.CA)
	if err != nil {
		fail("%w", err)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
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

// loadRoots returns the trusted root certificates: those of the system and those in pem. If
// pem is empty, it returns nil, and crypto/tls uses the certificates of the system.
func loadRoots(pem string) (*x509.CertPool, error) {
	if pem == "" {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM([]byte(pem)) {
		return nil, errors.New("the CA certificates are not in PEM format")
	}
	return roots, nil
}
