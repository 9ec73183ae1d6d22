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

// disk is a small file system of a test's own.
type disk struct{ path string }

// mountDisk makes a disk of so many bytes, which is gone when the test ends. It
// skips the test where nobody may make one.
func mountDisk(t *testing.T, size int) disk {
	t.Helper()
	return mountDiskAt(t, t.TempDir(), size)
}

// mountDiskAt is mountDisk in a place that was chosen.
func mountDiskAt(t *testing.T, path string, size int) disk {
	t.Helper()
	d := disk{path}
	err := syscall.Mount("tmpfs", path, "tmpfs", 0, fmt.Sprintf("mode=0700,size=%d", size))
	if errors.Is(err, syscall.EPERM) {
		t.Skip("this test mounts a small disk, which needs root: sudo, or unshare --map-root-user --mount go test ./e2e")
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

// data is the data directory of a server on the disk.
func (d disk) data() string { return filepath.Join(d.path, "data") }

func (d disk) ballast() string { return filepath.Join(d.path, "ballast") }

// fill leaves so many bytes of room on the disk, to the page.
func (d disk) fill(t *testing.T, leave int64) {
	t.Helper()
	var now syscall.Statfs_t
	if err := syscall.Statfs(d.path, &now); err != nil {
		t.Fatal(err)
	}
	size := int64(now.Bavail)*now.Bsize - leave
	file, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := syscall.Fallocate(int(file.Fd()), 0, 0, size); err != nil {
		t.Fatalf("fill the disk with %d bytes: %v", size, err)
	}
}

// free takes away what fill has put on the disk.
func (d disk) free(t *testing.T) {
	t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		t.Fatal(err)
	}
}

// remount makes the disk read-only, or writable again.
func (d disk) remount(t *testing.T, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("", d.path, "", syscall.MS_REMOUNT|flags, ""); err != nil {
		t.Fatalf("remount the small disk: %v", err)
	}
}

// What people are told of the disk.
const (
	diskFull  = "The disk of the database is full. Nothing was changed; try again."
	diskFails = "The disk of the database cannot be read or written. Nothing was changed; try again."
)

// wantRefused fails the test unless the answer says that the change was not made,
// why, and when to try again, and nothing of the machine.
func (a answer) wantRefused(t *testing.T, s *server, what, message string) {
	t.Helper()
	body := into[struct {
		StatusCode     int
		Error, Message string
	}](t, a)
	if a.Status != http.StatusServiceUnavailable || body.StatusCode != a.Status || body.Error != "UNAVAILABLE" || body.Message != message {
		t.Errorf("%s is answered %d: %s", what, a.Status, a.Body)
	}
	if a.Header.Get("Retry-After") != "5" {
		t.Errorf("%s: Retry-After is %q", what, a.Header.Get("Retry-After"))
	}
	if strings.Contains(string(a.Body), s.Data) {
		t.Errorf("%s: the answer tells where the data are: %s", what, a.Body)
	}
}

// refusesChanges fails the test unless everything that writes is refused with the
// message, and everything that reads goes on.
func (s *server) refusesChanges(t *testing.T, key string, id int64, message string) {
	t.Helper()
	one := "/api/users/" + number(id)
	for _, r := range []struct {
		method, path, key string
		body              any
	}{
		{"POST", "/api/users", key, []fields{{"name": "New", "email": "new@example.com", "password": "Correct-horse-7"}}},
		{"PATCH", one, key, fields{"name": "Changed"}},
		{"PUT", one + "/roles", key, fields{"roles": []int{1}}},
		{"DELETE", one, key, nil},
		{"POST", "/api/api-key", key, nil},
		{"POST", "/api/logout", key, nil},
		{"POST", "/api/login", "", fields{"email": adminEmail, "password": adminPassword}},
		{"POST", "/api/login", "", fields{"email": adminEmail, "password": "a wrong guess"}},
		{"POST", "/api/users/forgotten-password", "", fields{"email": adminEmail}},
	} {
		s.do(t, r.method, r.path, r.key, r.body).wantRefused(t, s, r.method+" "+r.path, message)
	}
	for _, path := range []string{"/api/users/whoami", "/api/users", one, "/api/roles", "/api/lockout-policy"} {
		s.do(t, "GET", path, key, nil).want(t, http.StatusOK)
	}
	if u := into[user](t, s.do(t, "GET", one, key, nil)); u.Name != "Ada" || !u.Active {
		t.Errorf("the user who could not be changed is now %+v", u)
	}
	ready := s.do(t, "GET", "/readyz", "", nil).want(t, http.StatusOK)
	wantText(t, "/readyz", string(ready.Body), message)
	wantText(t, "/metrics", string(s.do(t, "GET", "/metrics", "", nil).Body), "usher_changes_refused 1\n")
	told := s.log.waitFor(t, "changes are refused")
	wantText(t, "the log", fmt.Sprint(told["error"], told["remedy"]), strings.SplitAfter(message, ".")[0], "has room on its disk")
}

// takesChanges fails the test unless the server finds out that it can store
// changes again, though nobody asks it for one, and takes them.
func (s *server) takesChanges(t *testing.T, key string, id int64) {
	t.Helper()
	s.log.waitFor(t, "changes are stored again")
	if body := string(s.do(t, "GET", "/readyz", "", nil).want(t, http.StatusOK).Body); body != "ready\n" {
		t.Errorf("/readyz says %q", body)
	}
	wantText(t, "/metrics", string(s.do(t, "GET", "/metrics", "", nil).Body), "usher_changes_refused 0\n")
	s.addUser(t, key, "New", "new@example.com", "Correct-horse-7")
	s.do(t, "PATCH", "/api/users/"+number(id), key, fields{"name": "Changed"}).want(t, http.StatusOK)
	s.do(t, "DELETE", "/api/users/"+number(id), key, nil).want(t, http.StatusNoContent)
	s.admin(t)
	s.forget(t, adminEmail)
}

// told counts the lines of the log with the message given.
func (j *journal) told(message string) int {
	return strings.Count(j.String(), fmt.Sprintf(`"msg":%q`, message))
}

// TestDiskFull fills the disk under a server, and makes room again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	d := mountDisk(t, 4<<20)
	s := startServer(t, options{Data: d.data(), Flags: []string{"--metrics"}})
	key := s.admin(t)
	ada := s.addUser(t, key, "Ada", "ada@example.com", "Correct-horse-7")
	// From now on each request with this session would keep when it was used.
	tamper(t, s.Data, "UPDATE sessions SET last_seen_at = last_seen_at - 3600000000")

	d.fill(t, 0)
	s.refusesChanges(t, key, ada, diskFull)
	for range 100 {
		s.do(t, "GET", "/api/users/whoami", key, nil).want(t, http.StatusOK)
	}
	for message, most := range map[string]int{
		"the last use of a credential was not kept": 0,
		"changes are refused":                       1,
		"the activity log cannot be sealed":         1,
		"the mail queue fails; trying again":        4, // workers
	} {
		if n := s.log.told(message); n > most {
			t.Errorf("the log tells %d times: %s", n, message)
		}
	}

	d.free(t)
	s.takesChanges(t, key, ada)
	within(t, "the activity log is sealed", func() bool {
		return !strings.Contains(s.usher(t, key, "audit", "export"), `"sealed":false`)
	})
	s.usher(t, "", "audit", "verify")
	s.stop(t)
	checkDatabase(t, s.Data)
}

