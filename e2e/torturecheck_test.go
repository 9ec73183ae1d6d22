package e2e_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// check compares what there is with what the writers know, and settles with them
// what they do not know.
func (c *torture) check(t *testing.T) {
	t.Helper()
	seen := c.look(t)
	if difference := c.others.difference(*seen[""]); difference != "" {
		t.Errorf("what no writer has made:\n%s", difference)
	}
	for _, w := range c.writers {
		open := w.unknown != nil
		happened, difference := w.resolve(*seen[w.name])
		if difference != "" {
			t.Errorf("%s:\n%s", w.name, difference)
		}
		if open {
			c.unknown++
		}
		if happened {
			c.happened++
		}
		c.checkSessions(t, w)
	}
	if said := c.server.run(t, "", "audit", "verify"); said.Code != 0 {
		t.Errorf("usher audit verify exits with %d:\n%s%s", said.Code, said.Out, said.Err)
	}
	c.engine.check(t, c.server)
}

// checkSessions uses every token that the writer knows.
func (c *torture) checkSessions(t *testing.T, w *writer) {
	t.Helper()
	for token, owner := range w.live {
		a := c.server.do(t, "GET", "/api/users/whoami", token, nil)
		if a.Status != http.StatusOK || into[struct{ ID int64 }](t, a).ID != owner {
			t.Errorf("a session of user %d is answered %d: %s", owner, a.Status, a.Body)
		}
	}
	for _, token := range w.ended {
		if a := c.server.do(t, "GET", "/api/users/whoami", token, nil); a.Status != http.StatusUnauthorized {
			t.Errorf("a session that has ended is answered %d: %s", a.Status, a.Body)
		}
	}
	w.ended = nil
}

// look reads all that there is, by the name of the writer that made it; empty:
// none did. Users and the activity log are read as clients do. Sessions and the
// outbox, of which clients see the newest alone, are read from the database.
func (c *torture) look(t *testing.T) map[string]*world {
	t.Helper()
	seen := map[string]*world{"": newWorld()}
	for _, w := range c.writers {
		seen[w.name] = newWorld()
	}
	of := func(address string) *world {
		if w := seen[writerOf(address)]; w != nil {
			return w
		}
		return seen[""]
	}
	db := c.engine.open(t, c.server)
	defer db.Close()
	c.seeUsers(t, db, of)
	c.seeLog(t, of)
	c.seeMail(t, db, of)
	return seen
}

// seeUsers reads the users with their roles, and how many sessions each has.
func (c *torture) seeUsers(t *testing.T, db *sql.DB, of func(string) *world) {
	t.Helper()
	sessions := map[int64]int{}
	query(t, db, `SELECT user_id, count(*) FROM sessions GROUP BY user_id`, func(scan func(...any)) {
		var id int64
		var n int
		scan(&id, &n)
		sessions[id] = n
	})
	type listed struct {
		user
		Surname *string
	}
	for _, u := range into[[]listed](t, c.server.do(t, "GET", "/api/users", c.admin, nil).want(t, http.StatusOK)) {
		p := person{ID: u.ID, Name: u.Name, Active: u.Active, Roles: fmt.Sprint(u.Roles), Sessions: sessions[u.ID]}
		if u.Surname != nil {
			p.Surname = *u.Surname
		}
		if u.Department != nil {
			p.Unit = *u.Department
		}
		of(u.Email).Users[u.Email] = p
		delete(sessions, u.ID)
	}
	if len(sessions) > 0 {
		t.Errorf("there are sessions of users who are not there: %v", sessions)
	}
}

// seeLog reads the activity log, and fails when two users were given one id.
func (c *torture) seeLog(t *testing.T, of func(string) *world) {
	t.Helper()
	created := map[int64]string{}
	log := json.NewDecoder(bytes.NewReader(c.server.do(t, "GET", "/api/activity-log/export", c.admin, nil).want(t, http.StatusOK).Body))
	for {
		var line activityLine
		err := log.Decode(&line)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("a line of the activity log: %v", err)
		}
		e := line.entry()
		if e.Action == "user.create" {
			if other := created[e.TargetID]; other != "" {
				t.Errorf("the id %d was given to %s and to %s", e.TargetID, other, e.Target)
			}
			created[e.TargetID] = e.Target
		}
		w := of(e.Target)
		w.Log = append(w.Log, e)
	}
}

