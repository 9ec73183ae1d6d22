package settings

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// Limits of the lockout policy, as in the contract.
const (
	maxThreshold = 50 // failed sign-ins
	maxLockTime  = 365 * 24 * time.Hour
)

// LockoutUpdate changes the lockout policy. A nil field keeps its value.
type LockoutUpdate struct {
	Enabled   *bool // false turns off the locking of accounts, but not the limit of each client network
	Threshold *int
	Period    *time.Duration
	Duration  *time.Duration
}

// LockoutPolicy returns the policy that tells when failed sign-ins lock an account. It fails as
// [account.Allow] does.
func (s *Settings) LockoutPolicy(ctx context.Context, caller *account.Principal) (lockout.Policy, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityLockoutPolicy, access.All); err != nil {
		return lockout.Policy{}, err
	}
	return account.LoadLockoutPolicy(ctx, s.store)
}

// UpdateLockoutPolicy changes the lockout policy. The new policy applies to the next sign-in on
// every node. Accounts that are locked stay locked. It fails as [account.Allow] does, and with
// CodeInvalid.
func (s *Settings) UpdateLockoutPolicy(ctx context.Context, caller *account.Principal, up LockoutUpdate) error {
	permit, err := auth.Allowed(caller, access.ActionEdit, access.EntityLockoutPolicy, access.All)
	if err != nil {
		return err
	}
	if err := up.check(); err != nil {
		return err
	}
	_, err = update(ctx, s, lockoutGroup(), change[lockout.Policy]{
		permit: permit,
		apply: func(
			_ context.Context, _ *account.Tx, _ *account.Principal, was lockout.Policy,
		) (lockout.Policy, []account.FieldChange, error) {
			return up.apply(was), nil, nil
		},
	})
	return err
}

// lockoutGroup returns the description of the group of settings with the lockout policy.
func lockoutGroup() group[lockout.Policy] {
	return group[lockout.Policy]{
		name: account.SettingLockout, target: account.Target{Kind: access.EntityLockoutPolicy},
		load: account.LoadLockoutPolicy, show: account.LoadLockoutPolicy, changes: lockoutChanges,
	}
}

// check fails with CodeInvalid for a field that is out of range.
func (up LockoutUpdate) check() error {
	var c account.Checker
	c.IntRange("/failedAttemptThreshold", up.Threshold, 1, maxThreshold)
	c.DurationRange("/failedAttemptPeriod", up.Period, 0, maxLockTime, "at most 365 days")
	c.DurationRange("/lockoutDuration", up.Duration, 0, maxLockTime, "at most 365 days")
	return c.Err()
}

// apply returns p with the update applied.
func (up LockoutUpdate) apply(p lockout.Policy) lockout.Policy {
	account.SetIfPresent(&p.Enabled, up.Enabled)
	account.SetIfPresent(&p.Threshold, up.Threshold)
	account.SetIfPresent(&p.Period, up.Period)
	account.SetIfPresent(&p.Duration, up.Duration)
	return p
}

// lockoutChanges lists the changed fields for the activity log.
func lockoutChanges(now, was lockout.Policy) []account.FieldChange {
	var l account.ChangeList
	l.Add("enabled", was.Enabled, now.Enabled)
	l.Add("failedAttemptThreshold", was.Threshold, now.Threshold)
	l.Add("failedAttemptPeriod", int(was.Period.Seconds()), int(now.Period.Seconds()))
	l.Add("lockoutDuration", int(was.Duration.Seconds()), int(now.Duration.Seconds()))
	return l
}
