// Package sqlstore implements the ports of [account.Store] and [account.Tx] on SQLite and
// PostgreSQL. It has no rules of its own; the schema refuses only changes that would damage the
// data.
//
// Each statement is written once, with the parameters $1, $2, …, in the file of its noun. The
// differences between the engines are in [sqldb.Dialect]. [Store.Write] is the only way to write;
// reads outside of it use a pool of their own.
//
// The package imports account, access, lockout, keyring, token and sqldb; open.go alone imports
// the engines.
package sqlstore

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// Store is an open database. Its field Store is the storage that the rules see.
type Store struct {
	*account.Store
	querier *querier // for reads outside of transactions
	db      *sqldb.DB
	health  health
}

func newStore(db *sqldb.DB) *Store {
	q := &querier{db.Querier}
	s := &Store{querier: q, db: db}
	s.Store = &account.Store{
		Transactor: s, HealthReporter: s,
		InstanceReader: instanceReader{q}, UserReader: userReader{q}, RoleReader: roleReader{q},
		SessionReader: sessionReader{q}, APIKeyReader: apiKeyReader{q}, OutboxReader: outboxReader{q},
		SettingReader: settingReader{q}, ImportReader: importReader{q}, PreferenceReader: preferenceReader{q},
		ActivityReader: activityReader{q}, AuthChangeReader: authChangeReader{q},
	}
	return s
}

// Write implements [account.Transactor].
func (s *Store) Write(ctx context.Context, f func(ctx context.Context, tx *account.Tx) error) error {
	return s.write(ctx, func(ctx context.Context, tx *tx) error { return f(ctx, &tx.Tx) })
}

func (s *Store) write(ctx context.Context, f func(ctx context.Context, tx *tx) error) error {
	err := translateError(s.db.Write(ctx, func(ctx context.Context, tx *sqldb.Tx) error { return f(ctx, newTx(tx)) }))
	s.health.note(err)
	return err
}

// DropCaches shrinks SQLite's page caches. The server calls it when it is idle.
func (s *Store) DropCaches(ctx context.Context) error { return translateError(s.db.DropCaches(ctx)) }

// Place names the database for people, without secrets.
func (s *Store) Place() string { return s.db.Location }

// Now returns the time on which all servers of the database agree: PostgreSQL's, or for SQLite,
// which has one server, the machine's.
func (s *Store) Now() time.Time { return s.db.Clock() }

// Ping reports whether the database can be read.
func (s *Store) Ping(ctx context.Context) error {
	_, err := one(ctx, s.querier.cancellable(), scanInt, "SELECT 1") // it may wait for a connection
	return err
}

// Close ends the transactions under way and closes the database.
func (s *Store) Close() error { return s.db.Close() }

// tx is a transaction. Its ports share its state, in one allocation.
type tx struct {
	account.Tx
	state txState
}

// txState is the state of one transaction.
type txState struct {
	querier
	authChanges map[account.AuthChange]bool // inserted by the transaction
	throttles   []string                    // the keys of the counters that it has locked
}

func newTx(db *sqldb.Tx) *tx {
	t := &tx{state: txState{querier: querier{db.Querier}}}
	s, q := &t.state, &t.state.querier
	t.Tx = account.Tx{
		InstanceReader: instanceReader{q}, UserReader: userReader{q}, RoleReader: roleReader{q},
		SessionReader: sessionReader{q}, APIKeyReader: apiKeyReader{q}, OutboxReader: outboxReader{q},
		SettingReader: settingReader{q}, ImportReader: importReader{q}, PreferenceReader: preferenceReader{q},
		ActivityReader: activityReader{q}, AuthChangeReader: authChangeReader{q},

		UserWriter: userWriter{s}, RoleWriter: roleWriter{s}, SessionWriter: sessionWriter{s},
		APIKeyWriter: apiKeyWriter{s}, ThrottleWriter: throttleWriter{s}, RecoveryWriter: recoveryWriter{s},
		OutboxWriter: outboxWriter{s}, InstanceWriter: instanceWriter{s}, SettingWriter: settingWriter{s},
		PreferenceWriter: preferenceWriter{s}, ActivityWriter: activityWriter{s}, ImportWriter: importWriter{s},
		AuthChangeWriter: authChangeWriter{s},
	}
	return t
}

// health holds why the database does not accept writes, if it does not.
type health struct{ failure atomic.Pointer[account.Error] }

// note takes the outcome of a write. A write that the rules refused, that was cancelled, took too
// long or was in conflict with others says nothing about the database.
func (h *health) note(err error) {
	if err == nil {
		h.failure.Store(nil)
		return
	}
	e, ok := errors.AsType[*account.Error](err)
	if !ok || e.Code != account.CodeUnavailable || errors.Is(err, sqldb.ErrConflict) || errors.Is(err, sqldb.ErrTimeout) {
		return
	}
	h.failure.Store(e)
}

// WriteFailure returns why the newest write was not stored, as long as no later write was stored;
// else nil.
func (s *Store) WriteFailure() *account.Error { return s.health.failure.Load() }

// TryWrite stores a row and removes it again, so that [Store.WriteFailure] is cleared even if
// there is no other write. It fails as Write does.
func (s *Store) TryWrite(ctx context.Context) error {
	return s.write(ctx, func(ctx context.Context, tx *tx) error {
		const name = "try" // no group of settings has this name, so no cache depends on it
		if err := tx.state.execDeferred(ctx, `INSERT INTO settings (name, value) VALUES ($1, '')`, name); err != nil {
			return err
		}
		return tx.state.execOne(ctx, `DELETE FROM settings WHERE name = $1`, name)
	})
}

// Health implements [account.HealthReporter].
func (s *Store) Health(ctx context.Context) (account.DatabaseHealth, error) {
	dialect := s.db.Dialect
	h := account.DatabaseHealth{Engine: dialect.Name}
	begun := time.Now()
	if err := s.Ping(ctx); err != nil {
		return h, err
	}
	h.ReadLatency = time.Since(begun)
	if failure := s.WriteFailure(); failure != nil {
		h.Refused = failure.Message
	}
	return one(ctx, s.querier.cancellable(), func(row sqldb.Row) (account.DatabaseHealth, error) {
		return h, row.Scan(&h.Bytes, &h.Schema)
	}, `SELECT `+dialect.Size+`, (SELECT max(version_id) FROM goose_db_version)`)
}
