package account

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
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
func (s *Service) LockoutPolicy(ctx context.Context, caller *Principal) (throttle.Policy, error) {
	if err := Allow(caller, access.ActionRead, access.EntityLockoutPolicy, access.All); err != nil {
		return throttle.Policy{}, err
	}
	return loadLockoutPolicy(ctx, s.store)
}

// UpdateLockoutPolicy changes the policy. It holds for the next sign-in, on every
// node; locks that were set stay. It fails as [Allow] says, and with CodeInvalid.
func (s *Service) UpdateLockoutPolicy(ctx context.Context, caller *Principal, up LockoutUpdate) error {
	if err := Allow(caller, access.ActionEdit, access.EntityLockoutPolicy, access.All); err != nil {
		return err
	}
	if err := up.check(); err != nil {
		return err
	}
	return s.updateSettingsAs(ctx, caller, settingLockout, nil, func(ctx context.Context, tx Tx, caller *Principal) error {
		if err := Allow(caller, access.ActionEdit, access.EntityLockoutPolicy, access.All); err != nil {
			return err
		}
		was, err := loadLockoutPolicy(ctx, tx)
		if err != nil {
			return err
		}
		now := was
		setIfPresent(&now.Enabled, up.Enabled)
		setIfPresent(&now.Threshold, up.Threshold)
		setIfPresent(&now.Period, up.Period)
		setIfPresent(&now.Duration, up.Duration)
		if now == was {
			return nil
		}
		if err := saveSettings(ctx, tx, settingLockout, now); err != nil {
			return err
		}
		var l changeList
		l.add("enabled", was.Enabled, now.Enabled)
		l.add("failedAttemptThreshold", was.Threshold, now.Threshold)
		l.add("failedAttemptPeriod", int(was.Period.Seconds()), int(now.Period.Seconds()))
		l.add("lockoutDuration", int(was.Duration.Seconds()), int(now.Duration.Seconds()))
		return s.record(ctx, tx, caller, Event{ActionSettingsUpdate, Target{Kind: access.EntityLockoutPolicy}, l})
	})
}

func (up LockoutUpdate) check() error {
	var c checker
	c.intRange("/failedAttemptThreshold", up.Threshold, 1, maxThreshold)
	c.durationRange("/failedAttemptPeriod", up.Period, 0, maxLockTime, "at most 365 days")
	c.durationRange("/lockoutDuration", up.Duration, 0, maxLockTime, "at most 365 days")
	return c.err()
}
