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
	// idleInTransaction limits, with sqldb.MaxTxTime, how long after its first statement a
	// transaction can still commit, whatever happens to the packets in between. It is less than the
	// age up to which every server reads changes.
	idleInTransaction = 2 * time.Second
)

// ApplicationName is how the connections of servers and commands name themselves to the database.
const ApplicationName = "usher"

// ErrPlainConnection means that the connection to another machine would not be encrypted.
var ErrPlainConnection = errors.New("the connection to PostgreSQL would not be protected")

// Config says how to connect to a database.
type Config struct {
	// URL is postgres://user:password@host:port/database?sslmode=…, with the parameters of libpq.
	// It may name several hosts.
	URL secret.Text
	// Connections is the largest number of open connections; 0 means [DefaultConnections].
	Connections int
	// StatementTimeout is how long a statement may take; 0 means [DefaultStatementTimeout].
	StatementTimeout time.Duration
}

func (c Config) statementTimeout() time.Duration {
	return cmp.Or(c.StatementTimeout, DefaultStatementTimeout)
}

// Parse reads the URL and sets the parameters of a session. Its errors never contain the password.
// It fails with [ErrPlainConnection] if the connection would not be encrypted.
func (c Config) Parse() (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(c.URL.Reveal())
	if err != nil {
		return nil, urlError(err)
	}
	if err := requireEncryption(config); err != nil {
		return nil, err
	}
	// A standby lags behind: it may still have a session that was ended.
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

// urlError says what is wrong with a URL, without its password. An error about the form of a URL may
// contain the password, so it is replaced; an error about a parameter can't.
func urlError(err error) error {
	cause := errors.Unwrap(err)
	if _, malformed := errors.AsType[*url.Error](err); malformed || cause == nil {
		return errors.New("the URL of the database cannot be read; it is postgres://user:password@host:port/database, " +
			"and a character of the password that has a meaning in URLs is written as % and two digits")
	}
	return fmt.Errorf("the URL of the database cannot be used: %w", cause)
}

// requireEncryption fails if the password and all data would be sent to another machine in plain
// text. Unless the URL says otherwise, libpq does so if the server offers no TLS, or if an attacker
// claims that it offers none.
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

// Location names the database of a configuration for people, without secrets.
func Location(config *pgx.ConnConfig) string {
	address := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	return fmt.Sprintf("%s at %s", config.Database, address)
}
