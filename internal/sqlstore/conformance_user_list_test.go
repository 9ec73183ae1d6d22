package sqlstore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// found returns the names of the users that a query finds, as one text.
func found(t testing.TB, db account.UserReader, q account.UserQuery) string {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	q.Now = now
	var names []string
	for _, u := range get[[]account.User](t)(db.FindUsers(t.Context(), q)) {
		names = append(names, u.Name)
	}
	return strings.Join(names, " ")
}

func TestFindUsers(t *testing.T) {
	insert := func(t *testing.T, db database, names ...string) (ids []int64) {
		for i, name := range names {
			u := localUser(fmt.Sprintf("%d@example.org", i))
			u.Name = name
			ids = append(ids, insertUser(t, db, u).ID)
		}
		return ids
	}

	conform(t, "texts are sorted by their bytes", func(t *testing.T, db database) {
		insert(t, db, "b", "é", "a b", "Z", "a-b", "𝒳", "ab", "A", "ﬀ", "_")
		const want = "_ A a b a-b ab b ﬀ Z é 𝒳" // ﬀ folds to ff
		want2 := strings.Fields(want)
		slices.Reverse(want2)
		if got := found(t, db, account.UserQuery{All: true, Sort: account.SortByName}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := strings.Fields(found(t, db, account.UserQuery{All: true, Sort: account.SortByNameDown})); len(got) != len(
			want2,
		) {
			t.Errorf("descending: got %q", got)
		}
	})

	conform(t, "a page begins after a cursor", func(t *testing.T, db database) {
		ids := insert(t, db, "b", "a", "a", "c")
		for _, test := range []struct {
			sort account.UserSort
			key  string
			id   int64
			want string
		}{
			{account.SortByID, "", ids[1], "a c"},
			{account.SortByIDDown, "", ids[1], "b"},
			{account.SortByName, "a", ids[1], "a b c"},
			{account.SortByName, "a", ids[2], "b c"},
			{account.SortByName, "aa", 0, "b c"},
			{account.SortByNameDown, "b", ids[0], "a a"},
			{account.SortByNameDown, "a", ids[2], "a"},
			{account.SortByEmail, "1@example.org", 0, "a c"},
			{account.SortByEmailDown, "1@example.org", 0, "b"},
		} {
			q := account.UserQuery{All: true, Sort: test.sort, After: &account.UserPosition{Key: test.key, ID: test.id}}
			want(t, fmt.Sprintf("%s after %q, %d", test.sort, test.key, test.id), found(t, db, q), test.want)
		}
		want(t, "a limit", found(t, db, account.UserQuery{All: true, Sort: account.SortByID, Limit: 2}), "b a")
	})

	conform(t, "only users with the ids are returned", func(t *testing.T, db database) {
		ids := insert(t, db, "a", "b", "c")
		q := account.UserQuery{Sort: account.SortByIDDown, IDs: []int64{ids[0], 1 << 62, ids[2]}}
		want(t, "two ids", found(t, db, q), "c a")
		want(t, "no ids", found(t, db, account.UserQuery{Sort: account.SortByID}), "")
		q.IDs = nil
		for id := range int64(20_000) {
			q.IDs = append(q.IDs, id)
		}
		want(t, "20,000 ids", found(t, db, q), "c b a")
	})

	conform(t, "all filters apply", func(t *testing.T, db database) {
		role := insertRole(t, db, access.Role{Name: "R"})
		a, b, c := localUser("a@example.org"), localUser("b@example.org"), localUser("c@example.org")
		a.Name, b.Name, c.Name = "a_b", "a%b", `a\b`
		a.RoleIDs, b.Active, c.Provider = []int64{role.ID}, false, account.ProviderSAML
		for _, u := range []*account.User{&a, &b, &c} {
			*u = insertUser(t, db, *u)
		}
		saveThrottle(t, db,
			lockout.Counter{Key: lockout.SignInKey(lockout.UserSubject(b.ID), "x", false), LockedUntil: now.Add(time.Second)})
		saveThrottle(t, db,
			lockout.Counter{Key: lockout.SignInKey(lockout.UserSubject(c.ID), "x", false), LockedUntil: now})
		for _, test := range []struct {
			filter account.UserFilter
			words  []string
			want   string
		}{
			{account.UserFilter{RoleID: &role.ID}, nil, "a_b"},
			{account.UserFilter{RoleID: ptr(role.ID + 1)}, nil, ""},
			{account.UserFilter{Active: ptr(true)}, nil, `a_b a\b`},
			{account.UserFilter{Active: ptr(false)}, nil, "a%b"},
			{account.UserFilter{Locked: ptr(true)}, nil, "a%b"},
			{account.UserFilter{Locked: ptr(false)}, nil, `a_b a\b`},
			{account.UserFilter{Provider: ptr(account.ProviderSAML)}, nil, `a\b`},
			{account.UserFilter{}, []string{"_"}, "a_b"},
			{account.UserFilter{}, []string{"%"}, "a%b"},
			{account.UserFilter{}, []string{`\`}, `a\b`},
			{account.UserFilter{}, []string{`\b`, "c@"}, `a\b`},
			{account.UserFilter{}, []string{"a", "missing"}, ""},
			{account.UserFilter{Active: ptr(true), Locked: ptr(false), Provider: ptr(account.ProviderLocal)},
				[]string{"example"}, "a_b"},
		} {
			q := account.UserQuery{All: true, Filter: test.filter, Words: test.words, Sort: account.SortByID}
			want(t, fmt.Sprintf("%+v %q", test.filter, test.words), found(t, db, q), test.want)
		}
	})

	conform(t, "a changed name or address is found", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		u.Name, u.Surname, u.Email = "Bea", ptr("Sur"), "new@example.org"
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return updateUser(ctx, tx, u) })
		for _, word := range []string{"bea", "sur", "new@example.org"} {
			want(t, word, found(t, db, account.UserQuery{All: true, Words: []string{word}, Sort: account.SortByID}), "Bea")
		}
		other := localUser("b@example.org")
		other.Name = "Cid"
		insertUser(t, db, other)
		for _, name := range []string{"Zoe", "Ada"} { // one field at a time
			u.Name = name
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return updateUser(ctx, tx, u) })
		}
		want(t, "by name", found(t, db, account.UserQuery{All: true, Sort: account.SortByName}), "Ada Cid")
		u.Email = "NEW@example.org"
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return updateUser(ctx, tx, u) })
		want(t, "the address", get[account.User](t)(db.User(t.Context(), u.ID, now)).Email, u.Email)
	})
}
