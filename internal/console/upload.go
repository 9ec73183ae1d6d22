package console

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// Limits of the files that wait to be imported, or are being imported, all together.
const (
	maxUploads     = 16
	maxUploadBytes = 64 << 20
	uploadTime     = 15 * time.Minute // for which a file waits, and an outcome is told
	importsAtOnce  = 2
	rowOverhead    = 256 // bytes that a row takes beside its texts, about
)

// upload is a file of users that was checked. It waits for its importer to say that he
// wants it, and then for the end of the import, of which it keeps what is not in the
// database: how many there are in all, and what was wrong.
type upload struct {
	ID      string // random; who imports it says it, so that nobody imports another than he saw
	Session int64  // that brought it, and alone may see it
	Name    string
	Rows    []userfile.Row
	Total   int // rows

	Import  int64 // 0: it waits
	Running bool
	Faults  []userfile.Fault // that undid the import
	Stopped bool             // it failed, and could not be undone or finished either

	size  int // bytes, about
	timer *time.Timer
}

// uploads is where files are between the page that shows what would be done and the
// button that does it.
//
// They are in the memory of this server. They may hold passwords, so they cannot go
// back to the browser with the page, and must not lie in the database: there a backup
// would have them, and a crash would leave them. What is lost with the server, or asked
// of another one, is a file that has done nothing yet; the page asks for it again.
type uploads struct {
	mu    sync.Mutex
	all   []*upload
	slots chan struct{} // has one for each import that runs
}

func newUploads() *uploads { return &uploads{slots: make(chan struct{}, importsAtOnce)} }

// keep keeps a file for a while, in place of one that the session has waiting. It
// reports whether there was room.
func (us *uploads) keep(session int64, name string, rows []userfile.Row) bool {
	u := &upload{ID: rand.Text(), Session: session, Name: name, Rows: rows, Total: len(rows), size: sizeOf(rows)}
	us.mu.Lock()
	defer us.mu.Unlock()
	us.dropWhere(waitingOf(session))
	if len(us.all) == maxUploads { // outcomes make room for files
		if i := slices.IndexFunc(us.all, func(u *upload) bool { return u.Import != 0 && !u.Running }); i >= 0 {
			over := us.all[i]
			us.dropWhere(func(u *upload) bool { return u == over })
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

// sizeOf returns about how many bytes of memory rows take.
func sizeOf(rows []userfile.Row) int {
	size := 0
	for _, r := range rows {
		size += rowOverhead + len(r.Name) + len(r.Email) + len(r.Password.Reveal()) + len(r.PasswordHash.Reveal())
		for _, text := range []*string{r.Surname, r.Department, r.Biography} {
			if text != nil {
				size += len(*text)
			}
		}
	}
	return size
}

// expire drops a file after a while, unless it is running then.
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

func (us *uploads) dropWhere(f func(*upload) bool) {
	us.all = slices.DeleteFunc(us.all, func(u *upload) bool {
		if f(u) {
			u.timer.Stop()
			return true
		}
		return false
	})
}

// waitingOf finds the file that a session has waiting; there is one at most.
func waitingOf(session int64) func(*upload) bool {
	return func(u *upload) bool { return u.Session == session && u.Import == 0 && !u.Running }
}

// waiting returns a copy of the file that a session has waiting.
func (us *uploads) waiting(session int64) (upload, bool) {
	return us.find(waitingOf(session))
}

// of returns a copy of the file of an import.
func (us *uploads) of(importID int64) (upload, bool) {
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

// discard drops the file that a session has waiting.
func (us *uploads) discard(session int64) {
	us.mu.Lock()
	defer us.mu.Unlock()
	us.dropWhere(waitingOf(session))
}

// take marks a waiting file as running, so that it is imported once, however often
// somebody presses the button.
func (us *uploads) take(session int64, id string) (*upload, bool) {
	us.mu.Lock()
	defer us.mu.Unlock()
	i := slices.IndexFunc(us.all, waitingOf(session))
	if i < 0 || us.all[i].ID != id {
		return nil, false
	}
	us.all[i].Running = true
	return us.all[i], true
}

// begun notes which import a file has become; 0: none, so it waits again.
func (us *uploads) begun(u *upload, importID int64) {
	us.mu.Lock()
	defer us.mu.Unlock()
	u.Import, u.Running = importID, importID != 0
	us.expire(u)
}

// end notes how an import ended, and lets go of its file.
func (us *uploads) end(u *upload, faults []userfile.Fault, stopped bool) {
	us.mu.Lock()
	defer us.mu.Unlock()
	u.Running, u.Faults, u.Stopped = false, faults, stopped
	u.Rows, u.size = nil, 0
	us.expire(u)
}
