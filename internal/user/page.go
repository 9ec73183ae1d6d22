package user

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

var userSorts = []account.UserSort{account.SortByID, account.SortByIDDown, account.SortByName, account.SortByNameDown, account.SortByEmail, account.SortByEmailDown}

const (

	// A page is read in pieces, and ends early when it has so many bytes of
	// pictures: a thousand of them would be 64 MiB.
	pagePiece = account.DefaultPage + 1

	pagePictureBytes = 2 << 20
)

// FindUsers returns one page of the users that the filter asks for and the caller
// may read. A page is full unless it is the last, or has many large pictures. cursor is the Next of the page
// before, in the same order, or "". It fails with CodeInvalid, naming the
// parameter, and as [Allow] says.
func (s *Users) FindUsers(ctx context.Context, caller *account.Principal, filter account.UserFilter, sort account.UserSort, cursor string, limit int) (account.UserPage, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityUser, access.Any); err != nil {
		return account.UserPage{}, err
	}
	q, err := newUserQuery(filter, sort, cursor, limit)
	if err != nil {
		return account.UserPage{}, err
	}
	q.All, q.IDs = caller.Access.VisibleIDs(access.ActionRead, access.EntityUser, caller.User.ID)
	q.Now = s.now()
	return s.readPage(ctx, q, limit)
}

func (s *Users) readPage(ctx context.Context, q account.UserQuery, limit int) (account.UserPage, error) {
	var users []account.User
	pictures := 0
	for {
		q.Limit = min(pagePiece, limit+1-len(users)) // one too many says that there is another page
		piece, err := s.store.FindUsers(ctx, q)
		if err != nil {
			return account.UserPage{}, err
		}
		for _, u := range piece {
			if len(users) == limit || pictures > pagePictureBytes {
				return account.UserPage{Users: users, Next: cursorAfter(q.Sort, users[len(users)-1])}, nil
			}
			users = append(users, u)
			pictures += len(u.Picture)
		}
		if len(piece) < q.Limit {
			return account.UserPage{Users: users}, nil
		}
		place := placeOf(q.Sort, users[len(users)-1])
		q.After = &place
	}
}

func newUserQuery(filter account.UserFilter, sort account.UserSort, cursor string, limit int) (account.UserQuery, error) {
	q := account.UserQuery{Filter: filter, Sort: sort}
	var c account.Checker
	if !slices.Contains(userSorts, sort) {
		c.Fail("/query/sort", "must be id, name or email, or one of these after a minus sign")
	}
	if limit < 1 || limit > account.MaxPage {
		c.Fail("/query/limit", "must be from 1 to 1000")
	}
	if filter.Search != nil {
		c.Text("/query/search", *filter.Search, account.MaxSearchLength)
		q.Words = strings.Fields(account.CaseFold(*filter.Search))
		slices.Sort(q.Words)
		q.Words = slices.Compact(q.Words)
	}
	if cursor != "" {
		place, ok := parseCursor(sort, cursor)
		if !ok {
			c.Fail("/query/cursor", "must be the cursor of a page before, in the same order")
		}
		q.After = &place
	}
	return q, c.Err()
}

// userCursor is what a cursor says. It is text to its bearer, who may read it and
// make up others: they show nothing that the list does not.
type userCursor struct {
	Sort account.UserSort
	Key  string
	ID   int64
}

// cursor makes the cursor behind a user.
func cursorAfter(sort account.UserSort, last account.User) string {
	place := placeOf(sort, last)
	text, err := json.Marshal(userCursor{sort, place.Key, place.ID})
	if err != nil {
		panic(err) // a struct of texts and a number
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// placeOf returns where a user stands in the order.
func placeOf(sort account.UserSort, u account.User) account.UserPosition {
	place := account.UserPosition{ID: u.ID}
	switch sort {
	case account.SortByName, account.SortByNameDown:
		place.Key = u.SortName()
	case account.SortByEmail, account.SortByEmailDown:
		key, _ := account.ParseEmail(u.Email)
		place.Key = string(key)
	}
	return place
}

// place reads a cursor, and reports whether it is one of this order.
func parseCursor(sort account.UserSort, cursor string) (account.UserPosition, bool) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return account.UserPosition{}, false
	}
	var c userCursor
	if err := json.Unmarshal(text, &c); err != nil || c.Sort != sort || c.ID < 1 {
		return account.UserPosition{}, false
	}
	if !utf8.ValidString(c.Key) || strings.ContainsRune(c.Key, 0) {
		return account.UserPosition{}, false
	}
	return account.UserPosition{Key: c.Key, ID: c.ID}, true
}

// listPage is how many users a list holds in memory at once, at most, and firstPage how
// many it asks for first.
const (
	listPage  = 1000
	firstPage = 100
)

// ListUsers calls yield with every user that the caller may read, by id. It
// holds one page at a time, so a list is not one snapshot. It ends with the
// first failure of yield.
func (s *Users) ListUsers(ctx context.Context, caller *account.Principal, yield func(account.User) error) error {
	if err := account.Allow(caller, access.ActionRead, access.EntityUser, access.Any); err != nil {
		return err
	}
	all, readable := caller.Access.VisibleIDs(access.ActionRead, access.EntityUser, caller.User.ID)
	limit := firstPage
	for last := int64(0); ; {
		users, err := s.store.UsersAfter(ctx, last, limit, s.now())
		if err != nil || len(users) == 0 {
			return err
		}
		// The storage ends a page early where pictures are large. What was asked for beyond
		// it may have been read and thrown away, so as much is asked for as was got.
		if len(users) == limit {
			limit = min(2*limit, listPage)
		} else {
			limit = len(users)
		}
		for _, u := range users {
			if _, found := slices.BinarySearch(readable, u.ID); !all && !found {
				continue
			}
			if err := yield(u); err != nil {
				return err
			}
		}
		last = users[len(users)-1].ID
	}
}
