package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

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
	CAFile   string        // PEM, roots to trust beside the system's; may be empty
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
	if err := checkHost(c.Host); err != nil {
		fault("%w", err)
	}
	if (c.Username == "") != c.Password.Empty() {
		fault("the user name and the password go together: set both or neither")
	}
	if c.Username != "" && c.TLS == NoTLS && !isLoopback(c.Host) {
		fault("credentials are never sent without TLS, except to this machine: set the TLS mode to %q or %q", StartTLS, ImplicitTLS)
	}
	from, err := parseSender(c.From, c.FromName)
	if err != nil {
		fault("%w", err)
	}
	roots, err := loadRoots(c.CAFile)
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

// checkHost takes a host name or an IP address. A colon is part of an IPv6 address
// alone; a port has a setting of its own.
func checkHost(host string) error {
	if host == "" {
		return errors.New("the host is missing")
	}
	ip, err := netip.ParseAddr(host)
	if err == nil {
		if ip.Unmap().IsLinkLocalUnicast() {
			return errors.New("the host must not be a link-local address")
		}
		return nil
	}
	if strings.ContainsAny(host, ":/[] ") || strings.ContainsFunc(host, isControl) {
		return errors.New("the host must be a name or an address alone, without a scheme or a port")
	}
	return nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// loadRoots returns the system's roots and those in file. It is nil, for which TLS
// takes the system's, when there is no file.
func loadRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the CA file cannot be read: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("the CA file %s holds no certificate in PEM form", file)
	}
	return roots, nil
}
