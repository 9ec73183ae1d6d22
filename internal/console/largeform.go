package console

import (
	"sync"
	"time"
)

// Limits of the forms that bring a file. Each is in memory, all of it, until its page
// is done with it.
const (
	maxSmallForm  = 1 << 20 // bytes; of these there may be any number
	maxLargeForms = 4
	largeFormWait = 10 * time.Second // until one should try again
)

// largeForms lets few large forms in at once, and one of each user, so that nobody
// keeps the others out by sending slowly. Its zero value is empty.
type largeForms struct {
	mu sync.Mutex
	of map[int64]bool // by user
}

// enter reports whether there is room for a form of a user. Who enters has to leave.
func (l *largeForms) enter(user int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[user] || len(l.of) == maxLargeForms {
		return false
	}
	if l.of == nil {
		l.of = map[int64]bool{}
	}
	l.of[user] = true
	return true
}

func (l *largeForms) leave(user int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.of, user)
}
