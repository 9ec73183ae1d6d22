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

// A page ends early when it has many large pictures, and the pages together are
// the list all the same.
func TestPageOfLargePicturesEndsEarly(t *testing.T) {
	f := servicetest.New(t)
	const users = 40
	for n := range users {
		id := f.AddUser(fmt.Sprintf("u%02d@example.org", n))
		if err := f.UpdateUserAsAdmin(id,
			account.UserUpdate{Picture: new(bytes.Repeat([]byte{1}, account.MaxPictureBytes))}); err != nil {
			t.Fatal(err)
		}
	}
	seen, cursor := map[int64]bool{}, ""
	for {
		page, err := f.FindUsers(t.Context(), f.Admin(), account.UserFilter{}, account.SortByName, cursor, account.MaxPage)
		if err != nil {
			t.Fatal(err)
		}
		if most := 2<<20/account.MaxPictureBytes + 2; len(page.Users) > most {
			t.Fatalf("a page of %d users with pictures", len(page.Users))
		}
		for _, u := range page.Users {
			seen[u.ID] = true
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(seen) != users+1 {
		t.Errorf("%d users on all pages", len(seen))
	}
}

// brief is a store whose pages of users end early.
type brief struct {
	account.Store
	most  int
	asked []int
}

func (b *brief) UsersAfter(ctx context.Context, id int64, limit int, now time.Time) ([]account.User, error) {
	b.asked = append(b.asked, limit)
	return b.Store.UsersAfter(ctx, id, min(limit, b.most), now)
}

// TestListRequestsOnlyWhatItReads: what a page leaves out because of large pictures was read in
// vain, and may have come a long way.
func TestListRequestsOnlyWhatItReads(t *testing.T) {
	f := servicetest.New(t)
	for n := range 11 {
		f.AddUser(fmt.Sprintf("u%02d@example.org", n))
	}
	for most, want := range map[int][]int{
		200: {100, 12},
		5:   {100, 5, 10, 2},
	} {
		store := &brief{Store: f.Store, most: most}
		s := f.With(func(o *service.Options) { o.Store = store })
		listed := 0
		err := s.ListUsers(t.Context(), f.Admin(), func(account.User) error { listed++; return nil })
		if err != nil || listed != 12 {
			t.Errorf("%d users, %v", listed, err)
		}
		if !slices.Equal(store.asked, want) {
			t.Errorf("pages that end after %d: asked for %v, want %v", most, store.asked, want)
		}
	}
}
