// Package audit keeps the activity log. It records the changes of each operation, and lists and
// exports entries. It seals entries, which means that it signs each one together with the seal
// before, so that the seals form a chain. It verifies this chain, and removes entries past their
// retention.
//
// Operations insert entries in the transaction of their change. [Log.SealActivity] numbers and
// seals the committed entries later; docs/decisions has the reasons.
package audit

import (
	"log/slog"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// store is the storage that the activity log uses.
type store interface {
	account.Transactor
	account.ActivityReader
	account.SettingReader
	account.InstanceReader
}

// Log is the activity log of one customer. Its methods are safe for concurrent use.
type Log struct {
	store       store
	keys        *keyring.Ring
	log         *slog.Logger
	now         func() time.Time
	monotonic   func() time.Time
	checkpoints CheckpointStore // nil: no checkpoint is kept outside the database
	refused     refusedReads
}

// New returns the activity log of one customer. checkpoints may be nil.
func New(env account.Env, checkpoints CheckpointStore) *Log {
	return &Log{
		store: env.Store, keys: env.Keys, log: env.Log, now: env.Now, monotonic: env.Monotonic,
		checkpoints: checkpoints,
	}
}
