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

// check compares the server's actual state with the models of the writers. It also resolves requests whose outcome was
// unknown.
func (c *crashTest) check(t *testing.T) {
	t.Helper()
	actual := c.readState(t)
	if difference := c.unowned.diff(*actual[""]); difference != "" {
		t.Errorf("state that no writer created:\n%s", difference)
	}
	for _, w := range c.writers {
		unresolved := w.unresolved != nil
		applied, difference := w.resolve(*actual[w.name])
		if difference != "" {
			t.Errorf("%s:\n%s", w.name, difference)
		}
		if unresolved {
			c.unresolved++
		}
		if applied {
			c.applied++
		}
		c.checkSessions(t, w)
	}
	if verify := c.server.run(t, "", "audit", "verify"); verify.ExitCode != 0 {
		t.Errorf("usher audit verify exits with %d:\n%s%s", verify.ExitCode, verify.Stdout, verify.Stderr)
	}
	c.engine.check(t, c.server)
}

// checkSessions uses every token in the writer's model, and checks that the server accepts exactly the valid ones.
func (c *crashTest) checkSessions(t *testing.T, w *writer) {
	t.Helper()
	for token, owner := range w.sessions {
		a := c.server.do(t, "GET", "/api/users/whoami", token, nil)
		if a.Status != http.StatusOK || decode[struct{ ID int64 }](t, a).ID != owner {
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

// readState reads the actual state of the server. In the result, the key is the name of the writer that created the
// state; state that no writer created has the key "". Users and the activity log are read with the API. Sessions and
// the outbox are read from the database, because the API returns only the newest ones.
func (c *crashTest) readState(t *testing.T) map[string]*state {
	t.Helper()
	actual := map[string]*state{"": newState()}
	for _, w := range c.writers {
		actual[w.name] = newState()
	}
	stateOf := func(address string) *state {
		if w := actual[writerOf(address)]; w != nil {
			return w
		}
		return actual[""]
	}
	db := c.engine.open(t, c.server)
	defer db.Close()
	c.readUsers(t, db, stateOf)
	c.readLog(t, stateOf)
	c.readMail(t, db, stateOf)
	return actual
}

// readUsers reads the users with their roles and the number of their sessions. It fails the test if a session belongs
// to no user.
func (c *crashTest) readUsers(t *testing.T, db *sql.DB, stateOf func(string) *state) {
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
	for _, u := range decode[[]listed](t, c.server.do(t, "GET", "/api/users", c.admin, nil).want(t, http.StatusOK)) {
		p := userState{ID: u.ID, Name: u.Name, Active: u.Active, Roles: fmt.Sprint(u.Roles), Sessions: sessions[u.ID]}
		if u.Surname != nil {
			p.Surname = *u.Surname
		}
		if u.Department != nil {
			p.Department = *u.Department
		}
		stateOf(u.Email).Users[u.Email] = p
		delete(sessions, u.ID)
	}
	if len(sessions) > 0 {
		t.Errorf("there are sessions of missing users: %v", sessions)
	}
}

// readLog reads the activity log. It fails the test if two users have ever had the same id.
func (c *crashTest) readLog(t *testing.T, stateOf func(string) *state) {
	t.Helper()
	created := map[int64]string{}
	export := c.server.do(t, "GET", "/api/activity-log/export", c.admin, nil).want(t, http.StatusOK)
	log := json.NewDecoder(bytes.NewReader(export.Body))
	for {
		var line activityLine
		err := log.Decode(&line)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("decode a line of the activity log: %v", err)
		}
		e := line.logEntry()
		if e.Action == "user.create" {
			if other := created[e.TargetID]; other != "" {
				t.Errorf("the id %d was assigned to %s and to %s", e.TargetID, other, e.Target)
			}
			created[e.TargetID] = e.Target
		}
		w := stateOf(e.Target)
		w.Log = append(w.Log, e)
	}
}

// activityLine is one line of the exported activity log.
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

// logEntry converts the line to the form that the models use.
func (l activityLine) logEntry() logEntry {
	e := logEntry{Action: l.Action, Actor: l.Actor.Name, TargetID: l.Target.ID, Target: l.Target.Name}
	if l.Target.Kind == "session" {
		e.TargetID = 0
	}
	var changes []string
	for _, c := range l.Changes {
		changes = append(changes, formatChange(c.Field, c.From, c.To))
	}
	e.Changes = strings.Join(changes, " ")
	return e
}

// outboxRow holds the columns of an outbox message that the test checks.
type outboxRow struct {
	ID, Attempts         int64
	State, Source, Email string
}

// readMail reads the outbox and compares it with the messages that the mail server received.
func (c *crashTest) readMail(t *testing.T, db *sql.DB, stateOf func(string) *state) {
	t.Helper()
	rows := readOutbox(t, db)
	for _, r := range rows {
		mail := stateOf(r.Email).Mail
		if mail[r.Source] != "" {
			t.Errorf("the outbox has two messages for one request, to %s from %s", r.Email, r.Source)
		}
		mail[r.Source] = r.Email
	}
	checkDelivered(t, rows, c.smtp.Messages())
	// The server writes a message and its recovery token in one transaction, so both must exist or neither.
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

// checkDelivered compares the outbox with the messages that the mail server received. Each message that the outbox
// shows as delivered must have arrived. If the server crashed during the delivery, the message may have arrived
// repeatedly. Then all copies must have the same id, and there may be at most one for each attempt.
func checkDelivered(t *testing.T, rows []outboxRow, messages []mailtest.Message) {
	t.Helper()
	received := map[int64][]mailtest.Message{}
	for _, m := range messages {
		number, _, _ := strings.Cut(m.ID, ".") // the outbox id of the message; the rest is random
		id, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			t.Errorf("a message has the malformed id %q", m.ID)
		}
		received[id] = append(received[id], m)
	}
	for _, r := range rows {
		copies := received[r.ID]
		switch {
		case r.State == "failed":
			t.Errorf("message %d to %s has failed permanently", r.ID, r.Email)
		case r.State == "delivered" && len(copies) == 0:
			t.Errorf("message %d to %s is delivered, but did not arrive", r.ID, r.Email)
		case r.State == "delivered" && int64(len(copies)) > r.Attempts:
			t.Errorf("message %d to %s arrived %d times, with %d attempts", r.ID, r.Email, len(copies), r.Attempts)
		}
		for _, m := range copies {
			if m.ID != copies[0].ID || m.To != r.Email {
				t.Errorf("message %d to %s arrived as %s to %s, and as %s", r.ID, r.Email, m.ID, m.To, copies[0].ID)
			}
		}
		delete(received, r.ID)
	}
	for id, copies := range received {
		t.Errorf("message %d to %s arrived, but is not in the outbox", id, copies[0].To)
	}
}

// query runs a query and calls row for each result row.
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
