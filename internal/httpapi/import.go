package httpapi

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// importService creates users in imports: batches of rows that are activated or undone together.
type importService interface {
	BeginImport(ctx context.Context, caller *account.Principal, dryRun bool) (account.Import, error)
	Import(ctx context.Context, caller *account.Principal, id int64) (account.Import, error)
	AddImportRows(
		ctx context.Context, caller *account.Principal, id int64, first int, users []account.ImportUser,
	) (account.Import, []account.ImportFault, error)
	FinishImport(ctx context.Context, caller *account.Principal, id int64) (account.Import, error)
	UndoImport(ctx context.Context, caller *account.Principal, id int64) (account.Import, error)
}

type importHandlers struct{ service importService }

func (h importHandlers) ApiImportsPost(
	ctx context.Context, r wire.ApiImportsPostRequestObject,
) (wire.ApiImportsPostResponseObject, error) {
	i, err := h.service.BeginImport(ctx, requestOf(ctx).caller, r.Body.DryRun)
	if err != nil {
		return nil, err
	}
	return wire.ApiImportsPost201JSONResponse(wireImport(i)), nil
}

func (h importHandlers) ApiImportsIdGet(
	ctx context.Context, r wire.ApiImportsIdGetRequestObject,
) (wire.ApiImportsIdGetResponseObject, error) {
	i, err := callWithImport(ctx, r.ID, h.service.Import)
	return wire.ApiImportsIdGet200JSONResponse(i), err
}

func (h importHandlers) ApiImportsIdFinishPost(
	ctx context.Context, r wire.ApiImportsIdFinishPostRequestObject,
) (wire.ApiImportsIdFinishPostResponseObject, error) {
	i, err := callWithImport(ctx, r.ID, h.service.FinishImport)
	return wire.ApiImportsIdFinishPost200JSONResponse(i), err
}

func (h importHandlers) ApiImportsIdDelete(
	ctx context.Context, r wire.ApiImportsIdDeleteRequestObject,
) (wire.ApiImportsIdDeleteResponseObject, error) {
	i, err := callWithImport(ctx, r.ID, h.service.UndoImport)
	return wire.ApiImportsIdDelete200JSONResponse(i), err
}

// callWithImport parses pathID, the id of an import from the path, calls method with it and converts the result for the
// answer.
func callWithImport(
	ctx context.Context, pathID string,
	method func(context.Context, *account.Principal, int64) (account.Import, error),
) (wire.Import, error) {
	id, err := parseID(pathID)
	if err != nil {
		return wire.Import{}, err
	}
	i, err := method(ctx, requestOf(ctx).caller, id)
	return wireImport(i), err
}

func (h importHandlers) ApiImportsIdRowsPost(
	ctx context.Context, r wire.ApiImportsIdRowsPostRequestObject,
) (wire.ApiImportsIdRowsPostResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	users := make([]account.ImportUser, len(r.Body.Users))
	for n, u := range r.Body.Users {
		users[n] = importUser(u)
	}
	i, faults, err := h.service.AddImportRows(ctx, requestOf(ctx).caller, id, r.Body.First, users)
	if err != nil {
		return nil, err
	}
	answer := wire.ApiImportsIdRowsPost200JSONResponse{
		Import: wireImport(i), Faults: make([]wire.ImportFault, len(faults)),
	}
	for n, f := range faults {
		answer.Faults[n] = wire.ImportFault{Row: f.Row, Path: f.Path, Message: f.Message}
	}
	return answer, nil
}

func wireImport(i account.Import) wire.Import {
	return wire.Import{
		ID: i.ID, DryRun: i.DryRun, State: wire.ImportState(i.State), Rows: i.Rows, Faults: i.Faults,
		CreatedAt: i.Created, FinishedAt: timeOrNull(i.Finished),
	}
}
