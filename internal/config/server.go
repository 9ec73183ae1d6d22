// Package config holds all start-up settings of the server in one struct. Each setting has a flag, an environment
// variable, a default and a help text. A flag --some-name has the variable USHER_SOME_NAME, and the key some-name in
// the settings file. A secret has no flag: it comes from its variable, or from a file. The variable with the suffix
// _FILE contains the path of this file.
package config

import (
	"bytes"
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

// Limits of the settings.
const (
	maxConnections     = 1000
	minClients         = 16 // connections of clients
	maxClients         = 1_000_000
	minBodyMemory      = 48 // MiB; a quarter of it has room for the largest upload
	maxBodyMemory      = 64 << 10
	minDatabaseTimeout = 100 * time.Millisecond
	maxDatabaseTimeout = time.Minute
	maxExemptIPv6      = 64              // the prefix length of IPv6 client networks
	maxShutdownDelay   = 5 * time.Minute // more than any load balancer needs
	maxDiskLowWater    = 1 << 30         // MiB
)

// Server holds the settings of `usher serve`. Its struct tags are those of kong.
type Server struct {
	Listen         string    `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on. Port 0 takes a free one. Default: ${default}."`
	AdminListen    string    `placeholder:"HOST:PORT" help:"A second address to listen on, for operators: /metrics, /docs and /openapi.yaml are then served there and no longer at --listen. It has no authentication and no TLS, so name an address that only operators reach. Default: none."`
	Data           string    `default:"./usher-data" placeholder:"DIR" help:"Directory of the database, unless USHER_DATABASE_URL names one of PostgreSQL, of the server key and of mail files. Created if it is missing. Default: ${default}."`
	PublicURL      string    `placeholder:"URL" help:"URL of the server for its users, without a path; links in mails begin with it. Default: the one of the settings (usher settings), or the address listened on, if that is loopback."`
	TrustedProxies []Network `placeholder:"CIDR" help:"Addresses of the proxies whose X-Forwarded-For is trusted, separated by commas, 10.0.0.5/32 for example. Default: none."`
	ExemptNetworks []Network `placeholder:"CIDR" help:"Client networks without the limits on failed sign-ins and recovery requests by network, separated by commas, 198.51.100.7/32 for example: an address that many users share. The limits of accounts apply. Default: none."`
	AdminEmail     string    `placeholder:"ADDRESS" help:"E-mail address of the first administrator, at the first start. Default: admin@localhost."`
	ServerKeyFile  string    `placeholder:"FILE" help:"File of the server key, instead of server.key in the data directory."`

	Database Database `embed:"" prefix:"database-"`

	DiskLowWater int `default:"64" placeholder:"MIB" help:"Free space of the disk of the data directory, in MiB, below which users cannot change their own profiles, so that sign-ins can still be stored. Only for SQLite. 0: none. Default: ${default}."`

	Config kong.ConfigFlag `env:"-" placeholder:"FILE" help:"Settings file: a JSON object of these flags' names. Flags and variables take precedence."`

	SMTP SMTP `embed:"" prefix:"smtp-"`

	MaxConnections           int `placeholder:"N" help:"Maximum number of clients' connections. A new one replaces the one that has waited longest for a request. Default: three quarters of the files that the process may open, at most 8192."`
	MaxConnectionsPerNetwork int `placeholder:"N" help:"Maximum number of them from one client network; trusted proxies have no such limit. Default: an eighth of --max-connections, at most 256."`
	MaxBodyMemory            int `default:"64" placeholder:"MIB" help:"Maximum memory of request bodies in MiB, of which a client network can take a quarter. Default: ${default}."`

	ShutdownDelay time.Duration `default:"0s" placeholder:"TIME" help:"How long to continue serving after SIGTERM while /readyz answers 503, so that load balancers notice, 10s for example. Default: ${default}."`

	LogFormat string `enum:"text,json" default:"text" placeholder:"FORM" help:"Format of the log on standard error: ${enum}. Default: ${default}."`
	AccessLog bool   `help:"Log every request, not only writes, refused credentials and server errors."`
	Metrics   bool   `help:"Serve Prometheus metrics at /metrics, without authentication; see --admin-listen."`

	// Secrets have no flags; LoadSecrets sets them.
	AdminPassword secret.Text `kong:"-"`
	ServerKey     secret.Text `kong:"-"`

	// Interactive reports whether standard error is a terminal. The server shows a generated password only on a terminal.
	Interactive bool `kong:"-"`
}

// DatabaseVariable is the environment variable that contains the URL of PostgreSQL.
const DatabaseVariable = "USHER_DATABASE_URL"

// Database holds the settings of PostgreSQL. The URL contains a password, so it has no flag. It comes from the variable
// USHER_DATABASE_URL, or from the file that USHER_DATABASE_URL_FILE names. Without a URL the server uses SQLite in the
// data directory.
type Database struct {
	Connections int           `default:"16" placeholder:"N" help:"Maximum number of connections to PostgreSQL; all servers together need fewer than its max_connections. Default: ${default}."`
	Timeout     time.Duration `default:"5s" placeholder:"TIME" help:"Timeout of a statement on PostgreSQL. Default: ${default}."`
	URL         secret.Text   `kong:"-"`
}

// Network is an IP network. A single IP address is a network with one address.
type Network struct{ netip.Prefix }

// UnmarshalText parses 10.0.0.5 or 10.0.0.0/24. It ignores white space around the text, because a list of networks may
// have blanks after its commas.
func (n *Network) UnmarshalText(text []byte) error {
	text = bytes.TrimSpace(text)
	if address, err := netip.ParseAddr(string(text)); err == nil {
		n.Prefix = netip.PrefixFrom(address, address.BitLen())
		return nil
	}
	prefix, err := netip.ParsePrefix(string(text))
	if err != nil {
		return errors.New("must be an address, 10.0.0.5 for example, or a network, 10.0.0.0/24 for example")
	}
	n.Prefix = prefix
	return nil
}

// SMTP holds the operator's settings of the mail server. They override the settings in the database. The sender's
// address and the sender's name are overridden independently of the server and of each other.
type SMTP struct {
	Host     string       `placeholder:"HOST" help:"Mail server. Default: the one of the settings (usher settings). Without either, messages become .eml files in <data>/mail."`
	Port     int          `placeholder:"PORT" help:"Port of the mail server. Default: 587 for starttls, 465 for tls, 25 for none."`
	TLS      mail.TLSMode `enum:"starttls,tls,none" default:"starttls" placeholder:"MODE" help:"TLS mode of the connection: ${enum}. A password is never sent without TLS, except to loopback. Default: ${default}."`
	Username string       `placeholder:"NAME" help:"Account at the mail server; its password is USHER_SMTP_PASSWORD or in USHER_SMTP_PASSWORD_FILE."`
	From     string       `placeholder:"ADDRESS" help:"Sender address of messages. Default: usher@ and the host of the public URL."`
	FromName string       `placeholder:"NAME" help:"Sender name of messages. Default: Usher."`
	CAFile   string       `placeholder:"FILE" help:"Certificates, in PEM, of authorities to trust besides the system's."`
	Password secret.Text  `kong:"-"`
}

// Validate checks the settings without opening files or connections. It returns all faults joined.
func (s *Server) Validate() error {
	var faults []error
	if _, _, err := net.SplitHostPort(s.Listen); err != nil {
		faults = append(faults, fmt.Errorf("--listen must be HOST:PORT, 127.0.0.1:8080 for example"))
	}
	if s.AdminListen != "" {
		if _, _, err := net.SplitHostPort(s.AdminListen); err != nil {
			faults = append(faults, errors.New("--admin-listen must be HOST:PORT, 127.0.0.1:9090 for example"))
		}
	}
	if _, err := s.PublicURLOverride(); err != nil {
		faults = append(faults, err)
	}
	for _, network := range s.ExemptNetworks {
		if network.Addr().Is6() && network.Bits() > maxExemptIPv6 {
			faults = append(faults, fmt.Errorf(
				"--exempt-networks must name a /%d of IPv6 or a larger network, not %s: IPv6 clients are counted by /%[1]d",
				maxExemptIPv6, network))
		}
	}
	if s.SMTP.Port < 0 || s.SMTP.Port > 65535 {
		faults = append(faults, errors.New("--smtp-port must be a port"))
	}
	if s.ShutdownDelay < 0 || s.ShutdownDelay > maxShutdownDelay {
		faults = append(faults, fmt.Errorf("--shutdown-delay must be from 0s to %s", maxShutdownDelay))
	}
	if s.DiskLowWater < 0 || s.DiskLowWater > maxDiskLowWater {
		faults = append(faults, fmt.Errorf("--disk-low-water must be from 0 to %d", maxDiskLowWater))
	}
	if s.Database.Connections < 0 || s.Database.Connections > maxConnections {
		faults = append(faults, fmt.Errorf("--database-connections must be from 1 to %d", maxConnections))
	}
	if t := s.Database.Timeout; t < 0 || t > maxDatabaseTimeout || t != 0 && t < minDatabaseTimeout {
		faults = append(faults,
			fmt.Errorf("--database-timeout must be from %s to %s", minDatabaseTimeout, maxDatabaseTimeout))
	}
	if n := s.MaxConnections; n != 0 && (n < minClients || n > maxClients) {
		faults = append(faults, fmt.Errorf("--max-connections must be from %d to %d", minClients, maxClients))
	}
	if n := s.MaxConnectionsPerNetwork; n < 0 || n > maxClients {
		faults = append(faults, fmt.Errorf("--max-connections-per-network must be from 1 to %d", maxClients))
	}
	if n := s.MaxBodyMemory; n != 0 && (n < minBodyMemory || n > maxBodyMemory) {
		faults = append(faults, fmt.Errorf("--max-body-memory must be from %d to %d MiB", minBodyMemory, maxBodyMemory))
	}
	return errors.Join(faults...)
}

// LoadSecrets reads the secrets from environment variables with lookup, which behaves like os.LookupEnv. It returns all
// faults joined; no error contains a secret. A database URL that is set but empty is a fault: otherwise the server
// would use SQLite by mistake.
func (s *Server) LoadSecrets(lookup func(name string) (value string, set bool)) error {
	getenv := func(name string) string {
		value, _ := lookup(name)
		return value
	}
	var faults []error
	if value, set := lookup(DatabaseVariable); set && value == "" {
		faults = append(faults,
			fmt.Errorf("%s is set and empty; unset it for SQLite in the data directory", DatabaseVariable))
	}
	s.ServerKey = secret.New(getenv("USHER_SERVER_KEY")) // USHER_SERVER_KEY_FILE sets ServerKeyFile
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

// Secret returns a secret from one of two environment variables: the value of name, or the content of the file whose
// path is in name+"_FILE". It removes the last line end of a file. It returns an empty secret if neither variable is
// set. It fails if both are set, or if the file is empty or can't be read.
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

// PublicURLOverride returns the public URL from the flag --public-url, or nil if the flag is not set.
func (s *Server) PublicURLOverride() (*url.URL, error) {
	if s.PublicURL == "" {
		return nil, nil
	}
	u, err := host.ParseOrigin(s.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("--public-url %w", err)
	}
	return u, nil
}

// LocalURL returns the URL of the server if it listens on a loopback address, else nil. Links in mails begin with this
// URL and contain tokens. With any other address, a link could lead to another server.
func LocalURL(listening net.Addr) *url.URL {
	if tcp, ok := listening.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return &url.URL{Scheme: "http", Host: tcp.String()}
	}
	return nil
}

// CA returns the content of the file CAFile, or "" if CAFile isn't set.
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
