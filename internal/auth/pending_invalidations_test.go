package auth

import (
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// TestDoubtsEnd: a change is told of again ever more rarely, and then no more.
func TestDoubtsEnd(t *testing.T) {
	d, start := newPendingInvalidations(), time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	d.add([]account.AuthChange{{Kind: account.AuthUser, ID: 1}}, start)
	var told []time.Duration
	for after := time.Duration(0); after < time.Hour; after += RetryInterval {
		if len(d.due(start.Add(after))) > 0 {
			told = append(told, after/time.Second)
		}
	}
	if want := []time.Duration{1, 3, 7, 15, 31, 63, 127}; !slices.Equal(told, want) {
		t.Errorf("it is told of after %v seconds, want %v", told, want)
	}
	if len(d.next) > 0 {
		t.Error("it is remembered")
	}
}

// TestDoubtsAreBounded: of more than are remembered, one about everybody is told.
func TestDoubtsAreBounded(t *testing.T) {
	d, start := newPendingInvalidations(), time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	for id := range int64(maxPending + 10) {
		d.add([]account.AuthChange{{Kind: account.AuthUser, ID: id}}, start)
	}
	got := d.due(start.Add(RetryInterval))
	if len(got) != maxPending+1 || !slices.Contains(got, account.AuthChange{Kind: account.AuthSettings}) {
		t.Errorf("%d changes are told of", len(got))
	}
}
