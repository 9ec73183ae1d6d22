// Package bodylimit bounds the request bodies that a server reads: how much memory they take, in total and for each
// client network, and how slowly they may arrive.
//
// The size of a single body is not decided here. Each operation of the contract and each route of the console has its
// own limit.
package bodylimit

import (
	"sync"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

const (
	// FreeBytes is the size of the first part of each body, which is read even if no memory is left. The limits of
	// connections bound these parts, since a connection has one request at a time. So sign-ins, whose bodies are small,
	// succeed while others fill the memory.
	FreeBytes = 4 << 10

	// networkShare is the part of the memory that one client network can take, as a divisor.
	networkShare = 4

	// MinTotal is the smallest useful limit in bytes: a client network can then send the largest body, a file of 10 MiB.
	MinTotal = networkShare * 12 << 20

	// A body may take grace, and one second more for each bytesPerSecond that have arrived.
	grace          = 5 * time.Second
	bytesPerSecond = 1 << 10
	// maxDuration is how long a body may take at any rate.
	maxDuration = time.Minute

	retryAfter = 5 * time.Second // sent with a refusal for lack of memory
)

// Limiter counts the bytes of all request bodies in memory. It is safe for concurrent use.
type Limiter struct {
	total int64
	now   func() time.Time

	mu       sync.Mutex
	used     int64
	networks map[string]int64 // bytes by client network, without those that have none
}

// New returns a Limiter that allows total bytes, at least [MinTotal], of which a client network can take a quarter.
// The first [FreeBytes] of each body are not counted. now is the clock that rates are measured with.
func New(total int64, now func() time.Time) *Limiter {
	return &Limiter{total: max(total, MinTotal), now: now, networks: map[string]int64{}}
}

// Used returns the number of bytes that are counted now.
func (l *Limiter) Used() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used
}

// take counts n bytes for the network. It reports false, and counts nothing, if a limit leaves no room.
func (l *Limiter) take(network string, n int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used+n > l.total || l.networks[network]+n > l.total/networkShare {
		return false
	}
	l.used += n
	l.networks[network] += n
	return true
}

// give is the inverse of take.
func (l *Limiter) give(network string, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used -= n
	if l.networks[network] -= n; l.networks[network] == 0 {
		delete(l.networks, network)
	}
}

func tooSlow() error {
	return &account.Error{
		Code:    account.CodeTooSlow,
		Message: "The request arrived too slowly. Nothing was changed. Send it again.",
	}
}

func noRoom() error {
	return &account.Error{
		Code: account.CodeUnavailable, RetryAfter: retryAfter,
		Message: "Too much is being sent to the server at once. Nothing was changed.",
	}
}
