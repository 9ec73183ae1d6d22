package passhash

import "sync"

// admission limits the number of holders, in total and for each key. It never waits. It is safe
// for concurrent use.
type admission struct {
	limit, limitByKey int

	mu           sync.Mutex
	holders      int
	holdersByKey map[string]int
}

func newAdmission(limit, limitByKey int) *admission {
	return &admission{limit: limit, limitByKey: limitByKey, holdersByKey: map[string]int{}}
}

// enter adds a holder with the key. It reports false if a limit is reached. Call leave after
// enter has reported true.
func (a *admission) enter(key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.holders >= a.limit || a.holdersByKey[key] >= a.limitByKey {
		return false
	}
	a.holders++
	a.holdersByKey[key]++
	return true
}

// leave removes a holder that enter has added.
func (a *admission) leave(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.holders--
	if a.holdersByKey[key]--; a.holdersByKey[key] == 0 {
		delete(a.holdersByKey, key)
	}
}
