package service

import "testing"

// LimitStrangerRows lowers the limit of the rows that anyone can create, until the test ends.
func LimitStrangerRows(t *testing.T, limit int) {
	before := maxStrangerRows
	maxStrangerRows = limit
	t.Cleanup(func() { maxStrangerRows = before })
}
