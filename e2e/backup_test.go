package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestBackupUnderWrites backs a server up while users are created. Restored, it
// has every user that was answered before the backup began.
func TestBackupUnderWrites(t *testing.T) {
	t.Parallel()
	const enough = 30 // users answered before the backup
	s := startServer(t, options{})
	key := s.admin(t)
	answered := make(chan user)
	done := make(chan struct{})
	var work sync.WaitGroup
	for w := range 3 {
		work.Go(func() {
			for n := 0; ; n++ {
				a, err := s.try("POST", "/api/users", key, []fields{{
					"name": "Name", "password": adminPassword, "email": fmt.Sprintf("u%d-%d@example.com", w, n),
				}})
				if err != nil || a.Status != http.StatusCreated {
					t.Errorf("a request was answered %d: %s, %v", a.Status, a.Body, err)
					return
				}
				select {
				case answered <- into[[]user](t, a)[0]:
				case <-done:
					return
				}
			}
		})
	}
	known := map[int64]string{}
	for range enough {
		u := <-answered
		known[u.ID] = u.Email
	}
	backed := make(chan said)
	file := filepath.Join(t.TempDir(), "usher.backup")
	go func() { backed <- s.run(t, "", "backup", file) }()
	meanwhile := 0
	for ended := false; !ended; {
		select {
		case <-answered:
			meanwhile++
		case did := <-backed:
			ended = true
			if did.Code != 0 {
				t.Errorf("usher backup exited with %d: %s", did.Code, did.Err)
			}
		}
	}
	close(done)
	work.Wait()
	t.Logf("%d users were created while the backup was made", meanwhile)

	r := restore(t, s, file)
	users := map[int64]string{}
	for _, u := range into[[]user](t, r.do(t, "GET", "/api/users", key, nil).want(t, http.StatusOK)) {
		users[u.ID] = u.Email
	}
	for id, email := range known {
		if users[id] != email {
			t.Errorf("user %d, %s, is %q in the backup", id, email, users[id])
		}
	}
	r.addUser(t, key, "After", "after@example.com", adminPassword)
	r.wantSealed(t)
	r.stop(t)
	checkDatabase(t, r.Data)
}

// restore starts a server on a new data directory made from a backup, with the
// server key of another.
func restore(t *testing.T, s *server, file string) *server {
	t.Helper()
	data := filepath.Join(t.TempDir(), "restored")
	wantText(t, "the output of usher restore", s.usher(t, "", "restore", "--data", data, file), "server.key")
	key := readFile(t, filepath.Join(s.Data, "server.key"))
	if err := os.WriteFile(filepath.Join(data, "server.key"), []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	return startServer(t, options{Data: data})
}

// wantSealed waits until every entry of the activity log is sealed, and finds
// nothing wrong with it.
func (s *server) wantSealed(t *testing.T) {
	t.Helper()
	within(t, "all entries are sealed", func() bool {
		return !strings.Contains(s.usher(t, "", "audit", "verify"), "not sealed yet")
	})
}

// TestRestoreInPlace goes back to a backup in the same data directory. The log is
// shorter than its newest checkpoint has seen then, and goes on nevertheless.
func TestRestoreInPlace(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	key := s.admin(t)
	file := filepath.Join(t.TempDir(), "usher.backup")
	s.usher(t, "", "backup", file)
	s.addUser(t, key, "Late", "late@example.com", adminPassword)
	s.wantSealed(t)
	witness := filepath.Join(s.Data, "activity-checkpoint")
	if err := os.WriteFile(witness, []byte(s.usher(t, "", "audit", "checkpoint")), 0o600); err != nil {
		t.Fatal(err)
	}
	s.refuse(t, "", "in use by process "+number(int64(s.cmd.Process.Pid)), "restore", file)
	s.stop(t)
	s.refuse(t, "", "is there already", "restore", file)
	for _, old := range []string{"usher.db", "usher.db-wal", "usher.db-shm"} {
		if err := os.RemoveAll(filepath.Join(s.Data, old)); err != nil {
			t.Fatal(err)
		}
	}
	s.usher(t, "", "restore", file)

	s = s.again(t)
	s.addUser(t, key, "Again", "late@example.com", adminPassword)
	s.wantSealed(t)
	aside, err := filepath.Glob(witness + ".*")
	if err != nil || len(aside) != 1 {
		t.Fatalf("set aside: %v, %v", aside, err)
	}
	if did := s.run(t, "", "audit", "verify", "--checkpoint", aside[0]); did.Code != 1 {
		t.Errorf("the old checkpoint shows nothing: %s", did.Out)
	}
}

// TestOneServerADirectory starts a second server on the data of a first, which
// runs or has crashed.
func TestOneServerADirectory(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	wantText(t, "what the second server says", failStart(t, options{Data: s.Data}),
		"in use by process "+number(int64(s.cmd.Process.Pid)), "hint:", "--data")
	s.usher(t, "", "admin", "unlock", adminEmail)
	s.kill(t)
	s.again(t).admin(t)
}

// TestNewerSchema starts a server on the data of a later release.
func TestNewerSchema(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	s.stop(t)
	tamper(t, s.Data, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	wantText(t, "what the server says", failStart(t, options{Data: s.Data}), "migrated by a later release", "its schema is 9999", "nothing was changed")
	s.refuse(t, "", "migrated by a later release", "admin", "unlock", adminEmail)
	tamper(t, s.Data, "DELETE FROM goose_db_version WHERE version_id = 9999")
	s.again(t).admin(t)
}
