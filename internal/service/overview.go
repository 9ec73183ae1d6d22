package service

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

const (
	// maxLockedUsers limits the locked users that an overview lists.
	maxLockedUsers = 10
	// failedMailAge is how far an overview looks back for undelivered messages.
	failedMailAge = 7 * 24 * time.Hour
	// countsTTL is how old the numbers of users and sign-ins may be. A count reads every
	// user and every sign-in of a month, so repeated requests would overload the database.
	countsTTL = 10 * time.Second
)

// Overview returns the parts of the overview that the caller may see.
//
// Days are those of the zone. Only recorded sign-ins count, so there are none from a time
// when the activity log was switched off. The numbers of users and of sign-ins may be up
// to countsTTL old. It fails as [account.Allow] says for a caller who may see no part.
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

// signInDays returns the sign-ins of the last days of the zone, from cached counts.
func (s *Service) signInDays(ctx context.Context, now time.Time, zone *time.Location) ([]account.SignInDay, error) {
	read := func(ctx context.Context) ([]account.SignInCount, error) {
		// One more day on each side covers every zone.
		from := now.Truncate(account.SignInInterval).AddDate(0, 0, -account.SignInDays-1)
		return s.store.SignIns(ctx, from, now.AddDate(0, 0, 1))
	}
	counts, err := s.signInCounts.get(ctx, s.monotonic, read)
	if err != nil {
		return nil, err
	}
	return sumByDay(*counts, now, zone), nil
}

// sumByDay adds up the sign-ins of each of the last days of the zone. A day can have 23 or
// 25 hours, so it converts each time to its date instead of dividing by a day's length.
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

// dateIn returns the date of a time in a zone, as midnight UTC.
func dateIn(zone *time.Location, t time.Time) time.Time {
	year, month, day := t.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
