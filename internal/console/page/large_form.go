package page

import (
	"sync"
	"time"
)

// Limits of forms that upload a file. A form stays in memory until its handler returns.
const (
	maxSmallForm  = 1 << 20 // bytes; forms up to this size are not counted
	maxLargeForms = 4
	largeFormWait = 10 * time.Second // how long a refused client should wait before it retries
)

// largeForms counts the large forms that are being read. It allows maxLargeForms in all and one per
// user, so that a user with slow uploads can't block the other users. The zero value is ready to
// use.
type largeForms struct {
	mu     sync.Mutex
	byUser map[int64]bool
}

// acquire reports whether a large form of the user may be read now. If it returns true, the caller
// must call release after the form was handled.
func (l *largeForms) acquire(user int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byUser[user] || len(l.byUser) == maxLargeForms {
		return false
	}
	if l.byUser == nil {
		l.byUser = map[int64]bool{}
	}
	l.byUser[user] = true
	return true
}

func (l *largeForms) release(user int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.byUser, user)
}
