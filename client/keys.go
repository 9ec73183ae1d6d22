package client

import (
	"context"
	"net/http"
)

// KeysService manages API keys. A user can have several named keys and one contract
// key. If the client's token is a named key, the server refuses all methods of this
// service.
type KeysService struct{ client *Client }

// contractKey is the JSON of a contract key in an answer.
type contractKey struct {
	Key string `json:"key"`
}

// GetContractKey returns the text of the caller's own contract key. Unlike a named key,
// the contract key can be read any number of times. GetContractKey fails with
// [CodeNoAPIKey] if there is no contract key.
func (s *KeysService) GetContractKey(ctx context.Context) (string, error) {
	answer, err := receive[contractKey](ctx, s.client, request{method: http.MethodGet, path: "api/api-key"})
	return answer.Key, err
}

// RenewContractKey creates a contract key for the caller and revokes the previous one
// at once. If the client's token was the previous key, pass the new key to
// [Client.WithToken].
func (s *KeysService) RenewContractKey(ctx context.Context) (string, error) {
	answer, err := receive[contractKey](ctx, s.client, request{method: http.MethodPost, path: "api/api-key"})
	return answer.Key, err
}

// List returns the keys of the user with the id userID, sorted by the id of the key. A
// userID of 0 stands for the caller. Expired keys stay in the list for 30 days.
func (s *KeysService) List(ctx context.Context, userID int64) ([]APIKey, error) {
	r := request{method: http.MethodGet, path: "api/keys"}
	r.query.id("userId", userID)
	return receive[[]APIKey](ctx, s.client, r)
}

// Create creates a named key of the caller. The result contains the text of the key,
// which can't be read again.
//
//	key, err := c.Keys.Create(ctx, client.NewAPIKey{Name: "nightly export", ReadOnly: true})
//
// A user may have 50 named keys. Create fails with [CodeTooManyKeys] for another one.
func (s *KeysService) Create(ctx context.Context, key NewAPIKey) (CreatedKey, error) {
	body := struct {
		NewAPIKey
		Permissions []permissionInput `json:"permissions,omitzero"` // shadows NewAPIKey.Permissions
	}{NewAPIKey: key}
	if key.Permissions != nil {
		body.Permissions = permissionInputs(key.Permissions)
	}
	return receive[CreatedKey](ctx, s.client, request{method: http.MethodPost, path: "api/keys", body: body})
}

// RevokeAll revokes all keys of the user with the id userID. A userID of 0 stands for
// the caller. If the client's token is one of these keys, it stops working.
func (s *KeysService) RevokeAll(ctx context.Context, userID int64) error {
	r := request{method: http.MethodDelete, path: "api/keys"}
	r.query.id("userId", userID)
	return s.client.perform(ctx, r)
}

// Revoke revokes a named key or a contract key, immediately and permanently.
func (s *KeysService) Revoke(ctx context.Context, id int64) error {
	return s.client.perform(ctx, request{method: http.MethodDelete, path: "api/keys/" + decimal(id)})
}
