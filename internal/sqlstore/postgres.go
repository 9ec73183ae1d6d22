package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/monotime"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Defaults and bounds of connections to PostgreSQL.
const (
	DefaultConnections      = 16
	DefaultStatementTimeout = 5 * time.Second

	connectTime = 5 * time.Second
	idleConn    = 5 * time.Minute
	lifeOfConn  = time.Hour // so that they spread again after a server was away
	// idleInTransaction bounds, with jobTime, how long after its first statement a
	// transaction can still commit, whatever becomes of the packets between: less
	// than the time that every server looks back for what has changed.
	idleInTransaction = 2 * time.Second
)

// applicationName is what the connections of servers and commands are called.
const applicationName = "usher"

var postgresDialect = &dialect{
	name: "postgres",
	// Not clock_timestamp(), for which no index is used.
	now: "CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS BIGINT)",
	// A number is given at the insertion, and another transaction may be committed before.
	lastChange: "CAST(0 AS BIGINT)",
	lockRow:    " FOR UPDATE", shareRow: " FOR SHARE", skipLocked: " FOR UPDATE SKIP LOCKED",
	lockGate: "pg_advisory_xact_lock(number) IS NOT NULL", shareGate: "pg_advisory_xact_lock_shared(number) IS NOT NULL",
	ids: between('{', '}'),
	idList: func(placeholder string) string {
		return "(SELECT value FROM unnest(CAST(" + placeholder + " AS BIGINT[])) AS ids (value))"
	},
	textList: func(placeholder string) string {
		return "(SELECT value FROM jsonb_array_elements_text(CAST(" + placeholder + " AS JSONB)) AS texts (value))"
	},
	size:     "pg_database_size(current_database())",
	hasTable: "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1",
	classify: classifyPostgres,
}

// Postgres is how to reach a PostgreSQL database.
type Postgres struct {
	// URL is postgres://user:password@host:port/database?sslmode=…, with the
	// parameters of libpq. It may name several hosts.
	URL secret.Text
	// Connections is how many are open at most; 0 means [DefaultConnections].
	Connections int
	// StatementTimeout is how long a statement may take; 0 means
	// [DefaultStatementTimeout].
	StatementTimeout time.Duration
}

// ErrPlainConnection means that a database on another machine would be talked to
// in clear.
var ErrPlainConnection = errors.New("the connection to PostgreSQL would not be protected")

// OpenPostgres opens a PostgreSQL database and migrates it. Any number of servers
// may do so at once: one migrates, the others wait. It fails with
// [ErrNewerSchema] for a database that a later release has migrated, with
// [ErrPlainConnection], and with an account.Error of CodeUnavailable while the
// database does not answer.
func OpenPostgres(ctx context.Context, p Postgres) (*Store, error) {
	return openPostgres(ctx, p, true)
}

// OpenExistingPostgres opens a database that a server of this release has made. It
// fails as [OpenPostgres] does, and with [ErrOlderSchema], and changes nothing.
func OpenExistingPostgres(ctx context.Context, p Postgres) (*Store, error) {
	return openPostgres(ctx, p, false)
}

func openPostgres(ctx context.Context, p Postgres, change bool) (*Store, error) {
	config, err := p.config()
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*config)
	connections := cmp.Or(p.Connections, DefaultConnections)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(idleConn)
	db.SetConnMaxLifetime(lifeOfConn)
	err = migratePostgres(ctx, config, change)
	if err == nil {
		err = refuseUnfinished(ctx, db, postgresDialect)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s: %w", p.place(config), postgresDialect.meaning(err)), db.Close())
	}
	q := queries{db: direct{db}, rare: direct{db}, dialect: postgresDialect, patience: p.patience()}
	clock, endClock, err := newClock(ctx, q, monotime.New())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s: %w", p.place(config), err), db.Close())
	}
	return &Store{
		reader:       reader{q},
		transactions: &postgresWriter{db: db},
		place:        "PostgreSQL, " + p.place(config),
		now:          clock.Now,
		closers:      []func() error{endClock, db.Close},
	}, nil
}

