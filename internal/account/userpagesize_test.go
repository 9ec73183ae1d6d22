package account_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// A page ends early when it has many large pictures, and the pages together are
// the list all the same.
func TestPageOfLargePicturesEndsEarly(t *testing.T) {
	f := newFixture(t)
	const users = 40
	for n := range users {
		id := f.user(fmt.Sprintf("u%02d@example.org", n))
		if err := f.update(id, account.UserUpdate{Picture: ptr(bytes.Repeat([]byte{1}, account.MaxPictureBytes))}); err != nil {
			t.Fatal(err)
		}
	}
	seen, cursor := map[int64]bool{}, ""
	for {
		page, err := f.FindUsers(t.Context(), f.as(adminEmail), account.UserFilter{}, account.SortByName, cursor, account.MaxPage)
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
