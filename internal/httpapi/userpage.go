package httpapi

import (
	"context"
	"encoding/json"
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
	users := make([]wire.User, len(p.Users))
	for i, u := range p.Users {
		users[i] = user(u)
	}
	body, err := json.Marshal(users)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	if p.Next != "" {
		w.Header().Set(nextCursor, p.Next)
	}
	_, err = w.Write(append(body, '\n'))
	return err
}