func (p Postgres) patience() time.Duration {
	return cmp.Or(p.StatementTimeout, DefaultStatementTimeout)
}

// config reads the URL. Its failures never show the password.
func (p Postgres) config() (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(p.URL.Reveal())
	if err != nil {
		return nil, unreadable(err)
	}
	if err := protected(config); err != nil {
		return nil, err
	}
	// A standby has what was true a while ago: a session that has ended, say.
	if config.ValidateConnect == nil {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTime
	}
	for name, value := range map[string]string{
		"application_name":                    applicationName,
		"statement_timeout":                   milliseconds(p.patience()),
		"idle_in_transaction_session_timeout": milliseconds(idleInTransaction),
		"default_transaction_isolation":       "read committed",
	} {
		config.RuntimeParams[name] = value
	}
	return config, nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// unreadable says what is wrong with a URL, where that cannot show its password:
// what follows the question mark, but not its form.
func unreadable(err error) error {
	cause := errors.Unwrap(err)
	if _, form := errors.AsType[*url.Error](err); form || cause == nil {
		return errors.New("the URL of the database cannot be read; it is postgres://user:password@host:port/database, " +
			"and a character of the password that has a meaning in URLs is written as % and two digits")
	}
	return fmt.Errorf("the URL of the database cannot be used: %w", cause)
}

// protected fails where a password and all data would travel in clear to another
// machine. Without a word on it in the URL libpq would do so wherever the server
// speaks no TLS, or an attacker says that it does not.
func protected(config *pgx.ConnConfig) error {
	plain := func(name string, tls bool) error {
		if tls || strings.HasPrefix(name, "/") || host.IsLoopback(name) {
			return nil
		}
		return fmt.Errorf("%w: add sslmode=verify-full (with sslrootcert=FILE for a private authority) to its URL", ErrPlainConnection)
	}
	if err := plain(config.Host, config.TLSConfig != nil); err != nil {
		return err
	}
	for _, other := range config.Fallbacks {
		if err := plain(other.Host, other.TLSConfig != nil); err != nil {
			return err
		}
	}
	return nil
}

// place names the database without its secrets.
func (Postgres) place(config *pgx.ConnConfig) string {
	return fmt.Sprintf("%s at %s", config.Database, net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))))
}

func classifyPostgres(err error) fault {
	// Whatever a server says against a connection, nobody's request is at fault.
	if _, connecting := errors.AsType[*pgconn.ConnectError](err); connecting {
		return faultUnavailable
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return classifyPostgresCode(e)
	}
	_, network := errors.AsType[net.Error](err)
	switch {
	case network, pgconn.SafeToRetry(err), pgconn.Timeout(err),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone),
		errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return faultUnavailable
	}
	return faultOther
}

// classifyPostgresCode reads a code of the SQL standard, whose first two
// characters are its class.
func classifyPostgresCode(e *pgconn.PgError) fault {
	switch e.Code {
	case "23505":
		switch e.ConstraintName {
		case "users_email_key":
			return faultEmailTaken
		case "roles_name_key":
			return faultRoleNameTaken
		}
		return faultOther
	case "23503", "23001":
		return faultReferenced
	case "40001", "40P01": // serialization failure, deadlock
		return faultConflict
	case "0A000":
		if strings.Contains(e.Message, "cached plan") { // another server has migrated a table
			return faultConflict
		}
		return faultOther
	case "53100": // disk full
		return faultFull
	case "58030": // I/O error
		return faultDisk
	case "25006": // read-only transaction: a standby, or a server that was made so
		return faultReadOnly
	case "25P03", "55P03": // idle in transaction, lock not available
		return faultUnavailable
	}
	switch e.Code[:min(2, len(e.Code))] {
	case "08", "53", "57", "58": // connection, resources, an operator, the system
		return faultUnavailable
	}
	return faultOther
}
