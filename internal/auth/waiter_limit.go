package auth

import "sync"

// waiterLimit bounds how many sign-ins of this process wait for one account, so that
// they cannot fill the hash queue. Its zero value is ready for use.
type waiterLimit struct {
	mu      sync.Mutex
	waiting map[string]int
}

// join adds a waiter and reports whether there was room for it. Call leave afterwards.
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

// leave removes a waiter that joined.
func (l *waiterLimit) leave(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[key]--; l.waiting[key] == 0 {
		delete(l.waiting, key)
	}
}
