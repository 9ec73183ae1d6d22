package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// TestUserPages checks that GET /api/users with a parameter of the contract returns one page and the cursor of the next
// page.
func TestUserPages(t *testing.T) {
	f := newFixture(t)
	f.manyUsers(250)
	var all []int64
	path := "/api/users?sort=-id"
	for pages := 1; ; pages++ {
		a := f.do(call{path: path, token: f.admin})
		var users []struct{ ID int64 }
		a.decode(t, &users)
		for _, u := range users {
			all = append(all, u.ID)
		}
		cursor := a.header.Get("X-Next-Cursor")
		if cursor == "" {
			if pages != 3 || len(users) != 51 {
				t.Errorf("%d pages, %d users on the last", pages, len(users))
			}
			break
		}
		path = "/api/users?sort=-id&cursor=" + cursor
	}
	for i, id := range all {
		if want := int64(251 - i); id != want || len(all) != 251 {
			t.Fatalf("index %d of %d has the user %d, want %d", i, len(all), id, want)
		}
	}
	for query, errorPath := range map[string]string{
		"limit=0": "/query/limit", "limit=1001": "/query/limit", "sort=colour": "/query/sort",
		"cursor=rubbish": "/query/cursor", "active=maybe": "/query/active", "role=x": "/query/role",
		"provider=x": "/query/provider", "search=%00": "/query/search",
		strings.Replace(path, "/api/users?sort=-id", "sort=id", 1): "/query/cursor",
	} {
		a := f.do(call{path: "/api/users?" + query, token: f.admin})
		a.want(t, http.StatusBadRequest, account.CodeInvalid)
		if !a.errorBody(t).names(errorPath) {
			t.Errorf("%.40s: %s", query, a.body)
		}
	}
	if a := f.do(call{path: "/api/users?colour=red", token: f.admin}); strings.Count(a.body, `"id":`) != 251 {
		t.Errorf("an unknown parameter alone: %d, %d bytes", a.status, len(a.body))
	}
	if a := f.do(call{path: "/api/users?search=nobody-has-this", token: f.admin}); a.body != "[]\n" {
		t.Errorf("the empty page is %q", a.body)
	}
}

// TestInvitationRefused checks that the server sends no invitation to an inactive user or to a user with too many
// recent invitations.
func TestInvitationRefused(t *testing.T) {
	f := newFixture(t)
	inactive := f.insert(account.User{
		Email: "i@example.org", Profile: account.Profile{Name: "i"}, Provider: account.ProviderLocal,
	})
	path := userPath(inactive) + "/invitation"
	f.do(call{method: "POST", path: path, token: f.admin}).want(t, http.StatusConflict, account.CodeInactiveUser)
	path = userPath(f.user("active@example.org")) + "/invitation"
	for range 3 {
		if a := f.do(call{method: "POST", path: path, token: f.admin}); a.status != http.StatusNoContent {
			t.Fatal(a.status, a.body)
		}
	}
	f.do(call{method: "POST", path: path, token: f.admin}).want(t, http.StatusTooManyRequests, account.CodeTooManyRequests)
}

// manyUsers stores n users directly, without the checks of package service.
func (f *fixture) manyUsers(n int) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx *account.Tx) error {
		for i := range n {
			email, name := fmt.Sprintf("u%d@example.org", i), strings.Repeat("n", 100)
			u := account.User{Email: email, Profile: account.Profile{Name: name}, Provider: account.ProviderLocal}
			if _, err := tx.InsertUser(ctx, u, account.EmailKey(u.Email), "", f.clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestLongList checks that GET /api/users returns all users, sorted by id, if the store needs several pages to read
// them.
func TestLongList(t *testing.T) {
	f := newFixture(t)
	f.manyUsers(1000)
	var users []struct{ ID int64 }
	f.do(call{path: "/api/users", token: f.admin}).decode(t, &users)
	if len(users) != 1001 {
		t.Fatalf("%d users", len(users))
	}
	for i, u := range users {
		if u.ID != int64(i)+1 {
			t.Fatalf("index %d has the user %d", i, u.ID)
		}
	}
}

// TestUserWithoutRoles checks that the roles of a user without roles are [] in JSON, not null.
func TestUserWithoutRoles(t *testing.T) {
	f := newFixture(t)
	id := f.insert(account.User{
		Email: "bare@example.org", Profile: account.Profile{Name: "bare"}, Provider: account.ProviderLocal,
		Active: true,
	})
	token := f.session(id, f.clock.Now())
	for path, by := range map[string]string{userPath(id): f.admin, "/api/users/whoami": token} {
		if a := f.do(call{path: path, token: by}); a.status != http.StatusOK || !strings.Contains(a.body, `"roles":[]`) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
