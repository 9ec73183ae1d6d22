package account

import "sync"

// crowd bounds how many sign-ins wait for one account, so that those cannot take
// all places of the hash queue. It is of this process alone, as the queue is.
type waiterLimit struct {
	mu      sync.Mutex
	waiting map[string]int
}

// join reports whether one more may wait at the key; it must leave again.
func (c *waiterLimit) join(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting[key] >= maxWaiting {
		return false
	}
	if c.waiting == nil {
		c.waiting = map[string]int{}
	}
	c.waiting[key]++
	return true
}

func (c *waiterLimit) leave(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting[key]--; c.waiting[key] == 0 {
		delete(c.waiting, key)
	}
}
