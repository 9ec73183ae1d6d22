package e2e_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// disk is a small tmpfs file system that one test uses.
type disk struct{ path string }

// mountDisk mounts a disk of size bytes until the test ends. It skips the test if the process is not allowed to mount.
func mountDisk(t *testing.T, size int) disk {
	t.Helper()
	return mountDiskAt(t, t.TempDir(), size)
}

// mountDiskAt mounts a disk of size bytes at path.
func mountDiskAt(t *testing.T, path string, size int) disk {
	t.Helper()
	d := disk{path}
	err := syscall.Mount("tmpfs", path, "tmpfs", 0, fmt.Sprintf("mode=0700,size=%d", size))
	if errors.Is(err, syscall.EPERM) {
		t.Skip("to mount a small disk needs root. hint: unshare --map-root-user --mount go test ./e2e")
	}
	if err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.path, 0); err != nil {
			t.Errorf("unmount the small disk: %v", err)
		}
	})
	return d
}

// data returns the path of a data directory on the disk.
func (d disk) data() string { return filepath.Join(d.path, "data") }

// ballast returns the path of the file that fills the disk.
func (d disk) ballast() string { return filepath.Join(d.path, "ballast") }

// fill writes the ballast file until the given number of bytes is left on the disk, rounded to pages. It measures again
// when something else takes space between the measurement and the write, as PostgreSQL's background processes do.
func (d disk) fill(t *testing.T, free int64) {
	t.Helper()
	file, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	eventually(t, "the disk is full", func() bool {
		var stat syscall.Statfs_t
		if err := syscall.Statfs(d.path, &stat); err != nil {
			t.Fatal(err)
		}
		size := int64(stat.Bavail)*stat.Bsize - free
		if size <= 0 {
			return true
		}
		err := syscall.Fallocate(int(file.Fd()), 0, 0, size)
		if err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("fill the disk with %d bytes: %v", size, err)
		}
		return err == nil
	})
}

// free deletes the ballast file.
func (d disk) free(t *testing.T) {
	t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		t.Fatal(err)
	}
}

// remount makes the disk read-only or writable, depending on flags.
func (d disk) remount(t *testing.T, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("", d.path, "", syscall.MS_REMOUNT|flags, ""); err != nil {
		t.Fatalf("remount the small disk: %v", err)
	}
}

// Messages of the server's error responses while the disk of the database fails.
const (
	diskFullMessage   = "The disk of the database is full. Nothing was changed; try again."
	diskFailedMessage = "The disk of the database cannot be read or written. Nothing was changed; try again."
)

// wantUnavailable fails the test unless the response has status 503, the message and Retry-After. The response must not
// contain file paths of the server's machine.
func (a answer) wantUnavailable(t *testing.T, s *server, what, message string) {
	t.Helper()
	body := decode[struct {
		StatusCode     int
		Error, Message string
	}](t, a)
	if a.Status != http.StatusServiceUnavailable || body.StatusCode != a.Status || body.Error != "UNAVAILABLE" ||
		body.Message != message {
		t.Errorf("%s is answered %d: %s", what, a.Status, a.Body)
	}
	if a.Header.Get("Retry-After") != "5" {
		t.Errorf("%s: Retry-After is %q", what, a.Header.Get("Retry-After"))
	}
	if strings.Contains(string(a.Body), s.Data) {
		t.Errorf("%s: the answer contains the path of the data directory: %s", what, a.Body)
	}
}

// wantChangesRefused fails the test unless the server refuses all changes with the message and still serves all reads.
func (s *server) wantChangesRefused(t *testing.T, key string, id int64, message string) {
	t.Helper()
	userPath := "/api/users/" + formatID(id)
	for _, r := range []struct {
		method, path, key string
		body              any
	}{
		{"POST", "/api/users", key, []fields{
			{"name": "New", "email": "new@example.com", "password": "Correct-horse-7"},
		}},
		{"PATCH", userPath, key, fields{"name": "Changed"}},
		{"PUT", userPath + "/roles", key, fields{"roles": []int{1}}},
		{"DELETE", userPath, key, nil},
		{"POST", "/api/api-key", key, nil},
		{"POST", "/api/logout", key, nil},
		{"POST", "/api/login", "", fields{"email": adminEmail, "password": adminPassword}},
		{"POST", "/api/login", "", fields{"email": adminEmail, "password": "a wrong guess"}},
		{"POST", "/api/users/forgotten-password", "", fields{"email": adminEmail}},
	} {
		s.do(t, r.method, r.path, r.key, r.body).wantUnavailable(t, s, r.method+" "+r.path, message)
	}
	for _, path := range []string{"/api/users/whoami", "/api/users", userPath, "/api/roles", "/api/lockout-policy"} {
		s.do(t, "GET", path, key, nil).want(t, http.StatusOK)
	}
	if u := decode[user](t, s.do(t, "GET", userPath, key, nil)); u.Name != "Ada" || !u.Active {
		t.Errorf("the user whose change was refused is now %+v", u)
	}
	ready := s.do(t, "GET", "/readyz", "", nil).want(t, http.StatusOK)
	wantContains(t, "/readyz", string(ready.Body), message)
	wantContains(t, "/metrics", string(s.do(t, "GET", "/metrics", "", nil).Body), "usher_changes_refused 1\n")
	line := s.log.waitFor(t, "changes are refused")
	firstSentence := strings.SplitAfter(message, ".")[0]
	wantContains(t, "the log", fmt.Sprint(line["error"], line["remedy"]), firstSentence, "has room on its disk")
}

