package account

import "time"

// UserSort is the order of a list of users.
type UserSort string

// The orders. Names and addresses are compared byte by byte in their case-folded form, so that
// every database engine returns the same order. Users with equal names are ordered by id.
const (
	SortByID        UserSort = "id"
	SortByIDDown    UserSort = "-id"
	SortByName      UserSort = "name"
	SortByNameDown  UserSort = "-name"
	SortByEmail     UserSort = "email"
	SortByEmailDown UserSort = "-email"
)

// UserFilter selects the users that match all of its fields. A nil field matches every user.
type UserFilter struct {
	Search   *string // words that must all occur in the name, surname or address; case is ignored
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

// UserQuery tells the store which page of users to return.
type UserQuery struct {
	Filter UserFilter
	Words  []string // words of Filter.Search, case-folded like [User.SearchText]
	Sort   UserSort
	After  *UserPosition // nil: the first page
	Limit  int
	All    bool    // whether the caller may see all users
	IDs    []int64 // ids of the users that the caller may see; used unless All is set
	Now    time.Time
}

// UserPosition is a position in an ordered list of users, given by the user there.
type UserPosition struct {
	Key string // the value that the list is ordered by; "" in a list ordered by id
	ID  int64
}

// Limits of a page of any list.
const (
	MaxPage         = 1000 // items
	DefaultPage     = 100  // items
	MaxSearchLength = 256  // characters
)
