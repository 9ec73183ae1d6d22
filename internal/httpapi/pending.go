package httpapi

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
)

// pending are the operations of the contract that are not built yet. What is
// built is a method of handlers and no longer of this type.
type pending struct{}

// notBuilt is the answer of all of them.
var notBuilt = &account.Error{Code: account.CodeInternal, Message: "not built yet"}

func (pending) ApiApiKeyGet(context.Context, wire.ApiApiKeyGetRequestObject) (wire.ApiApiKeyGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiApiKeyPost(context.Context, wire.ApiApiKeyPostRequestObject) (wire.ApiApiKeyPostResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiImportsPost(context.Context, wire.ApiImportsPostRequestObject) (wire.ApiImportsPostResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiImportsIdDelete(context.Context, wire.ApiImportsIdDeleteRequestObject) (wire.ApiImportsIdDeleteResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiImportsIdGet(context.Context, wire.ApiImportsIdGetRequestObject) (wire.ApiImportsIdGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiImportsIdFinishPost(context.Context, wire.ApiImportsIdFinishPostRequestObject) (wire.ApiImportsIdFinishPostResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiImportsIdRowsPost(context.Context, wire.ApiImportsIdRowsPostRequestObject) (wire.ApiImportsIdRowsPostResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiKeysGet(context.Context, wire.ApiKeysGetRequestObject) (wire.ApiKeysGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiKeysPost(context.Context, wire.ApiKeysPostRequestObject) (wire.ApiKeysPostResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiKeysIdDelete(context.Context, wire.ApiKeysIdDeleteRequestObject) (wire.ApiKeysIdDeleteResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiSessionsDelete(context.Context, wire.ApiSessionsDeleteRequestObject) (wire.ApiSessionsDeleteResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiSessionsGet(context.Context, wire.ApiSessionsGetRequestObject) (wire.ApiSessionsGetResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiSessionsIdDelete(context.Context, wire.ApiSessionsIdDeleteRequestObject) (wire.ApiSessionsIdDeleteResponseObject, error) {
	return nil, notBuilt
}

func (pending) ApiUsersIdInvitationPost(context.Context, wire.ApiUsersIdInvitationPostRequestObject) (wire.ApiUsersIdInvitationPostResponseObject, error) {
	return nil, notBuilt
}
