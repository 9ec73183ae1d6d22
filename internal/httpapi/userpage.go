package httpapi

import (
	"context"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
)

// nextCursor is the header with the cursor of the page that follows.
const nextCursor = "X-Next-Cursor"

// findUsers answers one page of the users that the query asks for.
func (h handlers) findUsers(ctx context.Context, params wire.ApiUsersGetParams) (wire.ApiUsersGetResponseObject, error) {
	filter := account.UserFilter{
		Search: params.Search, RoleID: params.Role, Active: params.Active, Locked: params.Locked,
		Provider: (*account.Provider)(params.Provider),
	}
	sort, cursor, limit := account.SortByID, "", account.DefaultPage
	if params.Sort != nil {
		sort = account.UserSort(*params.Sort)
	}
	if params.Cursor != nil {
		cursor = *params.Cursor
	}
	if params.Limit != nil {
		limit = *params.Limit
	}
	page, err := h.accounts.FindUsers(ctx, requestOf(ctx).caller, filter, sort, cursor, limit)
	if err != nil {
		return nil, err
	}
	return userPage(page), nil
}

type userPage account.UserPage

// VisitApiUsersGetResponse writes the page.
func (p userPage) VisitApiUsersGetResponse(w http.ResponseWriter) error {
	if p.Next != "" {
		w.Header().Set(nextCursor, p.Next)
	}
	return writeList(w, func(yield func(any) error) error {
		for _, u := range p.Users {
			if err := yield(user(u)); err != nil {
				return err
			}
		}
		return nil
	})
}
