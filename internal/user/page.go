package user

import (
	"context"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

const (
	// pageBatch limits the users that FindUsers reads from the store with one query.
	pageBatch = account.DefaultPage + 1
	// maxPictureBytes is the total size of pictures after which a page ends early. Without this
	// limit, a page of a thousand pictures could have 64 MiB.
	maxPictureBytes = 2 << 20
)

// FindUsers returns one page of the users that match the filter and that the caller may read.
// limit is the number of users on a page. The last page has fewer, and so has a page whose
// pictures exceed maxPictureBytes.
//
// cursor is the field Next of the previous page in the same order, or "" for the first page.
// FindUsers fails as [account.Allow] does. It also fails with CodeInvalid, with the path of the
// wrong parameter.
func (s *Users) FindUsers(
	ctx context.Context, caller *account.Principal,
	filter account.UserFilter, sort account.UserSort, cursor string, limit int,
) (account.UserPage, error) {
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
	pictureBytes := 0
	for {
		q.Limit = min(pageBatch, limit+1-len(users)) // the additional user shows whether there is another page
		batch, err := s.store.FindUsers(ctx, q)
		if err != nil {
			return account.UserPage{}, err
		}
		for _, u := range batch {
			if len(users) == limit || pictureBytes > maxPictureBytes {
				return account.UserPage{Users: users, Next: cursorAfter(q.Sort, users[len(users)-1])}, nil
			}
			users = append(users, u)
			pictureBytes += len(u.Picture)
		}
		if len(batch) < q.Limit {
			return account.UserPage{Users: users}, nil
		}
		place := placeOf(q.Sort, users[len(users)-1])
		q.After = &place
	}
}

func newUserQuery(
	filter account.UserFilter, sort account.UserSort, cursor string, limit int,
) (account.UserQuery, error) {
	q := account.UserQuery{Filter: filter, Sort: sort}
	var c account.Checker
	if !isUserSort(sort) {
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

func isUserSort(sort account.UserSort) bool {
	switch sort {
	case account.SortByID, account.SortByIDDown, account.SortByName, account.SortByNameDown,
		account.SortByEmail, account.SortByEmailDown:
		return true
	}
	return false
}
