// Package config holds every setting of the server in one struct: its flag, its
// variable, its default and its words. A flag --some-name has the variable
// USHER_SOME_NAME and the same name in the settings file. A secret has no flag:
// it comes from its variable, or from the file that the variable with _FILE
// behind it names.
//
// The package imports secret, host, mail (for its modes), kong and the standard library.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Bounds of the settings.
const (
	maxConnections     = 1000
	minDatabaseTimeout = 100 * time.Millisecond
	maxDatabaseTimeout = time.Minute
	maxShutdownDelay   = 5 * time.Minute // longer than any load balancer needs
)

// Server is the settings of `usher serve`. The tags are those of kong.
type Server struct {
	Listen         string    `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on. Port 0 takes a free one. Default: ${default}."`
	Data           string    `default:"./usher-data" placeholder:"DIR" help:"Directory of the database, unless USHER_DATABASE_URL names one of PostgreSQL, of the server key and mail files. Made if it is not there. Default: ${default}."`
	PublicURL      string    `placeholder:"URL" help:"Where people reach the server, without a path; links in mails begin with it. Default: the one of the settings (usher settings), or the address listened on, if that is loopback."`
	TrustedProxies []Network `placeholder:"CIDR" help:"Addresses of the proxies, 10.0.0.5/32 say; their X-Forwarded-For is believed."`
	AdminEmail     string    `placeholder:"ADDRESS" help:"E-mail address of the first administrator, at the first start. Default: admin@localhost."`
	ServerKeyFile  string    `placeholder:"FILE" help:"File of the server key, instead of server.key in the data directory."`

	Database Database `embed:"" prefix:"database-"`

	Config kong.ConfigFlag `env:"-" placeholder:"FILE" help:"Settings file: a JSON object of these flags' names. Flags and variables go before it."`

	SMTP SMTP `embed:"" prefix:"smtp-"`

	ShutdownDelay time.Duration `default:"0s" placeholder:"TIME" help:"How long to go on serving after SIGTERM while /readyz answers 503, so that load balancers notice: 10s, say. Default: ${default}."`

	LogFormat string `enum:"text,json" default:"text" placeholder:"FORM" help:"Form of the log on standard error: ${enum}. Default: ${default}."`
	AccessLog bool   `help:"Log every request, not only writes, refused credentials and faults."`
	Metrics   bool   `help:"Serve Prometheus metrics at /metrics, to anybody who can reach the server."`

	// Secrets, from variables alone; see LoadSecrets.
	AdminPassword secret.Text `kong:"-"`
	ServerKey     secret.Text `kong:"-"`

	// Watched says that somebody sees what the server writes to a terminal.
	Watched bool `kong:"-"`
}

// DatabaseVariable has the URL of PostgreSQL.
const DatabaseVariable = "USHER_DATABASE_URL"

// Database is the settings of PostgreSQL. Its URL has a password in it, and so comes
// from the variable USHER_DATABASE_URL alone, or from the file that
// USHER_DATABASE_URL_FILE names; without it the database is SQLite in the data
// directory.
type Database struct {
	Connections int           `default:"16" placeholder:"N" help:"Connections to PostgreSQL at most; all servers together need fewer than its max_connections. Default: ${default}."`
	Timeout     time.Duration `default:"5s" placeholder:"TIME" help:"Time that PostgreSQL may take for one statement. Default: ${default}."`
	URL         secret.Text   `kong:"-"`
}

// Network is an address, or all that have a prefix (CIDR).
type Network struct{ netip.Prefix }

// UnmarshalText reads 10.0.0.5 or 10.0.0.0/24.
func (n *Network) UnmarshalText(text []byte) error {
	if address, err := netip.ParseAddr(string(text)); err == nil {
		n.Prefix = netip.PrefixFrom(address, address.BitLen())
		return nil
	}
	prefix, err := netip.ParsePrefix(string(text))
	if err != nil {
		return errors.New("must be an address, 10.0.0.5 say, or a network, 10.0.0.0/24 say")
	}
	n.Prefix = prefix
	return nil
}

// SMTP is the settings of the mail server that messages leave by. They go before
// those in the database, the address and the name of the sender each by itself.
type SMTP struct {
	Host     string       `placeholder:"HOST" help:"Mail server. Without it the settings in the database say (usher settings), and without those messages become .eml files in <data>/mail."`
	Port     int          `placeholder:"PORT" help:"Port of the mail server. Default: 587 for starttls, 465 for tls, 25 for none."`
	TLS      mail.TLSMode `enum:"starttls,tls,none" default:"starttls" placeholder:"MODE" help:"How the connection is protected: ${enum}. A password is never sent without, except to loopback. Default: ${default}."`
	Username string       `placeholder:"NAME" help:"Account at the mail server; its password is USHER_SMTP_PASSWORD or in USHER_SMTP_PASSWORD_FILE."`
	From     string       `placeholder:"ADDRESS" help:"Address that messages come from. Default: usher@ and the host of the public URL."`
	FromName string       `placeholder:"NAME" help:"Name that messages come from. Default: Usher."`
	CAFile   string       `placeholder:"FILE" help:"Certificates, in PEM, that the mail server's may be signed by, beside the system's."`
	Password secret.Text  `kong:"-"`
}

