package service

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

const (
	// maxLockedUsers is the number of locked users that an overview lists at most.
	maxLockedUsers = 10
	// failedMailAge is the age up to which an overview counts messages that could not be
	// delivered.
	failedMailAge = 7 * 24 * time.Hour
	// countsTTL is how long the numbers of users and sign-ins are cached. To count, the
	// database reads every user and every sign-in of a month, so a count for every request
	// would overload it.
	countsTTL = 10 * time.Second
)

// Overview returns the parts of the overview that the caller may read.
//
// The sign-ins are grouped by days in zone. Sign-ins are counted from the activity log, so none are
// counted for a time when the log was switched off. The numbers of users and of sign-ins may be as
// old as countsTTL. Overview fails like [account.Allow] if the caller may read no part.
func (s *Service) Overview(
	ctx context.Context, caller *account.Principal, zone *time.Location,
) (account.Overview, error) {
	var o account.Overview
	now := s.now()
	parts := []struct {
		entity access.Entity
		read   func() error
	}{
		{entity: access.EntityUser, read: func() (err error) {
			if o.Users, err = s.userCounts.get(ctx, s.monotonic, s.store.CountUsers); err != nil {
				return err
			}
			o.Locked, err = s.lockedUsers(ctx, now)
			return err
		}},
		{entity: access.EntityActivityLog, read: func() (err error) {
			o.SignIns, err = s.signInDays(ctx, now, zone)
			return err
		}},
		{entity: access.EntityMail, read: func() error {
			counts, err := s.store.CountOutbox(ctx, now.Add(-failedMailAge))
			o.Mail = &counts
			return err
		}},
		{entity: access.EntityApplicationSettings, read: func() error {
			health, err := s.store.Health(ctx)
			o.Database = &health
			return err
		}},
	}
	var denied error
	allowed := false
	for _, part := range parts {
		if denied = account.Allow(caller, access.ActionRead, part.entity, access.All); denied != nil {
			continue
		}
		allowed = true
		if err := part.read(); err != nil {
			return account.Overview{}, err
		}
	}
	if !allowed {
		return account.Overview{}, denied
	}
	return o, nil
}

func (s *Service) lockedUsers(ctx context.Context, now time.Time) (*account.LockedUsers, error) {
	locked, err := s.store.LockedUsers(ctx, now, maxLockedUsers)
	for i, u := range locked.First {
		if !u.Until.Before(lockout.LockedIndefinitely) {
			locked.First[i].Until = time.Time{}
		}
	}
	return &locked, err
}

// signInDays returns the number of sign-ins for each of the last days in zone. It uses
// cached counts.
func (s *Service) signInDays(ctx context.Context, now time.Time, zone *time.Location) ([]account.SignInDay, error) {
	read := func(ctx context.Context) ([]account.SignInCount, error) {
		// The counts are cached for all time zones, so read one more day on each side.
		from := now.Truncate(account.SignInInterval).AddDate(0, 0, -account.SignInDays-1)
		return s.store.SignIns(ctx, from, now.AddDate(0, 0, 1))
	}
	counts, err := s.signInCounts.get(ctx, s.monotonic, read)
	if err != nil {
		return nil, err
	}
	return sumByDay(*counts, now, zone), nil
}

// sumByDay adds up the sign-ins of each of the last days in zone. A day can have 23 or 25
// hours, so it converts the time of each count to a date.
func sumByDay(counts []account.SignInCount, now time.Time, zone *time.Location) []account.SignInDay {
	days := make([]account.SignInDay, account.SignInDays)
	byDate := make(map[time.Time]*account.SignInDay, account.SignInDays)
	for i := range days {
		days[i].Date = dateIn(zone, now).AddDate(0, 0, i-account.SignInDays+1)
		byDate[days[i].Date] = &days[i]
	}
	for _, c := range counts {
		if day := byDate[dateIn(zone, c.Begin)]; day != nil {
			day.Succeeded += c.Succeeded
			day.Failed += c.Failed
		}
	}
	return days
}

// dateIn returns the date of t in zone. The date is the time at midnight UTC.
func dateIn(zone *time.Location, t time.Time) time.Time {
	year, month, day := t.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
