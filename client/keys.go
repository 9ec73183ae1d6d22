package client

import (
	"context"
	"net/http"
)

// KeysService manages API keys: named keys, and the contract key, of which a user
// has at most one. A client whose token is a named key may not call its methods.
type KeysService struct{ client *Client }

// contractKey is the one key of a user that can be read again.
type contractKey struct {
	Key string `json:"key"`
}

// GetContractKey returns the caller's own contract key, which can be read again and
// again. It fails with [CodeNoAPIKey] while there is none.
func (s *KeysService) GetContractKey(ctx context.Context) (string, error) {
	answer, err := receive[contractKey](ctx, s.client, request{method: http.MethodGet, path: "api/api-key"})
	return answer.Key, err
}

// RenewContractKey creates a contract key for the caller. It revokes the one before
// at once, also when that is the client's token: pass the new one to
// [Client.WithToken].
func (s *KeysService) RenewContractKey(ctx context.Context) (string, error) {
	answer, err := receive[contractKey](ctx, s.client, request{method: http.MethodPost, path: "api/api-key"})
	return answer.Key, err
}

// List returns the keys of a user, by id; 0 stands for the caller. Expired keys
// are there for another 30 days.
func (s *KeysService) List(ctx context.Context, userID int64) ([]APIKey, error) {
	r := request{method: http.MethodGet, path: "api/keys"}
	r.query.id("userId", userID)
	return receive[[]APIKey](ctx, s.client, r)
}

// Create creates a named key of the caller. Its text is shown this once.
//
//	key, err := c.Keys.Create(ctx, client.NewAPIKey{Name: "nightly export", ReadOnly: true})
//
// A user may have 50; the next fails with [CodeTooManyKeys].
func (s *KeysService) Create(ctx context.Context, key NewAPIKey) (CreatedKey, error) {
	body := struct {
		NewAPIKey
		Permissions []permissionInput `json:"permissions,omitzero"` // in place of those of NewAPIKey
	}{NewAPIKey: key}
	if key.Permissions != nil {
		body.Permissions = permissionInputs(key.Permissions)
	}
	return receive[CreatedKey](ctx, s.client, request{method: http.MethodPost, path: "api/keys", body: body})
}

// Revoke revokes a named key or a contract key, at once and for good.
func (s *KeysService) Revoke(ctx context.Context, id int64) error {
	return s.client.perform(ctx, request{method: http.MethodDelete, path: "api/keys/" + decimal(id)})
}
