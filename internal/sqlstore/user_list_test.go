package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// plan returns SQLite's query plan of a statement, with one step in each line.
func plan(t testing.TB, db *sql.DB, statement string, args ...any) string {
	t.Helper()
	rows, err := db.Query("EXPLAIN QUERY PLAN "+statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	return strings.Join(steps, "\n")
}

// Every page is read from an index without sorting.
func TestUserPagesUseAnIndex(t *testing.T) {
	db := schema(t)
	for sort, index := range map[account.UserSort]string{
		account.SortByID: "INTEGER PRIMARY KEY", account.SortByIDDown: "INTEGER PRIMARY KEY",
		account.SortByName: "INDEX users_sort_name", account.SortByNameDown: "INDEX users_sort_name",
		account.SortByEmail: "INDEX users_email_key", account.SortByEmailDown: "INDEX users_email_key",
	} {
		for _, after := range []*account.UserPosition{nil, {Key: "x", ID: 7}} {
			statement, args := sqlstore.UserPageStatement(account.UserQuery{All: true, Sort: sort, After: after, Limit: 100})
			wantPlan := "SEARCH u USING " + index
			switch {
			case after == nil && index == "INTEGER PRIMARY KEY":
				wantPlan = "SCAN u" // the table itself is in the order of ids
			case after == nil:
				wantPlan = "SCAN u USING " + index
			}
			got := plan(t, db, statement, args...)
			if !strings.HasPrefix(got, wantPlan) || strings.Contains(got, "TEMP B-TREE FOR ORDER BY") {
				t.Errorf("%s, after %v: %q is wanted:\n%s", sort, after, wantPlan, got)
			}
		}
	}
}

// BenchmarkFindUsers reads a page of 100 out of 100,000 users. "list" is for comparison: it reads
// all users, page by page.
func BenchmarkFindUsers(b *testing.B) {
	const users, step = 100_000, 1000
	s := openDir(b, b.TempDir())
	for _, id := range []int64{1, 2} {
		insertRole(b, s, access.Role{ID: id, Name: fmt.Sprint(id)})
	}
	for batch := range users / step {
		change(b, s, func(ctx context.Context, tx *account.Tx) error {
			for i := range step {
				n := batch*step + i
				u := localUser(fmt.Sprintf("%x@example.org", n*7919%users))
				u.Name, u.Surname, u.RoleIDs = fmt.Sprintf("Name %x", n*104729%users), ptr("Surname"), []int64{2}
				if n%1000 == 0 {
					u.RoleIDs = []int64{1, 2}
				}
				if _, err := tx.InsertUser(ctx, u, key(u.Email), "h", now); err != nil {
					return err
				}
			}
			return nil
		})
	}
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			for last := int64(0); ; {
				page := get[[]account.User](b)(s.UsersAfter(b.Context(), last, 500, now))
				if len(page) == 0 {
					break
				}
				last = page[len(page)-1].ID
			}
		}
	})
	queries := map[string]account.UserQuery{
		"search, all match": {Words: []string{"name"}}, "search, none matches": {Words: []string{"absent"}},
		"rare role": {
			Filter: account.UserFilter{RoleID: ptr[int64](1)},
		}, "every role": {Filter: account.UserFilter{RoleID: ptr[int64](2)}},
		"locked": {
			Filter: account.UserFilter{Locked: ptr(true)},
		}, "inactive": {Filter: account.UserFilter{Active: ptr(false)}},
		"middle by name": {Sort: account.SortByName, After: &account.UserPosition{Key: "name 9", ID: 1}},
		"middle by id":   {Sort: account.SortByID, After: &account.UserPosition{ID: users / 2}},
	}
	for _, sort := range []account.UserSort{account.SortByID, account.SortByName, account.SortByEmailDown} {
		queries["by "+string(sort)] = account.UserQuery{Sort: sort}
		queries["rare role by "+string(sort)] = account.UserQuery{
			Sort:   sort,
			Filter: account.UserFilter{RoleID: ptr[int64](1)},
		}
	}
	for name, q := range queries {
		q.All, q.Limit, q.Now = true, 100, now
		if q.Sort == "" {
			q.Sort = account.SortByName
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				get[[]account.User](b)(s.FindUsers(b.Context(), q))
			}
		})
	}
}

// An import looks up many addresses at once, among its own rows and among the users. Both lookups
// must use an index.
func TestAddressesAreFoundByIndex(t *testing.T) {
	db := schema(t)
	list := `["x"]`
	for want, got := range map[string]string{
		"SEARCH import_rows USING COVERING INDEX import_rows_email (import_id=? AND email_key=?)": plan(t, db,
			sqlstore.SelectImportRows(), 1, list),
		"SEARCH users USING COVERING INDEX users_email_key (email_key=?)": plan(t, db,
			sqlstore.SelectTakenEmails(), list),
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %q", got, want)
		}
	}
}