// TestDiskFullBetweenWrites lets writers run into a full disk, which they find full
// in the middle of their transactions: every user that was answered is there, and
// no other.
func TestDiskFullBetweenWrites(t *testing.T) {
	t.Parallel()
	const writers, refusals = 4, 10
	d := mountDisk(t, 8<<20)
	s := startServer(t, options{Data: d.data()})
	key := s.admin(t)
	d.fill(t, 512<<10)

	var mu sync.Mutex
	known := map[string]bool{adminEmail: true}
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for n, refused := 0, 0; refused < refusals; n++ {
				email := fmt.Sprintf("u%d-%d@example.com", w, n)
				a, err := s.try("POST", "/api/users", key, []fields{{
					"name": "U", "email": email, "password": "Correct-horse-7", "biography": strings.Repeat("x", 4000),
				}})
				switch {
				case err != nil:
					t.Errorf("the server does not answer: %v", err)
					return
				case a.Status == http.StatusCreated:
					mu.Lock()
					known[email] = true
					mu.Unlock()
				default:
					a.wantRefused(t, s, "POST /api/users", diskFull)
					refused++
				}
			}
		})
	}
	work.Wait()
	d.free(t)
	within(t, "a user is created", func() bool {
		a := s.do(t, "POST", "/api/users", key, []fields{{"name": "U", "email": "after@example.com", "password": "Correct-horse-7"}})
		return a.Status == http.StatusCreated
	})
	known["after@example.com"] = true
	users := into[[]user](t, s.do(t, "GET", "/api/users", key, nil).want(t, http.StatusOK))
	for _, u := range users {
		if !known[u.Email] {
			t.Errorf("%s is there, whose creation was refused", u.Email)
		}
	}
	if len(users) != len(known) {
		t.Errorf("%d users are there, want %d", len(users), len(known))
	}
	s.stop(t)
	checkDatabase(t, s.Data)
}

