package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Defaults and limits of connections.
const (
	DefaultConnections      = 16
	DefaultStatementTimeout = 5 * time.Second

	connectTimeout = 5 * time.Second
	// idleInTransaction is how long PostgreSQL keeps a transaction open between two statements. So a transaction can
	// commit at most sqldb.MaxTxTime plus idleInTransaction after its first statement, even if packets are delayed.
	// Package auth relies on this sum: see slowCommit there.
	idleInTransaction = 2 * time.Second
)

// ApplicationName is the application_name of the connections of servers and commands.
const ApplicationName = "usher"

// ErrPlainConnection means that the connection to another machine would not be encrypted.
var ErrPlainConnection = errors.New("the connection to PostgreSQL would not be protected")

// Config says how to connect to a database.
type Config struct {
	// URL is postgres://user:password@host:port/database?sslmode=…, with the parameters of libpq. A URL may name
	// several hosts.
	URL secret.Text
	// Connections is the largest number of open connections; 0 means [DefaultConnections].
	Connections int
	// StatementTimeout is how long a statement may take; 0 means [DefaultStatementTimeout].
	StatementTimeout time.Duration
}

func (c Config) statementTimeout() time.Duration {
	return cmp.Or(c.StatementTimeout, DefaultStatementTimeout)
}

// Parse parses the URL and adds Usher's session parameters, such as statement_timeout. Its errors never contain the
// password. It fails with [ErrPlainConnection] if the connection would not be encrypted.
func (c Config) Parse() (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(c.URL.Reveal())
	if err != nil {
		return nil, urlError(err)
	}
	if err := requireEncryption(config); err != nil {
		return nil, err
	}
	// Connect to the primary only: a standby lags behind, and may still show a session that was revoked.
	if config.ValidateConnect == nil {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	for name, value := range map[string]string{
		"application_name":                    ApplicationName,
		"statement_timeout":                   milliseconds(c.statementTimeout()),
		"idle_in_transaction_session_timeout": milliseconds(idleInTransaction),
		"default_transaction_isolation":       "read committed",
	} {
		config.RuntimeParams[name] = value
	}
	return config, nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// urlError returns an error about the database's URL without the password. A syntax error may quote the whole URL, so
// urlError replaces it. An error about a parameter never contains the password, so urlError keeps it.
func urlError(err error) error {
	cause := errors.Unwrap(err)
	if _, malformed := errors.AsType[*url.Error](err); malformed || cause == nil {
		return errors.New("the URL of the database cannot be read; it is postgres://user:password@host:port/database, " +
			"and a character of the password that has a meaning in URLs is written as % and two digits")
	}
	return fmt.Errorf("the URL of the database cannot be used: %w", cause)
}

// requireEncryption fails if the password and all data could be sent to another machine in plain text. By default,
// libpq falls back to plain text if the server offers no TLS. An attacker on the network can fake a reply that offers
// none.
func requireEncryption(config *pgx.ConnConfig) error {
	check := func(name string, tls bool) error {
		if tls || strings.HasPrefix(name, "/") || host.IsLoopback(name) {
			return nil
		}
		return fmt.Errorf("%w: add sslmode=verify-full (with sslrootcert=FILE for a private authority) to its URL",
			ErrPlainConnection)
	}
	if err := check(config.Host, config.TLSConfig != nil); err != nil {
		return err
	}
	for _, other := range config.Fallbacks {
		if err := check(other.Host, other.TLSConfig != nil); err != nil {
			return err
		}
	}
	return nil
}

// Location names the configured database in messages, without secrets.
func Location(config *pgx.ConnConfig) string {
	address := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	return fmt.Sprintf("%s at %s", config.Database, address)
}
