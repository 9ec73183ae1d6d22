package httpapi

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// keyService manages API keys. A user has at most one contract key, which exists for the clients of the server that
// Usher replaces. All other keys are named keys.
type keyService interface {
	ContractKey(ctx context.Context, caller *account.Principal) (secret.Text, error)
	RenewContractKey(ctx context.Context, caller *account.Principal) (secret.Text, error)
	ListKeys(ctx context.Context, caller *account.Principal, userID int64) ([]account.APIKey, error)
	CreateKey(
		ctx context.Context, caller *account.Principal, key apikey.NewAPIKey,
	) (secret.Text, account.APIKey, error)
	EndKey(ctx context.Context, caller *account.Principal, id int64) error
	RevokeKeys(ctx context.Context, caller *account.Principal, userID int64) error
}

type keyHandlers struct{ service keyService }

func (h keyHandlers) ApiApiKeyGet(
	ctx context.Context, _ wire.ApiApiKeyGetRequestObject,
) (wire.ApiApiKeyGetResponseObject, error) {
	key, err := h.service.ContractKey(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiApiKeyGet200JSONResponse{Key: key.Reveal()}, nil
}

func (h keyHandlers) ApiApiKeyPost(
	ctx context.Context, _ wire.ApiApiKeyPostRequestObject,
) (wire.ApiApiKeyPostResponseObject, error) {
	key, err := h.service.RenewContractKey(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiApiKeyPost200JSONResponse{Key: key.Reveal()}, nil
}

func (h keyHandlers) ApiKeysGet(
	ctx context.Context, r wire.ApiKeysGetRequestObject,
) (wire.ApiKeysGetResponseObject, error) {
	caller := requestOf(ctx).caller
	keys, err := h.service.ListKeys(ctx, caller, valueOr(r.Params.UserID, caller.User.ID))
	if err != nil {
		return nil, err
	}
	answer := make(wire.ApiKeysGet200JSONResponse, len(keys))
	for i, k := range keys {
		answer[i] = wireKey(k)
	}
	return answer, nil
}

func (h keyHandlers) ApiKeysPost(
	ctx context.Context, r wire.ApiKeysPostRequestObject,
) (wire.ApiKeysPostResponseObject, error) {
	text, key, err := h.service.CreateKey(ctx, requestOf(ctx).caller, newAPIKey(*r.Body))
	if err != nil {
		return nil, err
	}
	return wire.ApiKeysPost201JSONResponse{Key: text.Reveal(), Details: wireKey(key)}, nil
}

func (h keyHandlers) ApiKeysDelete(
	ctx context.Context, r wire.ApiKeysDeleteRequestObject,
) (wire.ApiKeysDeleteResponseObject, error) {
	caller := requestOf(ctx).caller
	if err := h.service.RevokeKeys(ctx, caller, valueOr(r.Params.UserID, caller.User.ID)); err != nil {
		return nil, err
	}
	return wire.ApiKeysDelete204Response{}, nil
}

func (h keyHandlers) ApiKeysIdDelete(
	ctx context.Context, r wire.ApiKeysIdDeleteRequestObject,
) (wire.ApiKeysIdDeleteResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	if err := h.service.EndKey(ctx, requestOf(ctx).caller, id); err != nil {
		return nil, err
	}
	return wire.ApiKeysIdDelete204Response{}, nil
}

func wireKey(k account.APIKey) wire.Key {
	w := wire.Key{
		ID: k.ID, UserID: k.UserID, Kind: wire.KeyKind(k.Kind), Name: k.Name, Hint: k.Hint,
		CreatedAt: k.Created, ExpiresAt: timeOrNull(k.Expires), LastUsedAt: timeOrNull(k.LastUsed),
	}
	if k.Permissions != nil {
		permissions := wirePermissions(k.Permissions)
		w.Permissions = &permissions
	}
	return w
}

func newAPIKey(w wire.NewKey) apikey.NewAPIKey {
	n := apikey.NewAPIKey{Name: w.Name, ReadOnly: isTrue(w.ReadOnly)}
	if w.ExpiresInDays != nil {
		n.Lifetime = time.Duration(*w.ExpiresInDays) * 24 * time.Hour
	}
	if w.Permissions != nil {
		n.Permissions = permissionRequests(*w.Permissions)
	}
	return n
}