// TestNoRoomForSharedMemory lets the index of the write-ahead log, which is memory
// in a file, run into the full disk. Memory that has no room behind it ends a
// process when it is touched.
func TestNoRoomForSharedMemory(t *testing.T) {
	t.Parallel()
	const (
		frame  = 4096 + 24 // bytes of a page in the log
		frames = 4062      // that the first part of the index has room for
		index  = 32 << 10  // bytes of one part
	)
	d := mountDisk(t, 32<<20)
	s := startServer(t, options{Data: d.data()})
	key := s.admin(t)
	ada := s.addUser(t, key, "Ada", "ada@example.com", "Correct-horse-7")

	// A reader keeps the log from being begun anew, so that it grows.
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
		return s.do(t, "PATCH", "/api/users/"+number(ada), key, fields{"biography": fmt.Sprint(n, strings.Repeat("x", 4000))})
	}
	for size("usher.db-wal") < (frames-200)*frame {
		write().want(t, http.StatusOK)
	}
	d.fill(t, frames*frame+index-size("usher.db-wal"))
	for write().Status == http.StatusOK {
	}
	if size("usher.db-wal") < frames*frame || size("usher.db-shm") == 2*index {
		t.Errorf("the log has %d bytes and its index %d: it was not the index that had no room", size("usher.db-wal"), size("usher.db-shm"))
	}
	write().wantRefused(t, s, "a change", diskFull)
	s.do(t, "GET", "/api/users/whoami", key, nil).want(t, http.StatusOK)

	d.free(t)
	write().want(t, http.StatusOK)
	if err := errors.Join(read.Rollback(), reader.Close()); err != nil {
		t.Fatal(err)
	}
	s.stop(t)
	checkDatabase(t, s.Data)
}

// limitFiles sets how large a file the server may write, as a disk that has become
// read-only would: to SQLite either is a write that fails.
func (s *server) limitFiles(t *testing.T, limit string) {
	t.Helper()
	out, err := exec.Command("prlimit", "--pid", fmt.Sprint(s.cmd.Process.Pid), "--fsize="+limit).CombinedOutput()
	if err != nil {
		t.Fatalf("prlimit: %v: %s", err, out)
	}
}

// TestDiskFails lets every write to a file fail, and work again.
func TestDiskFails(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{Flags: []string{"--metrics"}})
	key := s.admin(t)
	ada := s.addUser(t, key, "Ada", "ada@example.com", "Correct-horse-7")
	s.limitFiles(t, "0:")
	s.refusesChanges(t, key, ada, diskFails)
	s.limitFiles(t, "unlimited:")
	s.takesChanges(t, key, ada)
	s.stop(t)
	checkDatabase(t, s.Data)
}

// TestStartOnBadDisk starts a server on a disk that is full, and on one that is
// read-only: it says so, and the data are as they were.
func TestStartOnBadDisk(t *testing.T) {
	t.Parallel()
	d := mountDisk(t, 4<<20)
	s := startServer(t, options{Data: d.data()})
	s.stop(t)

	d.fill(t, 0)
	wantText(t, "a server on a full disk", failStart(t, s.options), "The disk of the database is full.", "hint:", "room")
	d.free(t)
	d.remount(t, syscall.MS_RDONLY)
	wantText(t, "a server on a read-only disk", failStart(t, s.options), "read-only", "hint:", "writable")
	d.remount(t, 0)
	checkDatabase(t, s.Data)
	s.again(t).admin(t)
}
