package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// authenticator finds the principal of a credential, and counts the reads that a principal is refused.
type authenticator interface {
	Authenticate(ctx context.Context, credential secret.Text, from account.Origin) (*account.Principal, error)
	CountRefusedRead(caller *account.Principal)
}

// authService signs users in and out, and changes or recovers their passwords.
type authService interface {
	SignIn(ctx context.Context, email string, password secret.Text, from account.Origin) (auth.SignInResult, error)
	SignOut(ctx context.Context, caller *account.Principal) error
	ChangePassword(
		ctx context.Context, caller *account.Principal, change auth.PasswordChange, from account.Origin,
	) error
	ForgottenPassword(ctx context.Context, email string, from account.Origin) error
	RetrievePassword(ctx context.Context, recovery, password secret.Text, from account.Origin) error
}

type authHandlers struct{ service authService }

func (h authHandlers) ApiLoginPost(
	ctx context.Context, r wire.ApiLoginPostRequestObject,
) (wire.ApiLoginPostResponseObject, error) {
	result, err := h.service.SignIn(ctx, r.Body.Email, secret.New(r.Body.Password), requestOf(ctx).from)
	if err != nil {
		return nil, err
	}
	return wire.ApiLoginPost200JSONResponse{
		AuthToken: result.Token.Reveal(), NeedPasswordReset: result.NeedPasswordReset,
	}, nil
}

func (h authHandlers) ApiLogoutPost(
	ctx context.Context, _ wire.ApiLogoutPostRequestObject,
) (wire.ApiLogoutPostResponseObject, error) {
	if err := h.service.SignOut(ctx, requestOf(ctx).caller); err != nil {
		return nil, err
	}
	return wire.ApiLogoutPost204Response{}, nil
}

func (h authHandlers) ApiUsersPasswordPatch(
	ctx context.Context, r wire.ApiUsersPasswordPatchRequestObject,
) (wire.ApiUsersPasswordPatchResponseObject, error) {
	q := requestOf(ctx)
	change := auth.PasswordChange{Current: secret.New(r.Body.OldPassword), Next: secret.New(r.Body.NewPassword)}
	if err := h.service.ChangePassword(ctx, q.caller, change, q.from); err != nil {
		return nil, err
	}
	return wire.ApiUsersPasswordPatch200JSONResponse(nil), nil
}

func (h authHandlers) ApiUsersForgottenPasswordPost(
	ctx context.Context, r wire.ApiUsersForgottenPasswordPostRequestObject,
) (wire.ApiUsersForgottenPasswordPostResponseObject, error) {
	if err := h.service.ForgottenPassword(ctx, r.Body.Email, requestOf(ctx).from); err != nil {
		return nil, err
	}
	return wire.ApiUsersForgottenPasswordPost200JSONResponse(nil), nil
}

func (h authHandlers) ApiUsersRetrievePasswordPost(
	ctx context.Context, r wire.ApiUsersRetrievePasswordPostRequestObject,
) (wire.ApiUsersRetrievePasswordPostResponseObject, error) {
	recovery, password := secret.New(r.Body.Token), secret.New(r.Body.NewPassword)
	if err := h.service.RetrievePassword(ctx, recovery, password, requestOf(ctx).from); err != nil {
		return nil, err
	}
	return wire.ApiUsersRetrievePasswordPost200JSONResponse(nil), nil
}

const bearer = "Bearer "

// credential returns the token of a request: from x-api-key, where the prefix "Bearer " is optional, or from
// Authorization. The same token in both headers is accepted. Different tokens are an error, because the server would
// have to guess which user the client means. Cookies are ignored.
func credential(r *http.Request) (secret.Text, error) {
	var tokens []string
	for _, value := range r.Header.Values("X-Api-Key") {
		tokens = append(tokens, strings.TrimPrefix(value, bearer))
	}
	for _, value := range r.Header.Values("Authorization") {
		if len(value) < len(bearer) || !strings.EqualFold(value[:len(bearer)], bearer) {
			return secret.Text{}, noCredential() // an Authorization scheme other than Bearer
		}
		tokens = append(tokens, value[len(bearer):])
	}
	if len(tokens) == 0 {
		return secret.Text{}, noCredential()
	}
	for _, other := range tokens[1:] {
		if other != tokens[0] {
			return secret.Text{}, noCredential()
		}
	}
	return secret.New(tokens[0]), nil
}

func noCredential() error {
	return &account.Error{
		Code:    account.CodeUnauthorized,
		Message: "A credential is required: one token, in the header x-api-key or Authorization: Bearer.",
	}
}
