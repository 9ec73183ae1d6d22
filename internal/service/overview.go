package service

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

const (
	overviewLocked = 10 // users who are locked

	failedMailAge = 7 * 24 * time.Hour

	// overviewAge is how old the numbers of users and sign-ins may be: to count
	// them, every user and every sign-in of a month is passed over, and whoever looks
	// again and again must not keep the database at it.
	overviewAge = 10 * time.Second
)

// Overview returns what of it the caller may see. Days are those of the zone; the
// sign-ins that were recorded count, so there are none of a time when the activity log was
// not kept. The numbers of users and of sign-ins may be 10 s old. It fails as [Allow] says for a
// caller who may see nothing.
func (s *Service) Overview(ctx context.Context, caller *account.Principal, zone *time.Location) (account.Overview, error) {
	var o account.Overview
	now := s.now()
	parts := []struct {
		entity access.Entity
		read   func() error
	}{
		{access.EntityUser, func() (err error) {
			if o.Users, err = s.userCounts.get(ctx, s.monotonic, s.store.CountUsers); err != nil {
				return err
			}
			o.Locked, err = s.lockedUsers(ctx, now)
			return err
		}},
		{access.EntityActivityLog, func() error {
			counts, err := s.signInCounts.get(ctx, s.monotonic, func(ctx context.Context) ([]account.SignInCount, error) {
				return s.store.SignIns(ctx, now.Truncate(account.SignInInterval).AddDate(0, 0, -account.SignInDays-1), now.AddDate(0, 0, 1))
			})
			if err == nil {
				o.SignIns = signInDays(*counts, now, zone)
			}
			return err
		}},
		{access.EntityMail, func() error {
			counts, err := s.store.CountOutbox(ctx, now.Add(-failedMailAge))
			o.Mail = &counts
			return err
		}},
		{access.EntityApplicationSettings, func() error {
			health, err := s.store.Health(ctx)
			o.Database = &health
			return err
		}},
	}
	var refused error
	seen := false
	for _, part := range parts {
		if refused = account.Allow(caller, access.ActionRead, part.entity, access.All); refused != nil {
			continue
		}
		seen = true
		if err := part.read(); err != nil {
			return account.Overview{}, err
		}
	}
	if !seen {
		return account.Overview{}, refused
	}
	return o, nil
}

func (s *Service) lockedUsers(ctx context.Context, now time.Time) (*account.LockedUsers, error) {
	locked, err := s.store.LockedUsers(ctx, now, overviewLocked)
	for i, u := range locked.First {
		if !u.Until.Before(throttle.LockedIndefinitely) {
			locked.First[i].Until = time.Time{}
		}
	}
	return &locked, err
}

// signInDays sums up what belongs to each of the last days of the zone. A day may have 23
// hours, or 25, so nothing is taken for its length: each time says of which it is.
func signInDays(counts []account.SignInCount, now time.Time, zone *time.Location) []account.SignInDay {
	days := make([]account.SignInDay, account.SignInDays)
	at := make(map[time.Time]*account.SignInDay, account.SignInDays)
	for i := range days {
		days[i].Date = dateIn(zone, now).AddDate(0, 0, i-account.SignInDays+1)
		at[days[i].Date] = &days[i]
	}
	for _, c := range counts {
		if day := at[dateIn(zone, c.Begin)]; day != nil {
			day.Succeeded += c.Succeeded
			day.Failed += c.Failed
		}
	}
	return days
}

// dateIn returns the date that a time has in a zone, at midnight of UTC.
func dateIn(zone *time.Location, t time.Time) time.Time {
	year, month, day := t.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
