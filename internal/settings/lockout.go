package settings

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// LockoutUpdate changes the lockout policy. What is nil stays as it is.
type LockoutUpdate struct {
	Enabled   *bool // false ends account lockout, never the limit of a source
	Threshold *int
	Period    *time.Duration
	Duration  *time.Duration
}

// LockoutPolicy returns when failed sign-ins lock an account. It fails as [Allow]
// says.
func (s *Settings) LockoutPolicy(ctx context.Context, caller *account.Principal) (throttle.Policy, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityLockoutPolicy, access.All); err != nil {
		return throttle.Policy{}, err
	}
	return account.LoadLockoutPolicy(ctx, s.store)
}

// UpdateLockoutPolicy changes the policy. It holds for the next sign-in, on every
// node; locks that were set stay. It fails as [Allow] says, and with CodeInvalid.
func (s *Settings) UpdateLockoutPolicy(ctx context.Context, caller *account.Principal, up LockoutUpdate) error {
	permit, err := auth.Allowed(caller, access.ActionEdit, access.EntityLockoutPolicy, access.All)
	if err != nil {
		return err
	}
	if err := up.check(); err != nil {
		return err
	}
	_, err = update(ctx, s, lockoutGroup, change[throttle.Policy]{
		permit: permit,
		apply: func(_ context.Context, _ account.Tx, _ *account.Principal, was throttle.Policy) (throttle.Policy, []account.FieldChange, error) {
			return up.apply(was), nil, nil
		},
	})
	return err
}

// lockoutGroup describes the group of the lockout policy.
var lockoutGroup = group[throttle.Policy]{
	name: account.SettingLockout, target: account.Target{Kind: access.EntityLockoutPolicy},
	load: account.LoadLockoutPolicy, show: account.LoadLockoutPolicy, changes: lockoutChanges,
}

// apply returns the policy after the update.
func (up LockoutUpdate) apply(p throttle.Policy) throttle.Policy {
	account.SetIfPresent(&p.Enabled, up.Enabled)
	account.SetIfPresent(&p.Threshold, up.Threshold)
	account.SetIfPresent(&p.Period, up.Period)
	account.SetIfPresent(&p.Duration, up.Duration)
	return p
}

// lockoutChanges lists the fields that differ.
func lockoutChanges(now, was throttle.Policy) []account.FieldChange {
	var l account.ChangeList
	l.Add("enabled", was.Enabled, now.Enabled)
	l.Add("failedAttemptThreshold", was.Threshold, now.Threshold)
	l.Add("failedAttemptPeriod", int(was.Period.Seconds()), int(now.Period.Seconds()))
	l.Add("lockoutDuration", int(was.Duration.Seconds()), int(now.Duration.Seconds()))
	return l
}

func (up LockoutUpdate) check() error {
	var c account.Checker
	c.IntRange("/failedAttemptThreshold", up.Threshold, 1, maxThreshold)
	c.DurationRange("/failedAttemptPeriod", up.Period, 0, maxLockTime, "at most 365 days")
	c.DurationRange("/lockoutDuration", up.Duration, 0, maxLockTime, "at most 365 days")
	return c.Err()
}
