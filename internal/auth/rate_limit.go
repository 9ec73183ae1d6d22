package auth

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// The recorded changes of one user on this server: one a second, and up to changeBurst at once.
const (
	changeInterval = time.Second
	changeBurst    = 120
)

// maxLimitedUsers is the number of users that a [RateLimit] remembers. Each takes some 100 bytes.
// It forgets the user who was counted the longest ago; that user starts again with a full bucket.
const maxLimitedUsers = 10_000

// RateLimit limits how often each user does something on this server, with a token bucket for
// each user. The actions are counted after they happened, so concurrent ones pass together, but
// the user then waits for as many intervals. Its methods are safe for concurrent use.
type RateLimit struct {
	interval time.Duration // time in which a bucket gets one token
	burst    int           // tokens of a full bucket
	message  string        // message of the error for a user without tokens

	mu      sync.Mutex
	buckets *simplelru.LRU[int64, *rate.Limiter]
}

// NewRateLimit returns a limit of burst actions at once, and one in each interval after that.
// Callers without actions left get message.
func NewRateLimit(interval time.Duration, burst int, message string) *RateLimit {
	// NewLRU fails only for a size below 1.
	buckets, _ := simplelru.NewLRU[int64, *rate.Limiter](maxLimitedUsers, nil)
	return &RateLimit{interval: interval, burst: burst, message: message, buckets: buckets}
}

// Check fails with CodeTooManyRequests if the user has no actions left at the monotonic time now.
func (l *RateLimit) Check(userID int64, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket, known := l.buckets.Peek(userID)
	if !known {
		return nil
	}
	missing := 1 - bucket.TokensAt(now)
	if missing <= 0 {
		return nil
	}
	return &account.Error{
		Code: account.CodeTooManyRequests, Message: l.message,
		RetryAfter: time.Duration(missing * float64(l.interval)),
	}
}

// Count takes one token from the user's bucket, which may then have less than none.
func (l *RateLimit) Count(userID int64, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket, known := l.buckets.Get(userID)
	if !known {
		bucket = rate.NewLimiter(rate.Every(l.interval), l.burst)
		l.buckets.Add(userID, bucket)
	}
	bucket.ReserveN(now, 1)
}

// tooManyChanges is the message for a user without changes left.
const tooManyChanges = "You have made too many changes in a short time. Wait before you make more."

// hasUnlimitedChanges reports whether the caller's changes are not limited: those of
// administrators, and of callers who may create users or change all of them, such as imports.
func hasUnlimitedChanges(caller *account.Principal) bool {
	for _, action := range []access.Action{access.ActionCreate, access.ActionEdit, access.ActionEditAccess} {
		if caller.Access.Decide(action, access.EntityUser, access.All, caller.User.ID) == access.Granted {
			return true
		}
	}
	return false
}

// checkChanges fails with CodeTooManyRequests if the caller has no changes left.
func (s *Auth) checkChanges(caller *account.Principal) error {
	if hasUnlimitedChanges(caller) {
		return nil
	}
	return s.changes.Check(caller.User.ID, s.monotonic())
}

// countChange counts a recorded change of the caller.
func (s *Auth) countChange(caller *account.Principal) {
	if !hasUnlimitedChanges(caller) {
		s.changes.Count(caller.User.ID, s.monotonic())
	}
}

// recordingWriter notes in recorded whether the transaction records a change. Package audit
// inserts the entries of each change, or none of them while the activity log is off.
type recordingWriter struct {
	account.ActivityWriter
	recorded *bool
}

func (w recordingWriter) InsertActivity(ctx context.Context, entries ...account.Activity) error {
	*w.recorded = true
	return w.ActivityWriter.InsertActivity(ctx, entries...)
}
