package client

import (
	"context"
	"iter"
	"net/http"
)

// UserSort is an order of users.
type UserSort string

// The orders of [Client.FindUsers]: binary, in the form in which upper and lower case are one.
const (
	SortByID        UserSort = "id"
	SortByIDDown    UserSort = "-id"
	SortByName      UserSort = "name"
	SortByNameDown  UserSort = "-name"
	SortByEmail     UserSort = "email"
	SortByEmailDown UserSort = "-email"
)

// MaxPage is how many elements a page has at most.
const MaxPage = 1000

// UserFilter says which users to find, in which order. Its zero value finds all, by id.
type UserFilter struct {
	Search   string // words that must all occur in name, surname or address, in any case; at most 256 characters
	RoleID   int64  // 0: any
	Active   *bool  // nil: any; likewise below
	Locked   *bool
	Provider Provider // "": any
	Sort     UserSort // "": SortByID
	Limit    int      // users a page, 1 to MaxPage; 0: 100
	Cursor   string   // Next of the page before, with the same filter; "": the first page
}

// UserPage is a part of a list of users.
type UserPage struct {
	Users []User
	Next  string // the Cursor of the next page; "" after the last
}

// FindUsers returns one page of the users that match the filter and that the caller
// may read.
func (c *Client) FindUsers(ctx context.Context, filter UserFilter) (UserPage, error) {
	users, next, err := receivePage[[]User](ctx, c, request{
		method: http.MethodGet, path: "api/users", query: filter.query(),
	})
	return UserPage{Users: users, Next: next}, err
}

// FindAllUsers yields all users that match the filter, from its Cursor on, page by
// page. An error ends the sequence, after any number of users.
//
//	for u, err := range c.FindAllUsers(ctx, client.UserFilter{Search: "ada", Sort: client.SortByName}) {
func (c *Client) FindAllUsers(ctx context.Context, filter UserFilter) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		for {
			page, err := c.FindUsers(ctx, filter)
			if err != nil {
				yield(User{}, err)
				return
			}
			for _, u := range page.Users {
				if !yield(u, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			filter.Cursor = page.Next
		}
	}
}

// query always has a limit: without any parameter the server would answer the whole
// list.
func (f UserFilter) query() query {
	if f.Limit == 0 {
		f.Limit = 100
	}
	var q query
	q.string("search", f.Search)
	q.id("role", f.RoleID)
	q.bool("active", f.Active)
	q.bool("locked", f.Locked)
	q.string("provider", string(f.Provider))
	q.string("sort", string(f.Sort))
	q.string("cursor", f.Cursor)
	q.integer("limit", int64(f.Limit))
	return q
}
