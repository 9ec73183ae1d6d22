package httpapi

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
)

func (h handlers) ApiApiKeyGet(ctx context.Context, _ wire.ApiApiKeyGetRequestObject) (wire.ApiApiKeyGetResponseObject, error) {
	key, err := h.accounts.ContractKey(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiApiKeyGet200JSONResponse{Key: key.Reveal()}, nil
}

func (h handlers) ApiApiKeyPost(ctx context.Context, _ wire.ApiApiKeyPostRequestObject) (wire.ApiApiKeyPostResponseObject, error) {
	key, err := h.accounts.RenewContractKey(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiApiKeyPost200JSONResponse{Key: key.Reveal()}, nil
}

func (h handlers) ApiKeysGet(ctx context.Context, r wire.ApiKeysGetRequestObject) (wire.ApiKeysGetResponseObject, error) {
	caller := requestOf(ctx).caller
	keys, err := h.accounts.ListKeys(ctx, caller, ofUser(caller, r.Params.UserID))
	if err != nil {
		return nil, err
	}
	answer := make(wire.ApiKeysGet200JSONResponse, len(keys))
	for i, k := range keys {
		answer[i] = apiKey(k)
	}
	return answer, nil
}

func (h handlers) ApiKeysPost(ctx context.Context, r wire.ApiKeysPostRequestObject) (wire.ApiKeysPostResponseObject, error) {
	text, key, err := h.accounts.CreateKey(ctx, requestOf(ctx).caller, newAPIKey(*r.Body))
	if err != nil {
		return nil, err
	}
	return wire.ApiKeysPost201JSONResponse{Key: text.Reveal(), Details: apiKey(key)}, nil
}

func (h handlers) ApiKeysIdDelete(ctx context.Context, r wire.ApiKeysIdDeleteRequestObject) (wire.ApiKeysIdDeleteResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	if err := h.accounts.EndKey(ctx, requestOf(ctx).caller, id); err != nil {
		return nil, err
	}
	return wire.ApiKeysIdDelete204Response{}, nil
}

// ofUser is the user that a list is asked of: the caller where none is named.
func ofUser(caller *account.Principal, id *int64) int64 {
	if id == nil {
		return caller.User.ID
	}
	return *id
}

func apiKey(k account.APIKey) wire.Key {
	w := wire.Key{
		ID: k.ID, UserID: k.UserID, Kind: wire.KeyKind(k.Kind), Name: k.Name, Hint: k.Hint,
		CreatedAt: k.Created, ExpiresAt: moment(k.Expires), LastUsedAt: moment(k.LastUsed),
	}
	if k.Permissions != nil {
		narrowed := permissions(k.Permissions)
		w.Permissions = &narrowed
	}
	return w
}

// moment is a time that may never come, which account writes as the zero time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func newAPIKey(w wire.NewKey) apikey.NewAPIKey {
	n := apikey.NewAPIKey{Name: w.Name, ReadOnly: w.ReadOnly != nil && *w.ReadOnly}
	if w.ExpiresInDays != nil {
		n.Life = time.Duration(*w.ExpiresInDays) * 24 * time.Hour
	}
	if w.Permissions != nil {
		n.Permissions = drafts(*w.Permissions)
	}
	return n
}
