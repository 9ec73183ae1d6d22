package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

const (
	costRuns = 7 // more than five, after which PostgreSQL may switch to a generic plan
	manyRows = 1000
	pageSize = 101
)

// cost is the measured cost of a store operation.
type cost struct {
	name    string
	elapsed time.Duration // duration of the fastest run
	pages   int           // pages that the last run read or changed, on PostgreSQL
	scans   []string      // tables with many rows that a sequential scan read
}

func (c cost) pagesText() string {
	if c.pages == 0 {
		return "—"
	}
	return strconv.Itoa(c.pages)
}

// operation is one call of the store, for the user with the given id.
type operation struct {
	name string
	run  func(ctx context.Context, tx *account.Tx, id int64) error
}

// operations returns the store calls that API requests and the deletion of expired rows make.
func operations(s *seeder) []operation {
	now := time.Now()
	old := now.Add(-24 * time.Hour)
	page := func(name string, change func(*account.UserQuery)) operation {
		return operation{name, func(ctx context.Context, tx *account.Tx, _ int64) error {
			q := account.UserQuery{All: true, Sort: account.SortByID, Limit: pageSize, Now: now}
			change(&q)
			_, err := tx.FindUsers(ctx, q)
			return err
		}}
	}
	log := func(name string, filter func(id int64) account.ActivityFilter) operation {
		return operation{name, func(ctx context.Context, tx *account.Tx, id int64) error {
			_, err := tx.Activity(ctx, account.ActivityQuery{ActivityFilter: filter(id), Limit: pageSize})
			return err
		}}
	}
	no, yes := false, true
	rareRole, commonRole := access.AdministratorRole, access.UserRole
	return []operation{
		{"session of a token, with user and roles", func(ctx context.Context, tx *account.Tx, id int64) error {
			session, err := tx.SessionByHash(ctx, sessionHash(id))
			if err != nil {
				return err
			}
			if _, err = tx.User(ctx, session.UserID, now); err != nil {
				return err
			}
			_, err = tx.RolesOf(ctx, session.UserID)
			return err
		}},
		{"account by email address", func(ctx context.Context, tx *account.Tx, id int64) error {
			key, _ := account.ParseEmail(email(id))
			_, err := tx.CredentialByEmail(ctx, key)
			return err
		}},
		{"reservation of a sign-in", func(ctx context.Context, tx *account.Tx, id int64) error {
			if _, err := tx.IsKnownNetwork(ctx, id, clientNetwork(id), old); err != nil {
				return err
			}
			t, err := tx.LockThrottle(ctx, lockout.SignInKey(lockout.UserSubject(id), clientNetwork(id), false))
			if err != nil {
				return err
			}
			return tx.SaveThrottle(ctx, t)
		}},
		{"session and activity entry of a sign-in", func(ctx context.Context, tx *account.Tx, id int64) error {
			return s.signIn(ctx, tx, id, sessionHash(time.Now().UnixNano()), now)
		}},
		{"delete a user", func(ctx context.Context, tx *account.Tx, id int64) error { return tx.DeleteUser(ctx, id) }},
		{"count administrators", func(ctx context.Context, tx *account.Tx, _ int64) error {
			_, err := tx.CountAdministrators(ctx)
			return err
		}},
		{"change a common role: other roles of its users", func(ctx context.Context, tx *account.Tx, _ int64) error {
			_, err := tx.RolesOfHolders(ctx, commonRole)
			return err
		}},
		page("users by id", func(*account.UserQuery) {}),
		page("users by name, from the middle", func(q *account.UserQuery) {
			q.Sort, q.After = account.SortByName, &account.UserPosition{Key: "ada 25", ID: 1}
		}),
		page("users of a rare role", func(q *account.UserQuery) { q.Filter.RoleID = &rareRole }),
		page("users of the common role", func(q *account.UserQuery) { q.Filter.RoleID = &commonRole }),
		page("inactive users (none)", func(q *account.UserQuery) { q.Filter.Active = &no }),
		page("locked users (none)", func(q *account.UserQuery) { q.Filter.Locked = &yes }),
		page("users by a word in all", func(q *account.UserQuery) { q.Words = []string{"lovelace"} }),
		page("users by a word in one", func(q *account.UserQuery) { q.Words = []string{"lovelace9999@"} }),
		log("newest entries of the log", func(int64) account.ActivityFilter { return account.ActivityFilter{} }),
		log("log of an actor", func(id int64) account.ActivityFilter { return account.ActivityFilter{ActorID: id} }),
		log("log of a target", func(id int64) account.ActivityFilter {
			return account.ActivityFilter{TargetKind: access.EntitySession, TargetID: id}
		}),
		log("log by a rare action", func(int64) account.ActivityFilter {
			return account.ActivityFilter{Action: string(account.ActionRoleDelete)}
		}),
		{"log of a day ago", func(ctx context.Context, tx *account.Tx, _ int64) error {
			_, err := tx.Activity(ctx, account.ActivityQuery{
				ActivityFilter: account.ActivityFilter{To: old}, ByTime: true, Limit: pageSize,
			})
			return err
		}},
		count("users by state, for the overview", func(ctx context.Context, tx *account.Tx) (int, error) {
			users, err := tx.CountUsers(ctx)
			return users.Total, err
		}),
		count("sign-ins of 30 days, for the overview", func(ctx context.Context, tx *account.Tx) (int, error) {
			counts, err := tx.SignIns(ctx, now.Truncate(account.SignInInterval).AddDate(0, 0, -account.SignInDays), now)
			return len(counts), err
		}),
		count("count unsealed entries", func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.CountUnsealedActivity(ctx)
		}),
		count("find unsealed entries", func(ctx context.Context, tx *account.Tx) (int, error) {
			due, err := tx.UnsealedActivity(ctx, 1)
			return len(due), err
		}),
		count("clean-up of sessions (none)", func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.DeleteExpiredSessions(ctx, old, old, manyRows)
		}),
		count("clean-up of throttle counters (none)", func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.DeleteIdleThrottles(ctx, old, now, manyRows)
		}),
		count("clean-up of known networks (none)", func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.DeleteKnownNetworks(ctx, old, manyRows)
		}),
		count("count throttle counters of unknown addresses", func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.CountThrottles(ctx, "x:")
		}),
	}
}

