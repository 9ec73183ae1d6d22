package client

import (
	"context"
	"net/http"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// LockoutPolicy says when failed sign-ins lock an account. Times are in seconds.
type LockoutPolicy struct {
	Enabled                bool `json:"enabled"`
	LockoutDuration        int  `json:"lockoutDuration"`        // of the first lock; 0: until it is lifted
	FailedAttemptThreshold int  `json:"failedAttemptThreshold"` // failures that lock; 1 to 50
	FailedAttemptPeriod    int  `json:"failedAttemptPeriod"`    // without a failure until they are forgotten; 0: never
}

// LockoutPolicyUpdate says what to change of a [LockoutPolicy]. Its zero value
// changes nothing.
type LockoutPolicyUpdate struct {
	Enabled                *bool
	LockoutDuration        *int
	FailedAttemptThreshold *int
	FailedAttemptPeriod    *int
}

// LockoutPolicy returns the policy.
func (c *Client) LockoutPolicy(ctx context.Context) (LockoutPolicy, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiLockoutPolicyGet(ctx)
	}, func(w wire.LockoutPolicy) LockoutPolicy {
		return LockoutPolicy{
			Enabled: w.Enabled, LockoutDuration: w.LockoutDuration,
			FailedAttemptThreshold: w.FailedAttemptThreshold, FailedAttemptPeriod: w.FailedAttemptPeriod,
		}
	})
}

// UpdateLockoutPolicy changes the policy. It holds for the next sign-in.
func (c *Client) UpdateLockoutPolicy(ctx context.Context, update LockoutPolicyUpdate) error {
	return perform(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiLockoutPolicyPatch(ctx, wire.LockoutPolicyUpdate{
			Enabled: update.Enabled, LockoutDuration: update.LockoutDuration,
			FailedAttemptThreshold: update.FailedAttemptThreshold, FailedAttemptPeriod: update.FailedAttemptPeriod,
		})
	})
}
