package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

const (
	costRuns = 7 // after five, PostgreSQL may choose a plan for any parameters
	manyRows = 1000
)

// cost is what an operation took.
type cost struct {
	name  string
	took  time.Duration // the best of its runs
	pages int           // read or changed by the last run, on PostgreSQL
	scans []string      // tables of many rows that were read from the front
}

func (c cost) pagesText() string {
	if c.pages == 0 {
		return "—"
	}
	return strconv.Itoa(c.pages)
}

// operation is one call of the store, for the user of an id.
type operation struct {
	name string
	run  func(ctx context.Context, tx account.Tx, id int64) error
}

// operations are the calls that requests and the clean-up are made of.
func operations(f *filler) []operation {
	now := time.Now()
	old := now.Add(-24 * time.Hour)
	const few = 101
	page := func(name string, change func(*account.UserQuery)) operation {
		return operation{name, func(ctx context.Context, tx account.Tx, _ int64) error {
			q := account.UserQuery{All: true, Sort: account.SortByID, Limit: few, Now: now}
			change(&q)
			_, err := tx.FindUsers(ctx, q)
			return err
		}}
	}
	log := func(name string, filter func(id int64) account.ActivityFilter) operation {
		return operation{name, func(ctx context.Context, tx account.Tx, id int64) error {
			_, err := tx.Activity(ctx, account.ActivityQuery{ActivityFilter: filter(id), Limit: few})
			return err
		}}
	}
	no, yes := false, true
	rare, all := access.AdministratorRole, access.UserRole
	return []operation{
		{"session of a token, its user and roles", func(ctx context.Context, tx account.Tx, id int64) error {
			s, err := tx.SessionByHash(ctx, sessionHash(id))
			if err != nil {
				return err
			}
			if _, err = tx.User(ctx, s.UserID, now); err != nil {
				return err
			}
			_, err = tx.RolesOf(ctx, s.UserID)
			return err
		}},
		{"account of an address", func(ctx context.Context, tx account.Tx, id int64) error {
			key, _ := account.ParseEmail(email(id))
			_, err := tx.CredentialByEmail(ctx, key)
			return err
		}},
		{"reservation of a sign-in", func(ctx context.Context, tx account.Tx, id int64) error {
			if _, err := tx.IsKnownNetwork(ctx, id, source(id), old); err != nil {
				return err
			}
			t, err := tx.LockThrottle(ctx, throttle.SignInKey(throttle.UserSubject(id), source(id), false))
			if err != nil {
				return err
			}
			return tx.SaveThrottle(ctx, t)
		}},
		{"session and entry of a sign-in", func(ctx context.Context, tx account.Tx, id int64) error {
			return f.signIn(ctx, tx, id, sessionHash(time.Now().UnixNano()), now)
		}},
		{"deleting a user", func(ctx context.Context, tx account.Tx, id int64) error { return tx.DeleteUser(ctx, id) }},
		{"counting administrators", func(ctx context.Context, tx account.Tx, _ int64) error {
			_, err := tx.CountAdministrators(ctx)
			return err
		}},
		{"changing the role of all: what else they have", func(ctx context.Context, tx account.Tx, _ int64) error {
			_, err := tx.RolesOfHolders(ctx, all)
			return err
		}},
		page("users by id", func(*account.UserQuery) {}),
		page("users by name, from the middle", func(q *account.UserQuery) {
			q.Sort, q.After = account.SortByName, &account.UserPlace{Key: "ada 25", ID: 1}
		}),
		page("users of a role of few", func(q *account.UserQuery) { q.Filter.RoleID = &rare }),
		page("users of the role of all", func(q *account.UserQuery) { q.Filter.RoleID = &all }),
		page("users who are not active (none)", func(q *account.UserQuery) { q.Filter.Active = &no }),
		page("users who are locked (none)", func(q *account.UserQuery) { q.Filter.Locked = &yes }),
		page("users by a word that all have", func(q *account.UserQuery) { q.Words = []string{"lovelace"} }),
		page("users by a word that one has", func(q *account.UserQuery) { q.Words = []string{"lovelace9999@"} }),
		log("newest of the log", func(int64) account.ActivityFilter { return account.ActivityFilter{} }),
		log("log of an actor", func(id int64) account.ActivityFilter { return account.ActivityFilter{ActorID: id} }),
		log("log of a target", func(id int64) account.ActivityFilter {
			return account.ActivityFilter{TargetKind: access.EntitySession, TargetID: id}
		}),
		log("log by a rare action", func(int64) account.ActivityFilter {
			return account.ActivityFilter{Action: string(account.ActionRoleDelete)}
		}),
		{"log of a time long ago", func(ctx context.Context, tx account.Tx, _ int64) error {
			_, err := tx.Activity(ctx, account.ActivityQuery{ActivityFilter: account.ActivityFilter{To: old}, ByTime: true, Limit: few})
			return err
		}},
		count("users by state, for the overview", func(ctx context.Context, tx account.Tx) (int, error) {
			users, err := tx.CountUsers(ctx)
			return users.Total, err
		}),
		count("sign-ins of 30 days, for the overview", func(ctx context.Context, tx account.Tx) (int, error) {
			counts, err := tx.SignIns(ctx, now.Truncate(account.SignInUnit).AddDate(0, 0, -account.SignInDays), now)
			return len(counts), err
		}),
		count("entries without a seal", func(ctx context.Context, tx account.Tx) (int, error) { return tx.CountUnsealedActivity(ctx) }),
		count("entries to seal", func(ctx context.Context, tx account.Tx) (int, error) {
			due, err := tx.UnsealedActivity(ctx, 1)
			return len(due), err
		}),
		count("clean-up of sessions (none)", func(ctx context.Context, tx account.Tx) (int, error) {
			return tx.DeleteExpiredSessions(ctx, old, old, manyRows)
		}),
		count("clean-up of counters (none)", func(ctx context.Context, tx account.Tx) (int, error) {
			return tx.DeleteIdleThrottles(ctx, old, now, manyRows)
		}),
		count("clean-up of known sources (none)", func(ctx context.Context, tx account.Tx) (int, error) {
			return tx.DeleteKnownNetworks(ctx, old, manyRows)
		}),
		count("counting unknown addresses", func(ctx context.Context, tx account.Tx) (int, error) { return tx.CountUnknownThrottles(ctx) }),
	}
}

