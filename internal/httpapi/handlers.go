package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// handlers are the operations of the contract, each one call of account.
type handlers struct {
	accounts *service.Service
	version  string // of the program
}

var _ wire.StrictServerInterface = handlers{}

// parseID reads an id of a path. Digits that are no id of anything are the same
// as an id that is not there.
func parseID(text string) (int64, error) {
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, account.Invalid(account.Detail{Path: "/id", Message: "must be a numerical string"})
		}
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, account.NotFound()
	}
	return id, nil
}

func (h handlers) ApiLoginPost(ctx context.Context, r wire.ApiLoginPostRequestObject) (wire.ApiLoginPostResponseObject, error) {
	in, err := h.accounts.SignIn(ctx, r.Body.Email, secret.New(r.Body.Password), requestOf(ctx).from)
	if err != nil {
		return nil, err
	}
	return wire.ApiLoginPost200JSONResponse{AuthToken: in.Token.Reveal(), NeedPasswordReset: in.NeedPasswordReset}, nil
}

func (h handlers) ApiLogoutPost(ctx context.Context, _ wire.ApiLogoutPostRequestObject) (wire.ApiLogoutPostResponseObject, error) {
	if err := h.accounts.SignOut(ctx, requestOf(ctx).caller); err != nil {
		return nil, err
	}
	return wire.ApiLogoutPost204Response{}, nil
}

func (h handlers) ApiUsersWhoamiGet(ctx context.Context, _ wire.ApiUsersWhoamiGetRequestObject) (wire.ApiUsersWhoamiGetResponseObject, error) {
	return whoamiAnswer{requestOf(ctx).caller}, nil
}

// whoamiAnswer tells a caller who he is. Clients ask that more often than anything else,
// so it is written once for each caller who is remembered.
type whoamiAnswer struct{ caller *account.Principal }

// VisitApiUsersWhoamiGetResponse writes the answer.
func (a whoamiAnswer) VisitApiUsersWhoamiGetResponse(w http.ResponseWriter) error {
	body, err := a.caller.Encoded(func() ([]byte, error) { return encode(whoami(a.caller)) })
	if err != nil {
		return err
	}
	return writeBody(w, body)
}

// ApiUsersGet answers all users, or one page of them where the query has any of
// its parameters.
func (h handlers) ApiUsersGet(ctx context.Context, r wire.ApiUsersGetRequestObject) (wire.ApiUsersGetResponseObject, error) {
	if r.Params != (wire.ApiUsersGetParams{}) {
		return h.findUsers(ctx, r.Params)
	}
	return userList{ctx, h.accounts}, nil
}

// userList answers all users as they are read, so that its memory does not grow
// with their number.
type userList struct {
	ctx      context.Context
	accounts *service.Service
}

// VisitApiUsersGetResponse writes the list. What a failure is answered with
// depends on whether a part of the list has left the buffer: see writeError.
func (l userList) VisitApiUsersGetResponse(w http.ResponseWriter) error {
	return writeList(w, func(yield func(any) error) error {
		return l.accounts.ListUsers(l.ctx, requestOf(l.ctx).caller, func(u account.User) error { return yield(user(u)) })
	})
}

func (h handlers) ApiUsersPost(ctx context.Context, r wire.ApiUsersPostRequestObject) (wire.ApiUsersPostResponseObject, error) {
	users := make([]account.NewUser, len(*r.Body))
	for i, u := range *r.Body {
		users[i] = newUser(u)
	}
	created, err := h.accounts.CreateUsers(ctx, requestOf(ctx).caller, users)
	if err != nil {
		return nil, err
	}
	answer := make(wire.ApiUsersPost201JSONResponse, len(created))
	for i, u := range created {
		answer[i] = user(u)
	}
	return answer, nil
}

func (h handlers) ApiUsersIdGet(ctx context.Context, r wire.ApiUsersIdGetRequestObject) (wire.ApiUsersIdGetResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	body, err := h.accounts.EncodedUser(ctx, requestOf(ctx).caller, id, func(u account.User) ([]byte, error) { return encode(user(u)) })
	if err != nil {
		return nil, err
	}
	return userAnswer(body), nil
}

