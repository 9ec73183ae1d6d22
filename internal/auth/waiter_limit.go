package auth

import "sync"

// waiterLimit limits the sign-ins of this process that wait for one account to maxWaiting. Each
// holds a hash slot, so more of them could fill the hash queue. The zero value is ready for use.
type waiterLimit struct {
	mu      sync.Mutex
	waiting map[string]int
}

// join adds a waiter for the account with this key. It reports false when maxWaiting attempts
// wait already. Call leave after join has reported true.
func (l *waiterLimit) join(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[key] >= maxWaiting {
		return false
	}
	if l.waiting == nil {
		l.waiting = map[string]int{}
	}
	l.waiting[key]++
	return true
}

// leave removes a waiter that join added.
func (l *waiterLimit) leave(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[key]--; l.waiting[key] == 0 {
		delete(l.waiting, key)
	}
}