// count is an operation whose answer does not matter.
func count(name string, run func(context.Context, account.Tx) (int, error)) operation {
	return operation{name, func(ctx context.Context, tx account.Tx, _ int64) error {
		_, err := run(ctx, tx)
		return err
	}}
}

// errUndo ends a transaction of which nothing is to stay.
var errUndo = fmt.Errorf("undo")

// costs runs each operation for users from all over the table, and undoes it.
func (e *engine) costs(ctx context.Context, f *filler) ([]cost, error) {
	var costs []cost
	for _, op := range operations(f) {
		c := cost{name: op.name}
		for run := range costRuns {
			id := int64(2 + (f.users-2)*run/costRuns)
			took, err := undone(ctx, e.store, op, id)
			if err != nil {
				return nil, err
			}
			if run == 0 || took < c.took {
				c.took = took
			}
			if e.explained != nil {
				if err := e.explain(ctx, &c, op, id); err != nil {
					return nil, err
				}
			}
		}
		costs = append(costs, c)
	}
	return costs, nil
}

// undone runs an operation in a transaction that is undone, and times it alone.
func undone(ctx context.Context, store account.Store, op operation, id int64) (took time.Duration, err error) {
	err = store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		begun := time.Now()
		if err := op.run(ctx, tx, id); err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
		took = time.Since(begun)
		return errUndo
	})
	if err == errUndo {
		err = nil
	}
	return took, err
}

// node is a part of a plan as EXPLAIN writes it in JSON.
type node struct {
	Type    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Hit     int     `json:"Shared Hit Blocks"`
	Read    int     `json:"Shared Read Blocks"`
	Rows    float64 `json:"Actual Rows"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []node  `json:"Plans"`
}

// explain runs an operation where its statements are explained, and reads how it
// was run.
func (e *engine) explain(ctx context.Context, c *cost, op operation, id int64) error {
	before, err := os.Stat(e.log)
	if err != nil {
		return err
	}
	if _, err := undone(ctx, e.explained, op, id); err != nil {
		return err
	}
	text, err := os.ReadFile(e.log)
	if err != nil {
		return err
	}
	c.pages = 0
	for _, part := range strings.Split(string(text[before.Size():]), "plan:\n")[1:] {
		var plan struct{ Plan node }
		if err := json.NewDecoder(bytes.NewBufferString(part)).Decode(&plan); err != nil {
			return fmt.Errorf("read a plan: %w", err)
		}
		c.pages += plan.Plan.Hit + plan.Plan.Read
		c.note(plan.Plan)
	}
	return nil
}

// note adds the tables of many rows that a plan reads from the front.
func (c *cost) note(n node) {
	if n.Type == "Seq Scan" && n.Rows+n.Removed > manyRows && !slices.Contains(c.scans, n.Table) {
		c.scans = append(c.scans, n.Table)
	}
	for _, child := range n.Plans {
		c.note(child)
	}
}