// wantChangesAccepted fails the test unless the server accepts changes again. The server must notice by itself,
// without a request, that the disk works.
func (s *server) wantChangesAccepted(t *testing.T, key string, id int64) {
	t.Helper()
	s.log.waitFor(t, "changes are stored again")
	if body := string(s.do(t, "GET", "/readyz", "", nil).want(t, http.StatusOK).Body); body != "ready\n" {
		t.Errorf("/readyz answers %q", body)
	}
	wantContains(t, "/metrics", string(s.do(t, "GET", "/metrics", "", nil).Body), "usher_changes_refused 0\n")
	s.addUser(t, key, "New", "new@example.com", "Correct-horse-7")
	s.do(t, "PATCH", "/api/users/"+formatID(id), key, fields{"name": "Changed"}).want(t, http.StatusOK)
	s.do(t, "DELETE", "/api/users/"+formatID(id), key, nil).want(t, http.StatusNoContent)
	s.signInAdmin(t)
	s.requestRecovery(t, adminEmail)
}

// count returns the number of log lines that have the message.
func (l *serverLog) count(message string) int {
	return strings.Count(l.String(), fmt.Sprintf(`"msg":%q`, message))
}

// TestDiskFull fills the disk of a running server, and then frees space on it.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	d := mountDisk(t, 4<<20)
	s := startServer(t, options{Data: d.data(), Flags: []string{"--metrics"}})
	key := s.signInAdmin(t)
	ada := s.addUser(t, key, "Ada", "ada@example.com", "Correct-horse-7")
	// Make all sessions look unused for an hour, so that the next request with each session must store the time of its
	// last use.
	tamper(t, s.Data, "UPDATE sessions SET last_seen_at = last_seen_at - 3600000000")

	d.fill(t, 0)
	s.wantChangesRefused(t, key, ada, diskFullMessage)
	for range 100 {
		s.do(t, "GET", "/api/users/whoami", key, nil).want(t, http.StatusOK)
	}
	for message, limit := range map[string]int{
		"the last use of a credential was not kept": 0,
		"changes are refused":                       1,
		"the activity log cannot be sealed":         1,
		"the mail queue fails; trying again":        4, // one line for each worker
	} {
		if n := s.log.count(message); n > limit {
			t.Errorf("the log has %d lines %q, want at most %d", n, message, limit)
		}
	}

	d.free(t)
	s.wantChangesAccepted(t, key, ada)
	eventually(t, "the activity log is sealed", func() bool {
		return !strings.Contains(s.mustRun(t, key, "audit", "export"), `"sealed":false`)
	})
	s.mustRun(t, "", "audit", "verify")
	s.stop(t)
	checkDatabase(t, s.Data)
}

// TestDiskFullBetweenWrites lets concurrent writes fill the disk, so that they fail in the middle of their
// transactions. Afterwards exactly the acknowledged users exist.
func TestDiskFullBetweenWrites(t *testing.T) {
	t.Parallel()
	const writers, refusals = 4, 10
	d := mountDisk(t, 8<<20)
	s := startServer(t, options{Data: d.data()})
	key := s.signInAdmin(t)
	d.fill(t, 512<<10)

	var mu sync.Mutex
	created := map[string]bool{adminEmail: true}
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for n, refused := 0, 0; refused < refusals; n++ {
				email := fmt.Sprintf("u%d-%d@example.com", w, n)
				a, err := s.try("POST", "/api/users", key, []fields{{
					"name": "U", "email": email, "password": "Correct-horse-7",
					"biography": strings.Repeat("x", 4000),
				}})
				switch {
				case err != nil:
					t.Errorf("the server does not answer: %v", err)
					return
				case a.Status == http.StatusCreated:
					mu.Lock()
					created[email] = true
					mu.Unlock()
				default:
					a.wantUnavailable(t, s, "POST /api/users", diskFullMessage)
					refused++
				}
			}
		})
	}
	work.Wait()
	d.free(t)
	eventually(t, "a user is created", func() bool {
		body := []fields{{"name": "U", "email": "after@example.com", "password": "Correct-horse-7"}}
		return s.do(t, "POST", "/api/users", key, body).Status == http.StatusCreated
	})
	created["after@example.com"] = true
	users := decode[[]user](t, s.do(t, "GET", "/api/users", key, nil).want(t, http.StatusOK))
	for _, u := range users {
		if !created[u.Email] {
			t.Errorf("%s exists, although its creation was refused", u.Email)
		}
	}
	if len(users) != len(created) {
		t.Errorf("there are %d users, want %d", len(users), len(created))
	}
	s.stop(t)
	checkDatabase(t, s.Data)
}