// Validate checks the settings that can be checked on their own and reports all
// faults at once.
func (s *Server) Validate() error {
	var faults []error
	if _, _, err := net.SplitHostPort(s.Listen); err != nil {
		faults = append(faults, fmt.Errorf("--listen must be HOST:PORT, 127.0.0.1:8080 say"))
	}
	if _, err := s.FixedURL(); err != nil {
		faults = append(faults, err)
	}
	if s.SMTP.Port < 0 || s.SMTP.Port > 65535 {
		faults = append(faults, errors.New("--smtp-port must be a port"))
	}
	if s.ShutdownDelay < 0 || s.ShutdownDelay > maxShutdownDelay {
		faults = append(faults, fmt.Errorf("--shutdown-delay must be from 0s to %s", maxShutdownDelay))
	}
	if s.Database.Connections < 0 || s.Database.Connections > maxConnections {
		faults = append(faults, fmt.Errorf("--database-connections must be from 1 to %d", maxConnections))
	}
	if t := s.Database.Timeout; t < 0 || t > maxDatabaseTimeout || t != 0 && t < minDatabaseTimeout {
		faults = append(faults, fmt.Errorf("--database-timeout must be from %s to %s", minDatabaseTimeout, maxDatabaseTimeout))
	}
	return errors.Join(faults...)
}

// LoadSecrets reads the secrets from their variables. It reports all faults at
// once, and never shows a value. isSet tells whether a variable is there: a URL of
// the database that has come out empty must not mean SQLite.
func (s *Server) LoadSecrets(getenv func(string) string, isSet func(string) bool) error {
	var faults []error
	if isSet(DatabaseVariable) && getenv(DatabaseVariable) == "" {
		faults = append(faults, fmt.Errorf("%s is set and empty; unset it for SQLite in the data directory", DatabaseVariable))
	}
	s.ServerKey = secret.New(getenv("USHER_SERVER_KEY")) // its file is a setting of its own
	if !s.ServerKey.Empty() && s.ServerKeyFile != "" {
		faults = append(faults, errors.New("USHER_SERVER_KEY and --server-key-file are both set; unset one"))
	}
	for name, to := range map[string]*secret.Text{
		"USHER_ADMIN_PASSWORD": &s.AdminPassword,
		DatabaseVariable:       &s.Database.URL,
		"USHER_SMTP_PASSWORD":  &s.SMTP.Password,
	} {
		value, err := Secret(getenv, name)
		if err != nil {
			faults = append(faults, err)
		}
		*to = value
	}
	return errors.Join(faults...)
}

// Secret returns the value of a variable, or what is in the file that the
// variable with _FILE behind its name names, without its last line end. It is
// empty when neither is set, and fails when both are.
func Secret(getenv func(string) string, name string) (secret.Text, error) {
	value, file := getenv(name), getenv(name+"_FILE")
	switch {
	case value != "" && file != "":
		return secret.Text{}, fmt.Errorf("%s and %s_FILE are both set; unset one", name, name)
	case file == "":
		return secret.New(value), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return secret.Text{}, fmt.Errorf("%s_FILE: %w", name, err)
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if line == "" {
		return secret.Text{}, fmt.Errorf("%s_FILE: %s is empty", name, file)
	}
	return secret.New(line), nil
}

// FixedURL returns the public URL that was set, or nil.
func (s *Server) FixedURL() (*url.URL, error) {
	if s.PublicURL == "" {
		return nil, nil
	}
	u, err := host.ParseOrigin(s.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("--public-url %w", err)
	}
	return u, nil
}

// LocalURL returns the address that is listened on if that is loopback, or nil,
// since any other guess at the public URL could send people and their tokens
// somewhere else.
func LocalURL(listening net.Addr) *url.URL {
	if tcp, ok := listening.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return &url.URL{Scheme: "http", Host: tcp.String()}
	}
	return nil
}

// CA returns the certificates of the file that was set; "" if none was.
func (s *SMTP) CA() (string, error) {
	if s.CAFile == "" {
		return "", nil
	}
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		return "", fmt.Errorf("--smtp-ca-file: %w", err)
	}
	return string(pem), nil
}
