package service

import "testing"

// LimitStrangerCounters lowers the limit of the counters that anyone can create, until the test ends.
func LimitStrangerCounters(t *testing.T, limit int) {
	before := maxStrangerCounters
	maxStrangerCounters = limit
	t.Cleanup(func() { maxStrangerCounters = before })
}