// userAnswer is a user as he is written.
type userAnswer []byte

// VisitApiUsersIdGetResponse writes the answer.
func (a userAnswer) VisitApiUsersIdGetResponse(w http.ResponseWriter) error { return writeBody(w, a) }

func (h handlers) ApiUsersIdPatch(ctx context.Context, r wire.ApiUsersIdPatchRequestObject) (wire.ApiUsersIdPatchResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	up := userUpdate(*r.Body)
	up.KeepKeys = r.Params.KeepKeys != nil && *r.Params.KeepKeys
	u, err := h.accounts.UpdateUser(ctx, requestOf(ctx).caller, id, up)
	if err != nil {
		return nil, err
	}
	return wire.ApiUsersIdPatch200JSONResponse(user(u)), nil
}

func (h handlers) ApiUsersIdDelete(ctx context.Context, r wire.ApiUsersIdDeleteRequestObject) (wire.ApiUsersIdDeleteResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	if err := h.accounts.DeleteUser(ctx, requestOf(ctx).caller, id); err != nil {
		return nil, err
	}
	return wire.ApiUsersIdDelete204Response{}, nil
}

func (h handlers) ApiUsersIdRolesPut(ctx context.Context, r wire.ApiUsersIdRolesPutRequestObject) (wire.ApiUsersIdRolesPutResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	roles, err := h.accounts.SetUserRoles(ctx, requestOf(ctx).caller, id, r.Body.Roles)
	if err != nil {
		return nil, err
	}
	return wire.ApiUsersIdRolesPut200JSONResponse{Roles: roles}, nil
}

func (h handlers) ApiUsersPasswordPatch(ctx context.Context, r wire.ApiUsersPasswordPatchRequestObject) (wire.ApiUsersPasswordPatchResponseObject, error) {
	q := requestOf(ctx)
	err := h.accounts.ChangePassword(ctx, q.caller, secret.New(r.Body.OldPassword), secret.New(r.Body.NewPassword), q.from)
	if err != nil {
		return nil, err
	}
	return wire.ApiUsersPasswordPatch200JSONResponse(nil), nil
}

func (h handlers) ApiUsersForgottenPasswordPost(ctx context.Context, r wire.ApiUsersForgottenPasswordPostRequestObject) (wire.ApiUsersForgottenPasswordPostResponseObject, error) {
	if err := h.accounts.ForgottenPassword(ctx, r.Body.Email, requestOf(ctx).from); err != nil {
		return nil, err
	}
	return wire.ApiUsersForgottenPasswordPost200JSONResponse(nil), nil
}

func (h handlers) ApiUsersRetrievePasswordPost(ctx context.Context, r wire.ApiUsersRetrievePasswordPostRequestObject) (wire.ApiUsersRetrievePasswordPostResponseObject, error) {
	err := h.accounts.RetrievePassword(ctx, secret.New(r.Body.Token), secret.New(r.Body.NewPassword), requestOf(ctx).from)
	if err != nil {
		return nil, err
	}
	return wire.ApiUsersRetrievePasswordPost200JSONResponse(nil), nil
}

func (h handlers) ApiMailGet(ctx context.Context, _ wire.ApiMailGetRequestObject) (wire.ApiMailGetResponseObject, error) {
	mails, err := h.accounts.ListMail(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	answer := make(wire.ApiMailGet200JSONResponse, len(mails))
	for i, m := range mails {
		answer[i] = mailMessage(m)
	}
	return answer, nil
}

func (h handlers) ApiMailIdGet(ctx context.Context, r wire.ApiMailIdGetRequestObject) (wire.ApiMailIdGetResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	m, err := h.accounts.Mail(ctx, requestOf(ctx).caller, id)
	if err != nil {
		return nil, err
	}
	return wire.ApiMailIdGet200JSONResponse(mailMessage(m)), nil
}
