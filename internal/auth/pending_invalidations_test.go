package auth

import (
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// A change is inserted again at doubling delays, for about two minutes.
func TestRetriesEnd(t *testing.T) {
	pending, start := newPendingInvalidations(), time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	pending.add([]account.AuthChange{{Kind: account.AuthUser, ID: 1}}, start)
	var retries []time.Duration
	for after := time.Duration(0); after < time.Hour; after += RetryInterval {
		if len(pending.due(start.Add(after))) > 0 {
			retries = append(retries, after/time.Second)
		}
	}
	if want := []time.Duration{1, 3, 7, 15, 31, 63, 127}; !slices.Equal(retries, want) {
		t.Errorf("retries after %v seconds, want %v", retries, want)
	}
	if len(pending.next) > 0 {
		t.Error("the change is still pending")
	}
}

// One change that empties every cache stands for all changes beyond maxPending.
func TestPendingInvalidationsAreBounded(t *testing.T) {
	pending, start := newPendingInvalidations(), time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	for id := range int64(maxPending + 10) {
		pending.add([]account.AuthChange{{Kind: account.AuthUser, ID: id}}, start)
	}
	got := pending.due(start.Add(RetryInterval))
	if len(got) != maxPending+1 || !slices.Contains(got, account.AuthChange{Kind: account.AuthSettings}) {
		t.Errorf("%d changes are due, want %d with one for the settings", len(got), maxPending+1)
	}
}
