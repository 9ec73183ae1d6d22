package imports

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// Limits for the uploaded files of all users together: those that wait for confirmation and those
// being imported.
const (
	maxUploads     = 16
	maxUploadBytes = 64 << 20
	uploadTime     = 15 * time.Minute // how long a file waits, and how long the outcome of its import is shown
	maxRunning     = 2
	maxChecked     = 2   // files that are read and checked at once; others wait
	rowOverhead    = 256 // approximate memory of a row in bytes, in addition to its texts
)

// upload is a file of users that was checked. It stays in memory until the user has confirmed it
// and its import has ended. After that, upload keeps what is not in the database: the number of
// rows and the faults.
type upload struct {
	ID      string // random; sent with the confirmation, so that another file than the one shown is never imported
	Session int64  // the session that uploaded the file; other sessions may not see it
	Name    string
	Rows    []userfile.Row
	Total   int // number of rows

	Import  int64 // id of the import; 0: not begun
	Running bool
	Faults  []userfile.Fault // the reason why the import was undone
	Stopped bool             // the import failed and could be neither undone nor finished

	size  int // approximate memory in bytes
	timer *time.Timer
}

// uploads holds the files that wait for confirmation or are being imported.
//
// The files are only in the memory of this server, because they may contain passwords. The page
// must not send them back to the browser. The database must not store them, because they would be
// in backups and would stay after a crash.
//
// A waiting file is lost when the server stops, and other servers don't have it. Nothing was
// changed by then, so the user just uploads it again.
type uploads struct {
	mu     sync.Mutex
	all    []*upload
	slots  chan struct{} // semaphore: limits the running imports to maxRunning
	checks chan struct{} // semaphore: limits the files being checked to maxChecked
}

func newUploads() *uploads {
	return &uploads{slots: make(chan struct{}, maxRunning), checks: make(chan struct{}, maxChecked)}
}

// add stores a file for uploadTime. It replaces the session's waiting file, if there is one. It
// returns false if the limits leave no room.
func (us *uploads) add(session int64, name string, rows []userfile.Row) bool {
	u := &upload{ID: rand.Text(), Session: session, Name: name, Rows: rows, Total: len(rows), size: sizeOf(rows)}
	us.mu.Lock()
	defer us.mu.Unlock()
	us.dropWhere(waitingOf(session))
	if len(us.all) == maxUploads { // drop the outcome of an import that has ended
		if i := slices.IndexFunc(us.all, func(u *upload) bool { return u.Import != 0 && !u.Running }); i >= 0 {
			oldest := us.all[i]
			us.dropWhere(func(u *upload) bool { return u == oldest })
		}
	}
	size := u.size
	for _, other := range us.all {
		size += other.size
	}
	if len(us.all) >= maxUploads || size > maxUploadBytes {
		return false
	}
	us.all = append(us.all, u)
	us.expire(u)
	return true
}

// sizeOf returns the approximate memory of rows in bytes.
func sizeOf(rows []userfile.Row) int {
	size := 0
	for _, r := range rows {
		size += rowOverhead + r.Profile.Size() + len(r.Email) + len(r.Password.Reveal()) + len(r.PasswordHash.Reveal())
	}
	return size
}

// expire starts a timer that drops the file after uploadTime, unless its import is running then.
func (us *uploads) expire(u *upload) {
	if u.timer != nil {
		u.timer.Stop()
	}
	u.timer = time.AfterFunc(uploadTime, func() {
		us.mu.Lock()
		defer us.mu.Unlock()
		us.dropWhere(func(other *upload) bool { return other == u && !u.Running })
	})
}

// dropWhere drops the files for which f returns true.
func (us *uploads) dropWhere(f func(*upload) bool) {
	us.all = slices.DeleteFunc(us.all, func(u *upload) bool {
		if f(u) {
			u.timer.Stop()
			return true
		}
		return false
	})
}

// waitingOf returns a function that matches the waiting file of a session. There is at most one.
func waitingOf(session int64) func(*upload) bool {
	return func(u *upload) bool { return u.Session == session && u.Import == 0 && !u.Running }
}

// waiting returns a copy of the waiting file of a session.
func (us *uploads) waiting(session int64) (upload, bool) {
	return us.find(waitingOf(session))
}

// byImport returns a copy of the upload that an import was started from.
func (us *uploads) byImport(importID int64) (upload, bool) {
	return us.find(func(u *upload) bool { return u.Import == importID })
}

func (us *uploads) find(f func(*upload) bool) (upload, bool) {
	us.mu.Lock()
	defer us.mu.Unlock()
	if i := slices.IndexFunc(us.all, f); i >= 0 {
		return *us.all[i], true
	}
	return upload{}, false
}

// discard drops the waiting file of a session.
func (us *uploads) discard(session int64) {
	us.mu.Lock()
	defer us.mu.Unlock()
	us.dropWhere(waitingOf(session))
}

// claim marks the waiting file of a session as running, if the file has this id. A second
// confirmation of the same file therefore starts no second import.
func (us *uploads) claim(session int64, id string) (*upload, bool) {
	us.mu.Lock()
	defer us.mu.Unlock()
	i := slices.IndexFunc(us.all, waitingOf(session))
	if i < 0 || us.all[i].ID != id {
		return nil, false
	}
	us.all[i].Running = true
	return us.all[i], true
}

// setImport sets the id of the import of a claimed file. If importID is 0, the file waits for
// confirmation again.
func (us *uploads) setImport(u *upload, importID int64) {
	us.mu.Lock()
	defer us.mu.Unlock()
	u.Import, u.Running = importID, importID != 0
	us.expire(u)
}

// finish records the outcome of an import and frees the memory of its rows.
func (us *uploads) finish(u *upload, faults []userfile.Fault, stopped bool) {
	us.mu.Lock()
	defer us.mu.Unlock()
	u.Running, u.Faults, u.Stopped = false, faults, stopped
	u.Rows, u.size = nil, 0
	us.expire(u)
}
