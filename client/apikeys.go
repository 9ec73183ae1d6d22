package client

import (
	"context"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// KeyKind is what an API key is for.
type KeyKind string

// The kinds of key.
const (
	KeyContract KeyKind = "contract" // the one key of a user that can be read again
	KeyNamed    KeyKind = "named"    // one of up to 50 that its owner named
)

// MailNewAPIKey is a message that tells of a new key.
const MailNewAPIKey MailKind = "new-api-key"

// APIKey is an API key without its text.
type APIKey struct {
	ID          int64        `json:"id"`
	UserID      int64        `json:"userId"`
	Kind        KeyKind      `json:"kind"`
	Name        string       `json:"name"`        // "" of the contract's key
	Hint        string       `json:"hint"`        // the last four characters of the text
	Permissions []Permission `json:"permissions"` // what it is narrowed to; nil: it may do all that its owner may
	CreatedAt   time.Time    `json:"createdAt"`
	ExpiresAt   *time.Time   `json:"expiresAt"`  // nil: never
	LastUsedAt  *time.Time   `json:"lastUsedAt"` // to the minute; nil: not yet
}

// NewAPIKey is what a named key is made from.
type NewAPIKey struct {
	Name          string
	ExpiresInDays int          // 1 to 3650; 0 for the default, 90
	ReadOnly      bool         // it may only read what its owner may read
	Permissions   []Permission // what it may do of what its owner may; nil for all. Not beside ReadOnly
}

// CreatedKey is a new key. It prints with its text masked.
type CreatedKey struct {
	Key     string // the text, for [Client.WithToken]; it is not told again. A secret
	Details APIKey
}

// ContractKey returns the caller's own key of the contract, which can be read again
// and again. It fails with [CodeNoAPIKey] while there is none. A named key may not
// call it, nor any other method of keys.
func (c *Client) ContractKey(ctx context.Context) (string, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiApiKeyGet(ctx)
	}, func(w wire.ContractKey) string { return w.Key })
}

// RenewContractKey makes a key of the contract for the caller. The one before it
// ends at once, also when it is the client's token: pass the new one to
// [Client.WithToken].
func (c *Client) RenewContractKey(ctx context.Context) (string, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiApiKeyPost(ctx)
	}, func(w wire.ContractKey) string { return w.Key })
}

// APIKeys returns the keys of a user, by id; 0 stands for the caller. Expired keys
// are there for another 30 days.
func (c *Client) APIKeys(ctx context.Context, userID int64) ([]APIKey, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiKeysGet(ctx, &wire.ApiKeysGetParams{UserID: ofUser(userID)})
	}, func(w []wire.Key) []APIKey {
		keys := make([]APIKey, len(w))
		for i := range w {
			keys[i] = apiKeyFromWire(w[i])
		}
		return keys
	})
}

// CreateAPIKey makes a named key of the caller. Its text is told this once.
//
//	key, err := c.CreateAPIKey(ctx, client.NewAPIKey{Name: "nightly export", ReadOnly: true})
//
// A user may have 50; the next fails with [CodeTooManyKeys].
func (c *Client) CreateAPIKey(ctx context.Context, key NewAPIKey) (CreatedKey, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiKeysPost(ctx, key.toWire())
	}, func(w wire.CreatedKey) CreatedKey {
		return CreatedKey{Key: w.Key, Details: apiKeyFromWire(w.Details)}
	})
}

// EndAPIKey ends a key, named or of the contract, at once and for good.
func (c *Client) EndAPIKey(ctx context.Context, id int64) error {
	return perform(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiKeysIdDelete(ctx, pathID(id))
	})
}

// ofUser is the parameter for a user; 0, the caller, goes without.
func ofUser(id int64) *wire.UserID {
	if id == 0 {
		return nil
	}
	return &id
}

func apiKeyFromWire(w wire.Key) APIKey {
	k := APIKey{
		ID: w.ID, UserID: w.UserID, Kind: KeyKind(w.Kind), Name: w.Name, Hint: w.Hint,
		CreatedAt: w.CreatedAt, ExpiresAt: w.ExpiresAt, LastUsedAt: w.LastUsedAt,
	}
	if w.Permissions != nil {
		k.Permissions = permissionsFromWire(*w.Permissions)
	}
	return k
}

func (k NewAPIKey) toWire() wire.NewKey {
	w := wire.NewKey{Name: k.Name}
	if k.ExpiresInDays != 0 {
		w.ExpiresInDays = &k.ExpiresInDays
	}
	if k.ReadOnly {
		w.ReadOnly = &k.ReadOnly
	}
	if k.Permissions != nil {
		inputs := permissionsToWire(k.Permissions)
		w.Permissions = &inputs
	}
	return w
}
