package httpapi

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

func (h handlers) ApiUsersIdInvitationPost(ctx context.Context, r wire.ApiUsersIdInvitationPostRequestObject) (wire.ApiUsersIdInvitationPostResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	if err := h.accounts.InviteUser(ctx, requestOf(ctx).caller, id); err != nil {
		return nil, err
	}
	return wire.ApiUsersIdInvitationPost204Response{}, nil
}

func (h handlers) ApiImportsPost(ctx context.Context, r wire.ApiImportsPostRequestObject) (wire.ApiImportsPostResponseObject, error) {
	i, err := h.accounts.BeginImport(ctx, requestOf(ctx).caller, r.Body.DryRun)
	if err != nil {
		return nil, err
	}
	return wire.ApiImportsPost201JSONResponse(userImport(i)), nil
}

func (h handlers) ApiImportsIdGet(ctx context.Context, r wire.ApiImportsIdGetRequestObject) (wire.ApiImportsIdGetResponseObject, error) {
	i, err := onImport(ctx, r.ID, h.accounts.Import)
	return wire.ApiImportsIdGet200JSONResponse(i), err
}

func (h handlers) ApiImportsIdFinishPost(ctx context.Context, r wire.ApiImportsIdFinishPostRequestObject) (wire.ApiImportsIdFinishPostResponseObject, error) {
	i, err := onImport(ctx, r.ID, h.accounts.FinishImport)
	return wire.ApiImportsIdFinishPost200JSONResponse(i), err
}

func (h handlers) ApiImportsIdDelete(ctx context.Context, r wire.ApiImportsIdDeleteRequestObject) (wire.ApiImportsIdDeleteResponseObject, error) {
	i, err := onImport(ctx, r.ID, h.accounts.UndoImport)
	return wire.ApiImportsIdDelete200JSONResponse(i), err
}

// onImport does what takes the id of an import and answers the import.
func onImport(ctx context.Context, path string, do func(context.Context, *account.Principal, int64) (account.Import, error)) (wire.Import, error) {
	id, err := parseID(path)
	if err != nil {
		return wire.Import{}, err
	}
	i, err := do(ctx, requestOf(ctx).caller, id)
	return userImport(i), err
}

func (h handlers) ApiImportsIdRowsPost(ctx context.Context, r wire.ApiImportsIdRowsPostRequestObject) (wire.ApiImportsIdRowsPostResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	users := make([]account.ImportUser, len(r.Body.Users))
	for n, u := range r.Body.Users {
		users[n] = importUser(u)
	}
	i, faults, err := h.accounts.AddImportRows(ctx, requestOf(ctx).caller, id, r.Body.First, users)
	if err != nil {
		return nil, err
	}
	answer := wire.ApiImportsIdRowsPost200JSONResponse{Import: userImport(i), Faults: make([]wire.ImportFault, len(faults))}
	for n, f := range faults {
		answer.Faults[n] = wire.ImportFault{Row: f.Row, Path: f.Path, Message: f.Message}
	}
	return answer, nil
}

func userImport(i account.Import) wire.Import {
	w := wire.Import{
		ID: i.ID, DryRun: i.DryRun, State: wire.ImportState(i.State), Rows: i.Rows, Faults: i.Faults, CreatedAt: i.Created,
	}
	if !i.Finished.IsZero() {
		w.FinishedAt = &i.Finished
	}
	return w
}

func importUser(u wire.ImportUser) account.ImportUser {
	return account.ImportUser{
		Email: u.Email, Name: u.Name, Surname: u.Surname, Department: u.Department, Biography: u.Biography,
		Active: u.Active != nil && *u.Active, Password: secretText(u.Password), PasswordHash: secretText(u.PasswordHash),
	}
}

func secretText(text *string) *secret.Text {
	if text == nil {
		return nil
	}
	s := secret.New(*text)
	return &s
}
