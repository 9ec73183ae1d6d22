package page

import (
	"sync"
	"time"
)

const (
	maxSmallForm = 1 << 20          // bytes; a larger form uploads a file
	uploadWait   = 10 * time.Second // after which a refused client should retry
)

// uploads has the users who upload a file. A user uploads one file at a time. The memory of uploads is counted by
// package bodylimit, as it arrives: a slow upload therefore keeps nobody else's out. The zero value is ready to use.
type uploads struct {
	mu     sync.Mutex
	byUser map[int64]bool
}

// begin reports whether the user may upload a file now. If it returns true, the caller must call end after the form was
// handled.
func (u *uploads) begin(user int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.byUser[user] {
		return false
	}
	if u.byUser == nil {
		u.byUser = map[int64]bool{}
	}
	u.byUser[user] = true
	return true
}

func (u *uploads) end(user int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.byUser, user)
}
