package account

import "time"

// UserSort is the order of a list of users.
type UserSort string

// The orders. Names and addresses are compared byte by byte in their case-folded form, so every
// database engine gives the same order. Equal names are in the order of their ids.
const (
	SortByID        UserSort = "id"
	SortByIDDown    UserSort = "-id"
	SortByName      UserSort = "name"
	SortByNameDown  UserSort = "-name"
	SortByEmail     UserSort = "email"
	SortByEmailDown UserSort = "-email"
)

// UserFilter selects users that match all of its fields. A nil field matches every user.
type UserFilter struct {
	Search   *string // words that all occur in the name, surname or address, ignoring case
	RoleID   *int64
	Active   *bool
	Locked   *bool
	Provider *Provider
}

// UserPage is one page of a list of users.
type UserPage struct {
	Users []User
	Next  string // cursor of the next page; "" on the last page
}

// UserQuery selects one page of users for the store.
type UserQuery struct {
	Filter UserFilter
	Words  []string // of Filter.Search, in the form of [User.SearchText]
	Sort   UserSort
	After  *UserPosition // nil: the first page
	Limit  int
	All    bool    // whether all users are visible
	IDs    []int64 // the visible users unless All
	Now    time.Time
}

// UserPosition is the position of a user in an ordered list.
type UserPosition struct {
	Key string // sort key that precedes the id; "" in a list by id
	ID  int64
}

// Limits of a page of any list.
const (
	MaxPage         = 1000 // items
	DefaultPage     = 100  // items
	MaxSearchLength = 256  // characters
)
