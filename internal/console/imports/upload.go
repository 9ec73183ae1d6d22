package imports

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// Limits of all files together that wait for confirmation or are being imported.
const (
	maxUploads     = 16
	maxUploadBytes = 64 << 20
	uploadTime     = 15 * time.Minute // how long a file waits, and how long its outcome is shown
	maxRunning     = 2
	rowOverhead    = 256 // approximate bytes of a row without its texts
)

// upload is a file of users that was checked. It waits for confirmation and then for the end
// of its import. Afterwards it keeps the outcome that is not in the database: the number of
// rows and the faults.
type upload struct {
	ID      string // random; the confirmation carries it, so that it imports the file that was shown
	Session int64  // the session that uploaded the file; no other may see it
	Name    string
	Rows    []userfile.Row
	Total   int // rows

	Import  int64 // id of the import; 0: waiting
	Running bool
	Faults  []userfile.Fault // the reason why the import was undone
	Stopped bool             // it failed and could neither be undone nor finished

	size  int // approximate bytes
	timer *time.Timer
}

// uploads holds files between the page that shows what an import will do and its
// confirmation.
//
// The files are in the memory of this server. They may contain passwords, so the page must
// not send them back to the browser. The database must not store them, either: a backup
// would contain them, and a crash would leave them there. A file that is lost with the
// server, or requested from another server, has changed nothing yet; the user chooses it
// again.
type uploads struct {
	mu    sync.Mutex
	all   []*upload
	slots chan struct{} // semaphore of the running imports
}

func newUploads() *uploads { return &uploads{slots: make(chan struct{}, maxRunning)} }

// add stores a file for uploadTime. It replaces the waiting file of the session. It reports
// whether there was room.
func (us *uploads) add(session int64, name string, rows []userfile.Row) bool {
	u := &upload{ID: rand.Text(), Session: session, Name: name, Rows: rows, Total: len(rows), size: sizeOf(rows)}
	us.mu.Lock()
	defer us.mu.Unlock()
	us.dropWhere(waitingOf(session))
	if len(us.all) == maxUploads { // the outcome of a complete import makes room
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

// expire drops a file after uploadTime, unless its import is running then.
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

// dropWhere drops the files for which f is true.
func (us *uploads) dropWhere(f func(*upload) bool) {
	us.all = slices.DeleteFunc(us.all, func(u *upload) bool {
		if f(u) {
			u.timer.Stop()
			return true
		}
		return false
	})
}

// waitingOf matches the waiting file of a session; there is at most one.
func waitingOf(session int64) func(*upload) bool {
	return func(u *upload) bool { return u.Session == session && u.Import == 0 && !u.Running }
}

// waiting returns a copy of the waiting file of a session.
func (us *uploads) waiting(session int64) (upload, bool) {
	return us.find(waitingOf(session))
}

// byImport returns a copy of the file of an import.
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

// claim marks a waiting file as running, so that it is imported once, even if the
// confirmation is sent again.
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

// setImport sets the import of a claimed file. With 0 the file waits again.
func (us *uploads) setImport(u *upload, importID int64) {
	us.mu.Lock()
	defer us.mu.Unlock()
	u.Import, u.Running = importID, importID != 0
	us.expire(u)
}

// finish records the outcome of an import and releases its rows.
func (us *uploads) finish(u *upload, faults []userfile.Fault, stopped bool) {
	us.mu.Lock()
	defer us.mu.Unlock()
	u.Running, u.Faults, u.Stopped = false, faults, stopped
	u.Rows, u.size = nil, 0
	us.expire(u)
}
