package e2e_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	_ "modernc.org/sqlite" // reads the database as any other program would
)

// TestCrashLosesNothing kills the server in a stream of requests that create
// users, several at a time. Afterwards every user that was answered is there, and
// of each request all users or none.
func TestCrashLosesNothing(t *testing.T) {
	t.Parallel()
	const (
		writers   = 4
		batchSize = 3
		enough    = 30 // requests answered before the crash
	)
	s := startServer(t, options{})
	key := s.admin(t)

	acknowledged := make(chan []user)
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for n := 0; ; n++ {
				batch := make([]fields, batchSize)
				for i := range batch {
					batch[i] = fields{
						"name": fmt.Sprintf("batch %d-%d", w, n), "password": "Correct-horse-7",
						"email": fmt.Sprintf("u%d-%d-%d@example.com", w, n, i),
					}
				}
				a, err := s.try("POST", "/api/users", key, batch)
				if err != nil {
					return // the crash
				}
				if a.Status != http.StatusCreated {
					t.Errorf("a request was answered %d: %s", a.Status, a.Body)
					return
				}
				acknowledged <- into[[]user](t, a)
			}
		})
	}
	go func() {
		work.Wait()
		close(acknowledged)
	}()
	known := map[int64]user{}
	requests := 0
	for users := range acknowledged {
		for _, u := range users {
			known[u.ID] = u
		}
		if requests++; requests == enough {
			s.signal(t, syscall.SIGKILL)
		}
	}
	s.waitExit(t)
	if requests < enough {
		t.Fatalf("only %d requests were answered", requests)
	}

	s = s.again(t)
	batches := map[string]int{}
	for _, u := range into[[]user](t, s.do(t, "GET", "/api/users", key, nil).want(t, http.StatusOK)) {
		if was, ok := known[u.ID]; ok && was.Email != u.Email {
			t.Errorf("user %d was %s and is %s", u.ID, was.Email, u.Email)
		}
		delete(known, u.ID)
		if strings.HasPrefix(u.Name, "batch") {
			batches[u.Name]++
		}
	}
	if len(known) > 0 {
		t.Errorf("%d users were answered and are gone: %v", len(known), known)
	}
	for name, n := range batches {
		if n != batchSize {
			t.Errorf("%s has %d users, want all %d or none", name, n, batchSize)
		}
	}
	s.addUser(t, key, "After", "after@example.com", "Correct-horse-7")
	s.stop(t)
	checkDatabase(t, s.Data)
}

// checkDatabase asks SQLite whether the file is whole.
func checkDatabase(t *testing.T, data string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "usher.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity_check: %q, %v", verdict, err)
	}
	rows, err := db.Query("PRAGMA foreign_key_check")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if rows.Next() {
		t.Error("foreign_key_check finds a row that refers to nothing")
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
}

// tamper changes the database as somebody who has the file can.
func tamper(t *testing.T, data, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "usher.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	result, err := db.Exec(statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("nothing was tampered with: %v", err)
	}
}
