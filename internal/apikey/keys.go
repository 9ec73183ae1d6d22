// Package apikey creates, lists and ends API keys. Named keys expire, and can be limited to some
// permissions of their owner. The contract key of a user can be read again by that user.
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

// store is the part of the storage that operations on API keys read outside of transactions.
type store interface {
	account.UserReader
	account.APIKeyReader
}

// Keys has the operations on API keys. Its methods are safe for concurrent use.
type Keys struct {
	store  store
	keys   *keyring.Ring
	now    func() time.Time
	random io.Reader
	outbox *outbox.Outbox
	auth   *auth.Auth
	audit  *audit.Log
}

// New returns the operations on the API keys of one database.
func New(env account.Env, outbox *outbox.Outbox, auth *auth.Auth, audit *audit.Log) *Keys {
	return &Keys{
		store: env.Store, keys: env.Keys, now: env.Now, random: env.Random, outbox: outbox, auth: auth, audit: audit,
	}
}
