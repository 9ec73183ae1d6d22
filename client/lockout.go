package client

import (
	"context"
	"net/http"
)

// LockoutPolicy returns the policy.
func (c *Client) LockoutPolicy(ctx context.Context) (LockoutPolicy, error) {
	return receive[LockoutPolicy](ctx, c, request{method: http.MethodGet, path: "api/lockout-policy"})
}

// UpdateLockoutPolicy changes the policy. It holds for the next sign-in.
func (c *Client) UpdateLockoutPolicy(ctx context.Context, update LockoutPolicyUpdate) error {
	return c.perform(ctx, request{method: http.MethodPatch, path: "api/lockout-policy", body: update})
}