// activityLine is an entry of the activity log as it is exported.
type activityLine struct {
	Action string
	Actor  struct{ Name string }
	Target struct {
		Kind, Name string
		ID         int64
	}
	Changes []struct {
		Field    string
		From, To any
	}
}

func (l activityLine) entry() entry {
	e := entry{Action: l.Action, Actor: l.Actor.Name, TargetID: l.Target.ID, Target: l.Target.Name}
	if l.Target.Kind == "session" {
		e.TargetID = 0
	}
	var changes []string
	for _, c := range l.Changes {
		changes = append(changes, change(c.Field, c.From, c.To))
	}
	e.Changes = strings.Join(changes, " ")
	return e
}

// outboxRow is what the checker reads of a message of the outbox.
type outboxRow struct {
	ID, Attempts         int64
	State, Source, Email string
}

// seeMail reads the outbox, and compares it with what the mail server was given.
func (c *torture) seeMail(t *testing.T, db *sql.DB, of func(string) *world) {
	t.Helper()
	rows := readOutbox(t, db)
	for _, r := range rows {
		mail := of(r.Email).Mail
		if mail[r.Source] != "" {
			t.Errorf("the outbox has two messages for one request, of %s from %s", r.Email, r.Source)
		}
		mail[r.Source] = r.Email
	}
	checkDelivered(t, rows, c.post.Messages())
	// A message and its token were written together.
	query(t, db, `SELECT m.user_id, m.n, COALESCE(r.n, 0)
		FROM (SELECT user_id, count(*) AS n FROM outbox WHERE state <> 'requested' GROUP BY user_id) m
		LEFT JOIN (SELECT user_id, count(*) AS n FROM recoveries GROUP BY user_id) r ON r.user_id = m.user_id
		WHERE m.n <> COALESCE(r.n, 0)`, func(scan func(...any)) {
		var id, messages, tokens int64
		scan(&id, &messages, &tokens)
		t.Errorf("user %d has %d messages and %d tokens", id, messages, tokens)
	})
}

func readOutbox(t *testing.T, db *sql.DB) []outboxRow {
	t.Helper()
	var rows []outboxRow
	query(t, db, `SELECT id, attempts, state, source, address || recipient FROM outbox`, func(scan func(...any)) {
		var r outboxRow
		scan(&r.ID, &r.Attempts, &r.State, &r.Source, &r.Email)
		rows = append(rows, r)
	})
	return rows
}

// checkDelivered compares the outbox with the messages that have come since: each
// that was delivered is there. One that was under way in a crash may have come
// twice, but under one id, and no more often than it was tried.
func checkDelivered(t *testing.T, rows []outboxRow, messages []mailtest.Message) {
	t.Helper()
	come := map[int64][]mailtest.Message{}
	for _, m := range messages {
		number, _, _ := strings.Cut(m.ID, ".") // of the outbox; the rest is random
		id, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			t.Errorf("a message came with the id %q", m.ID)
		}
		come[id] = append(come[id], m)
	}
	for _, r := range rows {
		copies := come[r.ID]
		switch {
		case r.State == "failed":
			t.Errorf("message %d to %s was given up", r.ID, r.Email)
		case r.State == "delivered" && len(copies) == 0:
			t.Errorf("message %d to %s was delivered, and has not come", r.ID, r.Email)
		case r.State == "delivered" && int64(len(copies)) > r.Attempts:
			t.Errorf("message %d to %s has come %d times at %d attempts", r.ID, r.Email, len(copies), r.Attempts)
		}
		for _, m := range copies {
			if m.ID != copies[0].ID || m.To != r.Email {
				t.Errorf("message %d to %s has come as %s to %s, and as %s", r.ID, r.Email, m.ID, m.To, copies[0].ID)
			}
		}
		delete(come, r.ID)
	}
	for id, copies := range come {
		t.Errorf("message %d to %s has come, and is not in the outbox", id, copies[0].To)
	}
}

// query calls row for each row of an answer of the database.
func query(t *testing.T, db *sql.DB, text string, row func(scan func(...any))) {
	t.Helper()
	rows, err := db.Query(text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		row(func(to ...any) {
			if err := rows.Scan(to...); err != nil {
				t.Fatal(err)
			}
		})
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