// count returns an operation that counts rows. The operation ignores the user id and discards the count.
func count(name string, run func(context.Context, *account.Tx) (int, error)) operation {
	return operation{name, func(ctx context.Context, tx *account.Tx, _ int64) error {
		_, err := run(ctx, tx)
		return err
	}}
}

// errRollback makes the store roll back a transaction that has succeeded.
var errRollback = errors.New("roll back")

// costs measures each operation for several users, whose rows are spread over the whole table. It rolls each operation
// back.
func (e *engine) costs(ctx context.Context, s *seeder) ([]cost, error) {
	var costs []cost
	for _, op := range operations(s) {
		c := cost{name: op.name}
		for run := range costRuns {
			id := int64(2 + (s.users-2)*run/costRuns)
			elapsed, err := runRolledBack(ctx, e.store, op, id)
			if err != nil {
				return nil, err
			}
			if run == 0 || elapsed < c.elapsed {
				c.elapsed = elapsed
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

// runRolledBack runs an operation in a transaction and rolls it back. It returns the duration of the operation alone.
func runRolledBack(
	ctx context.Context, store account.Transactor, op operation, id int64,
) (elapsed time.Duration, err error) {
	err = store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		start := time.Now()
		if err := op.run(ctx, tx, id); err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
		elapsed = time.Since(start)
		return errRollback
	})
	if errors.Is(err, errRollback) {
		err = nil
	}
	return elapsed, err
}

// node is a node of a query plan in the JSON format of EXPLAIN.
type node struct {
	Type    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Hit     int     `json:"Shared Hit Blocks"`
	Read    int     `json:"Shared Read Blocks"`
	Rows    float64 `json:"Actual Rows"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []node  `json:"Plans"`
}

// explain runs an operation on the connection that logs query plans. It adds the pages and the sequential scans of the
// plans to c.
func (e *engine) explain(ctx context.Context, c *cost, op operation, id int64) error {
	before, err := os.Stat(e.logFile)
	if err != nil {
		return err
	}
	if _, err := runRolledBack(ctx, e.explained, op, id); err != nil {
		return err
	}
	text, err := os.ReadFile(e.logFile)
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
		c.addScans(plan.Plan)
	}
	return nil
}

// addScans adds each table from which a sequential scan of the plan reads more than manyRows rows.
func (c *cost) addScans(n node) {
	if n.Type == "Seq Scan" && n.Rows+n.Removed > manyRows && !slices.Contains(c.scans, n.Table) {
		c.scans = append(c.scans, n.Table)
	}
	for _, child := range n.Plans {
		c.addScans(child)
	}
}
