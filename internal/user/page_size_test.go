package user_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// A page with many large pictures ends early. All pages together still have every user.
func TestPageOfLargePicturesEndsEarly(t *testing.T) {
	f := servicetest.New(t)
	const users = 40
	for n := range users {
		id := f.AddUser(fmt.Sprintf("u%02d@example.org", n))
		picture := bytes.Repeat([]byte{1}, account.MaxPictureBytes)
		if err := f.UpdateUserAsAdmin(id, account.UserUpdate{
			ProfileUpdate: account.ProfileUpdate{Picture: &picture},
		}); err != nil {
			t.Fatal(err)
		}
	}
	seen, cursor := map[int64]bool{}, ""
	for {
		page, err := f.FindUsers(t.Context(), f.Admin(), account.UserFilter{}, account.SortByName, cursor, account.MaxPage)
		if err != nil {
			t.Fatal(err)
		}
		if limit := 2<<20/account.MaxPictureBytes + 2; len(page.Users) > limit {
			t.Fatalf("a page has %d users with large pictures, want at most %d", len(page.Users), limit)
		}
		for _, u := range page.Users {
			seen[u.ID] = true
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(seen) != users+1 {
		t.Errorf("all pages have %d users, want %d", len(seen), users+1)
	}
}

// shortPages is a store that returns at most maxUsers users from one call.
type shortPages struct {
	account.UserReader
	maxUsers int
	limits   []int // the limit in each call
}

func (s *shortPages) UsersAfter(ctx context.Context, id int64, limit int, now time.Time) ([]account.User, error) {
	s.limits = append(s.limits, limit)
	return s.UserReader.UsersAfter(ctx, id, min(limit, s.maxUsers), now)
}

// After large pictures end a page early, the list asks the store for smaller pages. Otherwise
// the database would read users that the store then discards.
func TestListRequestsOnlyWhatItReads(t *testing.T) {
	f := servicetest.New(t)
	for n := range 11 {
		f.AddUser(fmt.Sprintf("u%02d@example.org", n))
	}
	for maxUsers, want := range map[int][]int{
		200: {100, 12},
		5:   {100, 5, 10, 2},
	} {
		pages := &shortPages{UserReader: f.Store, maxUsers: maxUsers}
		store := *f.Store.Store
		store.UserReader = pages
		s := f.With(func(o *service.Options) { o.Store = &store })
		listed := 0
		err := s.ListUsers(t.Context(), f.Admin(), func(account.User) error { listed++; return nil })
		if err != nil || listed != 12 {
			t.Errorf("listed %d users, %v; want 12", listed, err)
		}
		if !slices.Equal(pages.limits, want) {
			t.Errorf("pages that end after %d users: the limits are %v, want %v", maxUsers, pages.limits, want)
		}
	}
}
