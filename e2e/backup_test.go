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

// TestBackupUnderWrites makes a backup while users are created. The restored backup must contain every user whose
// creation was acknowledged before the backup began.
func TestBackupUnderWrites(t *testing.T) {
	t.Parallel()
	const usersBefore = 30 // number of acknowledged users before the backup begins
	s := startServer(t, options{})
	key := s.signInAdmin(t)
	acknowledged := make(chan user)
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
				case acknowledged <- decode[[]user](t, a)[0]:
				case <-done:
					return
				}
			}
		})
	}
	expected := map[int64]string{}
	for range usersBefore {
		u := <-acknowledged
		expected[u.ID] = u.Email
	}
	backup := make(chan commandResult)
	file := filepath.Join(t.TempDir(), "usher.backup")
	go func() { backup <- s.run(t, "", "backup", file) }()
	during := 0
	for ended := false; !ended; {
		select {
		case <-acknowledged:
			during++
		case result := <-backup:
			ended = true
			if result.ExitCode != 0 {
				t.Errorf("usher backup exited with %d: %s", result.ExitCode, result.Stderr)
			}
		}
	}
	close(done)
	work.Wait()
	t.Logf("%d users were created during the backup", during)

	r := restoreBackup(t, s, file)
	users := map[int64]string{}
	for _, u := range decode[[]user](t, r.do(t, "GET", "/api/users", key, nil).want(t, http.StatusOK)) {
		users[u.ID] = u.Email
	}
	for id, email := range expected {
		if users[id] != email {
			t.Errorf("user %d, %s, is %q in the backup", id, email, users[id])
		}
	}
	r.addUser(t, key, "After", "after@example.com", adminPassword)
	r.awaitSealed(t)
	r.stop(t)
	checkDatabase(t, r.Data)
}

// restoreBackup restores a backup of s into a new data directory and starts a server there, with the server key of s.
func restoreBackup(t *testing.T, s *server, file string) *server {
	t.Helper()
	data := filepath.Join(t.TempDir(), "restored")
	output := s.mustRun(t, "", "restore", "--data", data, file)
	wantContains(t, "the output of usher restore", output, "server.key")
	key := readFile(t, filepath.Join(s.Data, "server.key"))
	if err := os.WriteFile(filepath.Join(data, "server.key"), []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	return startServer(t, options{Data: data})
}

// awaitSealed waits until the server has sealed every entry of the activity log, and verifies the log.
func (s *server) awaitSealed(t *testing.T) {
	t.Helper()
	eventually(t, "all entries are sealed", func() bool {
		return !strings.Contains(s.mustRun(t, "", "audit", "verify"), "not sealed yet")
	})
}

// TestRestoreInPlace restores a backup into the same data directory. The restored activity log ends before its newest
// checkpoint outside the database. The server must still append entries to the log.
func TestRestoreInPlace(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	key := s.signInAdmin(t)
	file := filepath.Join(t.TempDir(), "usher.backup")
	s.mustRun(t, "", "backup", file)
	s.addUser(t, key, "Late", "late@example.com", adminPassword)
	s.awaitSealed(t)
	checkpoint := filepath.Join(s.Data, "activity-checkpoint")
	if err := os.WriteFile(checkpoint, []byte(s.mustRun(t, "", "audit", "checkpoint")), 0o600); err != nil {
		t.Fatal(err)
	}
	s.mustFail(t, "", fmt.Sprintf("in use by process %d", s.cmd.Process.Pid), "restore", file)
	s.stop(t)
	s.mustFail(t, "", "is there already", "restore", file)
	for _, old := range []string{"usher.db", "usher.db-wal", "usher.db-shm"} {
		if err := os.RemoveAll(filepath.Join(s.Data, old)); err != nil {
			t.Fatal(err)
		}
	}
	s.mustRun(t, "", "restore", file)

	s = s.restart(t)
	s.addUser(t, key, "Again", "late@example.com", adminPassword)
	s.awaitSealed(t)
	setAside, err := filepath.Glob(checkpoint + ".*")
	if err != nil || len(setAside) != 1 {
		t.Fatalf("checkpoints set aside: %v, %v", setAside, err)
	}
	if result := s.run(t, "", "audit", "verify", "--checkpoint", setAside[0]); result.ExitCode != 1 {
		t.Errorf("usher audit verify accepts the old checkpoint: %s", result.Stdout)
	}
}

// TestOneServerPerDirectory starts a second server on a data directory. The second server must fail to start while the
// first is running, and must start after the first has crashed.
func TestOneServerPerDirectory(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	wantContains(t, "the output of the second server", startFailure(t, options{Data: s.Data}),
		fmt.Sprintf("in use by process %d", s.cmd.Process.Pid), "hint:", "--data")
	s.mustRun(t, "", "admin", "unlock", adminEmail)
	s.kill(t)
	s.restart(t).signInAdmin(t)
}

// TestNewerSchema starts a server on a data directory whose database schema is from a later release.
func TestNewerSchema(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	s.stop(t)
	tamper(t, s.Data, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	wantContains(t, "the output of the server", startFailure(t, options{Data: s.Data}),
		"migrated by a later release", "its schema is 9999", "nothing was changed")
	s.mustFail(t, "", "migrated by a later release", "admin", "unlock", adminEmail)
	tamper(t, s.Data, "DELETE FROM goose_db_version WHERE version_id = 9999")
	s.restart(t).signInAdmin(t)
}
