// Package apikey creates, lists and ends API keys: named keys, which expire and can be restricted to
// some permissions, and the contract's key, which its owner can read again.
//
// It imports outbox, auth, audit, account and the packages below them.
package apikey

import (
	"io"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/outbox"
)

// store is the storage that the operations on API keys read.
type store interface {
	account.UserReader
	account.APIKeyReader
}

// Keys are the operations on API keys. Its methods are safe for concurrent use.
type Keys struct {
	store  store
	keys   *keyring.Ring
	now    func() time.Time
	random io.Reader
	outbox *outbox.Outbox
	auth   *auth.Auth
	audit  *audit.Log
}

// New returns the operations on API keys.
func New(env account.Env, outbox *outbox.Outbox, auth *auth.Auth, audit *audit.Log) *Keys {
	return &Keys{
		store: env.Store, keys: env.Keys, now: env.Now, random: env.Random, outbox: outbox, auth: auth, audit: audit,
	}
}
