// Package sqlstore implements the interfaces in [account.Store] and [account.Tx] on SQLite and
// PostgreSQL. It does not decide what callers may do. The schema refuses only data that contradicts
// itself, such as a reference to a missing row.
//
// Each statement is written once for both engines, with the parameters $1, $2, …. It is in the file
// of the data that it concerns, such as user.go. The differences between the engines are in
// [sqldb.Dialect]. [Store.Write] is the only way to write. On SQLite, reads outside of it use
// connections of their own.
package sqlstore

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// Store is an open database. Other packages use its embedded account.Store.
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

// DropCaches shrinks SQLite's page caches; on PostgreSQL it does nothing. An idle server calls it
// to use less memory.
func (s *Store) DropCaches(ctx context.Context) error { return translateError(s.db.DropCaches(ctx)) }

// Place returns the location of the database for messages, without secrets.
func (s *Store) Place() string { return s.db.Location }

// Now returns the current time, the same for all servers of the database. On PostgreSQL this is the
// database's time. On SQLite, which has one server, it is the machine's time.
func (s *Store) Now() time.Time { return s.db.Clock() }

// Ping fails if the database can't be read.
func (s *Store) Ping(ctx context.Context) error {
	_, err := one(ctx, s.querier.cancellable(), scanInt, "SELECT 1") // it may wait for a connection
	return err
}

// Close waits for the transactions under way and closes the database.
func (s *Store) Close() error { return s.db.Close() }

// tx is a transaction. The readers and writers in its account.Tx share the field state, so that a
// transaction takes one allocation.
type tx struct {
	account.Tx
	state txState
}

// txState is the state of one transaction.
type txState struct {
	querier
	authChanges map[account.AuthChange]bool // inserted by the transaction
	throttles   []string                    // keys of the sign-in counters that the transaction has locked
	sealingKey  string                      // id of the current server key, once the transaction has asked for it
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

// health holds the reason why the newest write failed, or nil if it succeeded.
type health struct{ failure atomic.Pointer[account.Error] }

// note records the result of a write. It ignores failures that say nothing about the health of the
// database: a refused or cancelled write, a timeout, and a conflict with another transaction.
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

// WriteFailure returns the newest failure of the database to store a write. It returns nil if a
// later write has succeeded.
func (s *Store) WriteFailure() *account.Error { return s.health.failure.Load() }

// TryWrite inserts a row and deletes it again. If that succeeds, it clears [Store.WriteFailure]
// even if there is no other write. It fails as [Store.Write] does.
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
