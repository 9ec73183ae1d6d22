package user_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// listPages reads all pages of a list and returns the local part of each user's address.
func listPages(
	f *servicetest.Fixture, caller *account.Principal, filter account.UserFilter, sort account.UserSort, limit int,
) (names []string) {
	f.T.Helper()
	for cursor := ""; ; {
		page, err := f.FindUsers(f.T.Context(), caller, filter, sort, cursor, limit)
		if err != nil {
			f.T.Fatal(err)
		}
		for _, u := range page.Users {
			name, _, _ := strings.Cut(u.Email, "@")
			names = append(names, name)
		}
		if page.Next == "" {
			return names
		}
		if len(page.Users) != limit {
			f.T.Fatalf("a page before the last has %d users, want %d", len(page.Users), limit)
		}
		cursor = page.Next
	}
}

func TestFindUsers(t *testing.T) {
	f := servicetest.New(t) // its administrator has the local part "admin"
	for _, u := range []account.User{
		{Email: "Zoe@example.org", Active: true, Profile: account.Profile{
			Surname: new("Müller_1"),
		}, RoleIDs: access.DefaultRoles},
		{Email: "ann@example.org", RoleIDs: []int64{1, 2}},
		{Email: "Émile@example.org", Active: true, RoleIDs: access.DefaultRoles, Provider: account.ProviderLDAP},
		{Email: "bob@example.net", Active: true, Profile: account.Profile{
			Surname: new("MÜLLER"),
		}, RoleIDs: access.DefaultRoles},
	} {
		f.StoreUser(u)
	}
	f.LockOut("bob@example.net")
	admin := f.Admin()
	for _, test := range []struct {
		name   string
		filter account.UserFilter
		sort   account.UserSort
		want   string
	}{
		{"all", account.UserFilter{}, account.SortByID, "admin Zoe ann Émile bob"},
		{"all, descending", account.UserFilter{}, account.SortByIDDown, "bob Émile ann Zoe admin"},
		{"by name", account.UserFilter{}, account.SortByName, "admin ann bob Zoe Émile"},
		{"by name, descending", account.UserFilter{}, account.SortByNameDown, "Émile Zoe bob ann admin"},
		{"by address", account.UserFilter{}, account.SortByEmail, "admin ann bob Zoe Émile"},
		{"by address, descending", account.UserFilter{}, account.SortByEmailDown, "Émile Zoe bob ann admin"},
		{"a word in another case", account.UserFilter{Search: new("mÜLLer")}, account.SortByID, "Zoe bob"},
		{"every word", account.UserFilter{Search: new(" zoe  müller ")}, account.SortByID, "Zoe"},
		{"an address", account.UserFilter{Search: new("BOB@example.net")}, account.SortByID, "bob"},
		{"percent sign is no wildcard", account.UserFilter{Search: new("%")}, account.SortByID, ""},
		{"underscore is no wildcard", account.UserFilter{Search: new("r_1")}, account.SortByID, "Zoe"},
		{"backslash is no escape", account.UserFilter{Search: new(`\`)}, account.SortByID, ""},
		{"by role", account.UserFilter{RoleID: new(int64(1))}, account.SortByName, "admin ann"},
		{"by a missing role", account.UserFilter{RoleID: new(int64(99))}, account.SortByName, ""},
		{"active", account.UserFilter{Active: new(true)}, account.SortByID, "admin Zoe Émile bob"},
		{"inactive", account.UserFilter{Active: new(false)}, account.SortByID, "ann"},
		{"locked", account.UserFilter{Locked: new(true)}, account.SortByID, "bob"},
		{"not locked", account.UserFilter{Locked: new(false)}, account.SortByID, "admin Zoe ann Émile"},
		{"provider", account.UserFilter{Provider: new(account.ProviderLDAP)}, account.SortByID, "Émile"},
		{"together", account.UserFilter{Search: new("example"), Active: new(true), Provider: new(account.ProviderLocal)},
			account.SortByEmailDown, "Zoe bob admin"},
	} {
		for _, limit := range []int{1, 2, 1000} {
			if got := strings.Join(listPages(f, admin, test.filter, test.sort, limit), " "); got != test.want {
				t.Errorf("%s, %d a page: %q, want %q", test.name, limit, got, test.want)
			}
		}
	}
	f.Clock.Advance(time.Hour) // the lock has expired
	if got := listPages(f, f.Admin(), account.UserFilter{Locked: new(true)}, account.SortByID, 10); len(got) > 0 {
		t.Errorf("%q are still locked", got)
	}
}

// Users with the same name each appear once in the pages of a list.
func TestFindUsersOfOneName(t *testing.T) {
	f := servicetest.New(t)
	for i := range 7 {
		f.StoreUser(account.User{Email: fmt.Sprintf("ann@%d.example", i), RoleIDs: access.DefaultRoles})
	}
	filter := account.UserFilter{Search: new("ann")}
	for _, sort := range []account.UserSort{account.SortByName, account.SortByNameDown} {
		if got := listPages(f, f.Admin(), filter, sort, 3); len(got) != 7 {
			t.Errorf("%s: %d users, want 7", sort, len(got))
		}
	}
}

// Pages leave out users that the caller may not read, but are as long as other pages. A search
// does not find these users either.
func TestFindUsersOnlyReadable(t *testing.T) {
	f := servicetest.New(t)
	var ids []int64
	for i := range 9 {
		id := f.AddUser(fmt.Sprintf("u%d@example.org", i))
		if i%2 == 1 {
			ids = append(ids, id)
		}
	}
	f.AddUser("ann@example.org", f.AddRole(servicetest.Permit("user:read", ids...)), access.UserRole)
	f.AddUser("none@example.org", f.AddRole())
	ann := f.As("ann@example.org")
	readable := listPages(f, ann, account.UserFilter{}, account.SortByNameDown, 2)
	if got := strings.Join(readable, " "); got != "u7 u5 u3 u1 ann" {
		t.Errorf("Ann sees %q", got)
	}
	if got := listPages(f, ann, account.UserFilter{Search: new("u2")}, account.SortByID, 2); len(got) > 0 {
		t.Errorf("Ann finds %q, want nothing", got)
	}
	_, err := f.FindUsers(t.Context(), f.As("none@example.org"), account.UserFilter{}, account.SortByID, "", 10)
	servicetest.WantCode(t, err, account.CodeForbidden)
}

// A user that the caller may not read is reported as not found.
func TestUserByEmail(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("Bob@example.org")
	f.AddUser("ann@example.org")
	f.AddUser("none@example.org", f.AddRole())
	u := servicetest.Must(f.UserByEmail(t.Context(), f.Admin(), "bOB@EXAMPLE.org"))
	if u.ID != id || u.Email != "Bob@example.org" {
		t.Errorf("found %+v", u)
	}
	for _, address := range []string{"b@example.org", "bob", ""} {
		_, err := f.UserByEmail(t.Context(), f.Admin(), address)
		servicetest.WantCode(t, err, account.CodeNotFound)
	}
	ann := f.As("ann@example.org")
	servicetest.Must(f.UserByEmail(t.Context(), ann, "ann@example.org"))
	for _, address := range []string{"bob@example.org", "nobody@example.org"} {
		_, err := f.UserByEmail(t.Context(), ann, address)
		servicetest.WantCode(t, err, account.CodeNotFound)
		_, err = f.UserByEmail(t.Context(), f.As("none@example.org"), address)
		servicetest.WantCode(t, err, account.CodeForbidden)
	}
}

func TestFindUsersChecksItsInput(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	admin := f.Admin()
	page, err := f.FindUsers(t.Context(), admin, account.UserFilter{}, account.SortByName, "", 1)
	if err != nil || page.Next == "" {
		t.Fatalf("the page is %+v, %v", page, err)
	}
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for _, test := range []struct {
		sort           account.UserSort
		cursor, search string
		limit          int
		want           []string
	}{
		{"colour", "", "", 1, []string{"/query/sort"}},
		{"", "", "", 1, []string{"/query/sort"}},
		{account.SortByID, "", "", 0, []string{"/query/limit"}},
		{account.SortByID, "", "", 1001, []string{"/query/limit"}},
		{account.SortByID, "", strings.Repeat("x", 257), 1, []string{"/query/search"}},
		{account.SortByID, "", "a\x00", 1, []string{"/query/search"}},
		{account.SortByID, page.Next, "", 1, []string{"/query/cursor"}}, // the cursor of a list in another order
		{account.SortByNameDown, page.Next, "", 1, []string{"/query/cursor"}},
		{account.SortByName, page.Next + "x", "", 1, []string{"/query/cursor"}},
		{account.SortByName, "%%%", "", 1, []string{"/query/cursor"}},
		{account.SortByName, encode("null"), "", 1, []string{"/query/cursor"}},
		{account.SortByName, encode(`{"Sort":"name","Key":"a\u0000","ID":1}`), "", 1, []string{"/query/cursor"}},
		{account.SortByName, encode(`{"Sort":"name","Key":"a","ID":0}`), "", 1, []string{"/query/cursor"}},
	} {
		_, err := f.FindUsers(t.Context(), admin, account.UserFilter{Search: &test.search}, test.sort, test.cursor,
			test.limit)
		servicetest.WantPaths(t, err, account.CodeInvalid, test.want...)
	}
}

// A page continues after the last user of the page before, even if that user was deleted
// meanwhile.
func TestFindUsersAfterDeletedCursor(t *testing.T) {
	f := servicetest.New(t)
	for _, name := range []string{"ann", "bob", "cy"} {
		f.AddUser(name + "@example.org")
	}
	admin := f.Admin()
	page := servicetest.Must(f.FindUsers(t.Context(), admin, account.UserFilter{}, account.SortByName, "", 2))
	if err := f.DeleteUser(t.Context(), admin, page.Users[1].ID); err != nil {
		t.Fatal(err)
	}
	next := servicetest.Must(f.FindUsers(t.Context(), admin, account.UserFilter{}, account.SortByName, page.Next, 2))
	if len(next.Users) != 2 || next.Users[0].Name != "bob" || next.Next != "" {
		t.Errorf("the next page is %+v", next)
	}
}

// However long a list is, listing it needs the same memory.
func TestListUsersInConstantMemory(t *testing.T) {
	const users, biography = 5000, 4096 // 20 MB in all
	f := servicetest.New(t)
	text := strings.Repeat("x", biography)
	for batch := range users / 1000 {
		f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
			for i := range 1000 {
				u := account.User{
					Email: fmt.Sprintf("%d.%d@example.org", batch, i), Profile: account.Profile{Biography: &text},
					RoleIDs: access.DefaultRoles,
				}
				if _, err := f.StoreUserIn(ctx, tx, u); err != nil {
					return err
				}
			}
			return nil
		})
	}
	admin := f.Admin()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var samples []uint64
	listed := 0
	err := f.ListUsers(t.Context(), admin, func(account.User) error {
		if listed++; listed%1000 == 0 {
			samples = append(samples, heap())
		}
		return nil
	})
	if err != nil || listed < users {
		t.Fatalf("%d users, %v", listed, err)
	}
	if growth := int64(slices.Max(samples)) - int64(before); growth > 4<<20 {
		t.Errorf("the heap grew by %d bytes, want at most 4 MiB", growth)
	}
}
