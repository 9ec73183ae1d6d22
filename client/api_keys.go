package client

import (
	"context"
	"net/http"
)

// contractKey is the one key of a user that can be read again.
type contractKey struct {
	Key string `json:"key"`
}

// ContractKey returns the caller's own key of the contract, which can be read again
// and again. It fails with [CodeNoAPIKey] while there is none. A named key may not
// call it, nor any other method of keys.
func (c *Client) ContractKey(ctx context.Context) (string, error) {
	answer, err := receive[contractKey](ctx, c, request{method: http.MethodGet, path: "api/api-key"})
	return answer.Key, err
}

// RenewContractKey creates a key of the contract for the caller. It revokes the one
// before at once, also when that is the client's token: pass the new one to
// [Client.WithToken].
func (c *Client) RenewContractKey(ctx context.Context) (string, error) {
	answer, err := receive[contractKey](ctx, c, request{method: http.MethodPost, path: "api/api-key"})
	return answer.Key, err
}

// APIKeys returns the keys of a user, by id; 0 stands for the caller. Expired keys
// are there for another 30 days.
func (c *Client) APIKeys(ctx context.Context, userID int64) ([]APIKey, error) {
	r := request{method: http.MethodGet, path: "api/keys"}
	r.query.id("userId", userID)
	return receive[[]APIKey](ctx, c, r)
}

// CreateAPIKey creates a named key of the caller. Its text is shown this once.
//
//	key, err := c.CreateAPIKey(ctx, client.NewAPIKey{Name: "nightly export", ReadOnly: true})
//
// A user may have 50; the next fails with [CodeTooManyKeys].
func (c *Client) CreateAPIKey(ctx context.Context, key NewAPIKey) (CreatedKey, error) {
	body := struct {
		NewAPIKey
		Permissions []permissionInput `json:"permissions,omitzero"` // in place of those of NewAPIKey
	}{NewAPIKey: key}
	if key.Permissions != nil {
		body.Permissions = permissionInputs(key.Permissions)
	}
	return receive[CreatedKey](ctx, c, request{method: http.MethodPost, path: "api/keys", body: body})
}

// EndAPIKey revokes a key, named or of the contract, at once and for good.
func (c *Client) EndAPIKey(ctx context.Context, id int64) error {
	return c.perform(ctx, request{method: http.MethodDelete, path: "api/keys/" + decimal(id)})
}
