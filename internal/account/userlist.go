package account

import (
	"time"
)

// UserSort is an order of a list of users.
type UserSort string

// The orders. Those by name and address are binary in the form in which upper and
// lower case are one, so every engine has the same; equal names are in the order
// of their ids.
const (
	SortByID        UserSort = "id"
	SortByIDDown    UserSort = "-id"
	SortByName      UserSort = "name"
	SortByNameDown  UserSort = "-name"
	SortByEmail     UserSort = "email"
	SortByEmailDown UserSort = "-email"
)

// UserFilter says which users a list shows. A nil field asks for nothing.
type UserFilter struct {
	Search   *string // words that must all occur in name, surname or address, in any case
	RoleID   *int64
	Active   *bool
	Locked   *bool
	Provider *Provider
}

// UserPage is a part of a list of users.
type UserPage struct {
	Users []User
	Next  string // cursor of the next page; "" after the last
}

// UserQuery is what storage is asked for one page.
type UserQuery struct {
	Filter UserFilter
	Words  []string // of Filter.Search, as SearchText has them
	Sort   UserSort
	After  *UserPlace // nil: from the beginning
	Limit  int
	All    bool    // every user may be shown, else
	IDs    []int64 // these alone
	Now    time.Time
}

// UserPlace is where in the order of its list a user stands.
type UserPlace struct {
	Key string // what the list is sorted by before the id; "" when it is sorted by id
	ID  int64
}

// Limits of a page of a list.
const (
	MaxPage = 1000 // things

	DefaultPage = 100

	MaxSearchLength = 256 // characters
)
