package sqlstore_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
)

// planned is a statement and the indexes that its plan must use.
type planned struct {
	name, statement string
	args            []any
	indexes         string
}

// plannedStatements returns the statements behind the console's pages for administrators.
func plannedStatements() []planned {
	var list []planned
	add := func(name, statement string, args []any, indexes string) {
		list = append(list, planned{name, statement, args, indexes})
	}
	add("users", sqlstore.CountUsers, nil,
		"users_inactive users_need_password_reset") // the plan may use any index whose name begins with users_inactive
	add("number of locked users", sqlstore.CountLocked, []any{1}, "sign_in_throttle_locked")
	add("locked users", sqlstore.SelectLocked, []any{1, 10}, "sign_in_throttle_locked")
	add("sign-ins", sqlstore.CountSignIns, []any{1, 1, 10}, "activity_sign_ins")
	add("messages", sqlstore.CountMail, []any{1}, "outbox_waiting outbox_late outbox_failed")
	for sort, index := range map[account.UserSort]string{
		account.SortByID: "users_inactive_id", account.SortByNameDown: "users_inactive_sort_name",
		account.SortByEmail: "users_inactive_email",
	} {
		q := account.UserQuery{All: true, Sort: sort, Limit: 100, Now: now, After: &account.UserPosition{Key: "x", ID: 7}}
		q.Filter.Active = ptr(false)
		statement, args := sqlstore.UserPageStatement(q)
		add("inactive by "+string(sort), statement, args, index)
		q.Filter = account.UserFilter{Locked: ptr(true)}
		statement, args = sqlstore.UserPageStatement(q)
		add("locked by "+string(sort), statement, args, "sign_in_throttle_locked")
	}
	for direction, q := range map[string]account.ActivityQuery{
		"backward": {Before: account.ActivityPosition{ID: 7, At: now}},
		"forward":  {OldestFirst: true},
	} {
		q.ByTime, q.Limit, q.From, q.To = true, 100, now.Add(-time.Hour), now
		statement, args := sqlstore.ActivityPageStatement(q)
		add("the log of a time, "+direction, statement, args, "activity_at")
	}
	return list
}

// fillLog inserts many sign-ins, successful and failed, so that PostgreSQL plans for a large table.
const fillLog = `
	INSERT INTO activity (at, actor_id, actor_name, credential, credential_id, source,
	                      action, target_kind, target_id, target_name, changes, count)
	SELECT i, 1, '', '', 0, '', CASE WHEN i % 2 = 0 THEN 'session.create' ELSE 'session.refuse' END, '', 0, '', '', 1
	FROM generate_series(1, 5000) AS entries (i)`

// Each statement finds its rows by the wanted indexes. Pages of the activity log also need no
// sorting.
func TestQueryPlansUseIndexes(t *testing.T) {
	explain := map[string]func(db *sql.DB, p planned) string{
		"sqlite": func(db *sql.DB, p planned) string { return plan(t, db, p.statement, p.args...) },
		"postgres": func(db *sql.DB, p planned) string {
			return strings.Join(texts(t, db, "EXPLAIN "+p.statement, p.args...), "\n")
		},
	}
	for _, e := range enginetest.Engines {
		t.Run(e.Name, func(t *testing.T) {
			d := e.New(t)
			d.Open()
			db := d.SQL()
			if e.Name == "postgres" { // PostgreSQL would scan small tables instead of using indexes
				db.SetMaxOpenConns(1)
				_, err := db.Exec(fillLog + "; ANALYZE; SET enable_seqscan = off; SET enable_sort = off")
				wantErr(t, "the log", err, nil)
			}
			for _, p := range plannedStatements() {
				got := explain[e.Name](db, p)
				for _, index := range strings.Fields(p.indexes) {
					if !strings.Contains(got, index) {
						t.Errorf("%s: %q is wanted:\n%s", p.name, index, got)
					}
				}
				if strings.HasPrefix(p.name, "the log") && (strings.Contains(got, "TEMP B-TREE") || strings.Contains(got, "Sort")) {
					t.Errorf("%s is sorted:\n%s", p.name, got)
				}
			}
		})
	}
}
