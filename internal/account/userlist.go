package account

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/access"
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

var userSorts = []UserSort{SortByID, SortByIDDown, SortByName, SortByNameDown, SortByEmail, SortByEmailDown}

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
	MaxPage         = 1000 // things
	DefaultPage     = 100
	MaxSearchLength = 256 // characters

	// A page is read in pieces, and ends early when it has so many bytes of
	// pictures: a thousand of them would be 64 MiB.
	pagePiece        = DefaultPage + 1
	pagePictureBytes = 2 << 20
)

// FindUsers returns one page of the users that the filter asks for and the caller
// may read. A page is full unless it is the last, or has many large pictures. cursor is the Next of the page
// before, in the same order, or "". It fails with CodeInvalid, naming the
// parameter, and as [Allow] says.
func (s *Service) FindUsers(ctx context.Context, caller *Principal, filter UserFilter, sort UserSort, cursor string, limit int) (UserPage, error) {
	if err := Allow(caller, access.ActionRead, access.EntityUser, access.Any); err != nil {
		return UserPage{}, err
	}
	q, err := newUserQuery(filter, sort, cursor, limit)
	if err != nil {
		return UserPage{}, err
	}
	q.All, q.IDs = caller.Access.VisibleIDs(access.ActionRead, access.EntityUser, caller.User.ID)
	q.Now = s.now()
	return s.readPage(ctx, q, limit)
}

func (s *Service) readPage(ctx context.Context, q UserQuery, limit int) (UserPage, error) {
	var users []User
	pictures := 0
	for {
		q.Limit = min(pagePiece, limit+1-len(users)) // one too many says that there is another page
		piece, err := s.store.FindUsers(ctx, q)
		if err != nil {
			return UserPage{}, err
		}
		for _, u := range piece {
			if len(users) == limit || pictures > pagePictureBytes {
				return UserPage{Users: users, Next: cursorAfter(q.Sort, users[len(users)-1])}, nil
			}
			users = append(users, u)
			pictures += len(u.Picture)
		}
		if len(piece) < q.Limit {
			return UserPage{Users: users}, nil
		}
		place := placeOf(q.Sort, users[len(users)-1])
		q.After = &place
	}
}

func newUserQuery(filter UserFilter, sort UserSort, cursor string, limit int) (UserQuery, error) {
	q := UserQuery{Filter: filter, Sort: sort}
	var c checker
	if !slices.Contains(userSorts, sort) {
		c.fail("/query/sort", "must be id, name or email, or one of these after a minus sign")
	}
	if limit < 1 || limit > MaxPage {
		c.fail("/query/limit", "must be from 1 to 1000")
	}
	if filter.Search != nil {
		c.text("/query/search", *filter.Search, MaxSearchLength)
		q.Words = strings.Fields(caseFold(*filter.Search))
		slices.Sort(q.Words)
		q.Words = slices.Compact(q.Words)
	}
	if cursor != "" {
		place, ok := parseCursor(sort, cursor)
		if !ok {
			c.fail("/query/cursor", "must be the cursor of a page before, in the same order")
		}
		q.After = &place
	}
	return q, c.err()
}

// userCursor is what a cursor says. It is text to its bearer, who may read it and
// make up others: they show nothing that the list does not.
type userCursor struct {
	Sort UserSort
	Key  string
	ID   int64
}

// cursor makes the cursor behind a user.
func cursorAfter(sort UserSort, last User) string {
	place := placeOf(sort, last)
	text, err := json.Marshal(userCursor{sort, place.Key, place.ID})
	if err != nil {
		panic(err) // a struct of texts and a number
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// placeOf returns where a user stands in the order.
func placeOf(sort UserSort, u User) UserPlace {
	place := UserPlace{ID: u.ID}
	switch sort {
	case SortByName, SortByNameDown:
		place.Key = u.SortName()
	case SortByEmail, SortByEmailDown:
		key, _ := ParseEmail(u.Email)
		place.Key = string(key)
	}
	return place
}

// place reads a cursor, and reports whether it is one of this order.
func parseCursor(sort UserSort, cursor string) (UserPlace, bool) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return UserPlace{}, false
	}
	var c userCursor
	if err := json.Unmarshal(text, &c); err != nil || c.Sort != sort || c.ID < 1 {
		return UserPlace{}, false
	}
	if !utf8.ValidString(c.Key) || strings.ContainsRune(c.Key, 0) {
		return UserPlace{}, false
	}
	return UserPlace{c.Key, c.ID}, true
}