// TestDiskFullForWALIndex fills the disk when SQLite's WAL index needs to grow. The index is a memory-mapped file.
// Without disk space, access to one of its new pages would kill the process with SIGBUS.
func TestDiskFullForWALIndex(t *testing.T) {
	t.Parallel()
	const (
		frameSize  = 4096 + 24 // bytes that one database page takes in the WAL
		frames     = 4062      // number of pages that the first block of the index covers
		indexBlock = 32 << 10  // bytes of one block of the index
	)
	d := mountDisk(t, 32<<20)
	s := startServer(t, options{Data: d.data()})
	key := s.signInAdmin(t)
	ada := s.addUser(t, key, "Ada", "ada@example.com", "Correct-horse-7")

	// While a read transaction is open, SQLite can't reset the WAL, so the WAL grows.
	reader, err := sql.Open("sqlite", "file:"+filepath.Join(s.Data, "usher.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	read, err := reader.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Rollback()
	var users int
	if err := read.QueryRow("SELECT count(*) FROM users").Scan(&users); err != nil {
		t.Fatal(err)
	}
	size := func(file string) int64 {
		info, err := os.Stat(filepath.Join(s.Data, file))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	n := 0
	write := func() answer {
		n++
		body := fields{"biography": fmt.Sprint(n, strings.Repeat("x", 4000))}
		return s.do(t, "PATCH", "/api/users/"+formatID(ada), key, body)
	}
	for size("usher.db-wal") < (frames-200)*frameSize {
		write().want(t, http.StatusOK)
	}
	d.fill(t, frames*frameSize+indexBlock-size("usher.db-wal"))
	for write().Status == http.StatusOK {
	}
	if size("usher.db-wal") < frames*frameSize || size("usher.db-shm") == 2*indexBlock {
		t.Errorf("the WAL has %d bytes and its index %d: the index was not what ran out of space",
			size("usher.db-wal"), size("usher.db-shm"))
	}
	write().wantUnavailable(t, s, "a change", diskFullMessage)
	s.do(t, "GET", "/api/users/whoami", key, nil).want(t, http.StatusOK)

	d.free(t)
	write().want(t, http.StatusOK)
	if err := errors.Join(read.Rollback(), reader.Close()); err != nil {
		t.Fatal(err)
	}
	s.stop(t)
	checkDatabase(t, s.Data)
}

// limitFileSize limits the size of the files that the server may write. With limit 0 every write fails, as on a disk
// that has become read-only.
func (s *server) limitFileSize(t *testing.T, limit string) {
	t.Helper()
	out, err := exec.Command("prlimit", "--pid", fmt.Sprint(s.cmd.Process.Pid), "--fsize="+limit).CombinedOutput()
	if err != nil {
		t.Fatalf("prlimit: %v: %s", err, out)
	}
}

// TestDiskFails makes all file writes of the server fail, and then succeed again.
func TestDiskFails(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{Flags: []string{"--metrics"}})
	key := s.signInAdmin(t)
	ada := s.addUser(t, key, "Ada", "ada@example.com", "Correct-horse-7")
	s.limitFileSize(t, "0:")
	s.wantChangesRefused(t, key, ada, diskFailedMessage)
	s.limitFileSize(t, "unlimited:")
	s.wantChangesAccepted(t, key, ada)
	s.stop(t)
	checkDatabase(t, s.Data)
}

// TestStartOnFullOrReadOnlyDisk starts a server on a full disk and on a read-only one. The server must report the cause
// and leave the data unchanged.
func TestStartOnFullOrReadOnlyDisk(t *testing.T) {
	t.Parallel()
	d := mountDisk(t, 4<<20)
	s := startServer(t, options{Data: d.data()})
	s.stop(t)

	d.fill(t, 0)
	wantContains(t, "a server on a full disk", startFailure(t, s.options),
		"The disk of the database is full.", "hint:", "room")
	d.free(t)
	d.remount(t, syscall.MS_RDONLY)
	wantContains(t, "a server on a read-only disk", startFailure(t, s.options),
		"read-only", "hint:", "writable")
	d.remount(t, 0)
	checkDatabase(t, s.Data)
	s.restart(t).signInAdmin(t)
}
