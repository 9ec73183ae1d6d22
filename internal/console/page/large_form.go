package page

import (
	"sync"
	"time"
)

// Limits of forms that upload a file. The whole form is in memory until its handler
// returns.
const (
	maxSmallForm  = 1 << 20 // bytes; forms up to this size are not limited in number
	maxLargeForms = 4
	largeFormWait = 10 * time.Second // until the client should retry
)

// largeForms limits the large forms that are read at once: maxLargeForms in all and one
// for each user, so that a slow upload can't block other users. Its zero value is empty.
type largeForms struct {
	mu     sync.Mutex
	byUser map[int64]bool
}

// acquire reports whether there is room for a large form of a user. If so, the caller
// must call release.
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
