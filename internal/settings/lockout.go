package settings

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
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
	if err := account.Allow(caller, access.ActionEdit, access.EntityLockoutPolicy, access.All); err != nil {
		return err
	}
	if err := up.check(); err != nil {
		return err
	}
	return s.updateSettingsAs(ctx, caller, account.SettingLockout, nil, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		if err := account.Allow(caller, access.ActionEdit, access.EntityLockoutPolicy, access.All); err != nil {
			return err
		}
		was, err := account.LoadLockoutPolicy(ctx, tx)
		if err != nil {
			return err
		}
		now := was
		account.SetIfPresent(&now.Enabled, up.Enabled)
		account.SetIfPresent(&now.Threshold, up.Threshold)
		account.SetIfPresent(&now.Period, up.Period)
		account.SetIfPresent(&now.Duration, up.Duration)
		if now == was {
			return nil
		}
		if err := account.SaveSettings(ctx, tx, account.SettingLockout, now); err != nil {
			return err
		}
		var l account.ChangeList
		l.Add("enabled", was.Enabled, now.Enabled)
		l.Add("failedAttemptThreshold", was.Threshold, now.Threshold)
		l.Add("failedAttemptPeriod", int(was.Period.Seconds()), int(now.Period.Seconds()))
		l.Add("lockoutDuration", int(was.Duration.Seconds()), int(now.Duration.Seconds()))
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionSettingsUpdate, Target: account.Target{Kind: access.EntityLockoutPolicy}, Changes: l})
	})
}

func (up LockoutUpdate) check() error {
	var c account.Checker
	c.IntRange("/failedAttemptThreshold", up.Threshold, 1, maxThreshold)
	c.DurationRange("/failedAttemptPeriod", up.Period, 0, maxLockTime, "at most 365 days")
	c.DurationRange("/lockoutDuration", up.Duration, 0, maxLockTime, "at most 365 days")
	return c.Err()
}
