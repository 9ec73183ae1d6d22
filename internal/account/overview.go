package account

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// Overview is what an administrator looks at first. What the caller may not see is
// nil.
type Overview struct {
	Users    *UserCounts     // for who may read all users
	Locked   *LockedUsers    // likewise
	SignIns  []SignInDay     // for who may read all of the activity log: [SignInDays] of them, the oldest first
	Mail     *MailCounts     // for who may read the outbox
	Database *DatabaseHealth // for who may read the application settings
}

// UserCounts counts users by their state.
type UserCounts struct {
	Total, Active, Inactive int
	MustChangePassword      int // before they do anything else
}

// LockedUsers are those who cannot sign in from sources that are new to them, since
// too many tries have failed.
type LockedUsers struct {
	Count int
	First []LockedUser // some of them, those who are locked longest first
}

// LockedUser is one of them.
type LockedUser struct {
	ID    int64
	Name  string
	Email string
	Until time.Time // zero: until somebody unlocks the account
}

// SignInCount counts the sign-ins of a quarter of an hour.
type SignInCount struct {
	Begin             time.Time
	Succeeded, Failed int
}

// SignInUnit is the time of a [SignInCount]. Every zone is so many of these from UTC.
const SignInUnit = 15 * time.Minute

// SignInDay counts the sign-ins of a day in somebody's zone.
type SignInDay struct {
	// Date is the day at midnight of UTC, whatever the zone: there are days
	// without a midnight.
	Date              time.Time
	Succeeded, Failed int
}

// MailCounts says how the outbox is.
type MailCounts struct {
	Waiting   int       // to be delivered
	Late      int       // of these, that could not be delivered so far
	Failed    int       // given up in the last week
	Oldest    time.Time // since when the first of those that wait does; zero: none waits
	LastError string    // of the newest that is late, else of the one that was given up last; "": none
}

// DatabaseHealth says how the database is.
type DatabaseHealth struct {
	Engine   string // "sqlite" or "postgres"
	Bytes    int64  // that it takes, without its write-ahead log
	Schema   int64  // version
	ReadTook time.Duration
	Refused  string // why changes are refused just now, for people; "": they are not
}

const (
	// SignInDays is how many days of sign-ins an overview has; today is the last.
	SignInDays = 30

	overviewLocked = 10 // users who are locked
	failedMailAge  = 7 * 24 * time.Hour

	// overviewAge is how old the numbers of users and sign-ins may be: to count
	// them, every user and every sign-in of a month is passed over, and whoever looks
	// again and again must not keep the database at it.
	overviewAge = 10 * time.Second
)

// Overview returns what of it the caller may see. Days are those of the zone; the
// sign-ins that were recorded count, so there are none of a time when the activity log was
// not kept. The numbers of users and of sign-ins may be 10 s old. It fails as [Allow] says for a
// caller who may see nothing.
func (s *Service) Overview(ctx context.Context, caller *Principal, zone *time.Location) (Overview, error) {
	var o Overview
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
			counts, err := s.signInCounts.get(ctx, s.monotonic, func(ctx context.Context) ([]SignInCount, error) {
				return s.store.SignIns(ctx, now.Truncate(SignInUnit).AddDate(0, 0, -SignInDays-1), now.AddDate(0, 0, 1))
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
		if refused = Allow(caller, access.ActionRead, part.entity, access.All); refused != nil {
			continue
		}
		seen = true
		if err := part.read(); err != nil {
			return Overview{}, err
		}
	}
	if !seen {
		return Overview{}, refused
	}
	return o, nil
}

func (s *Service) lockedUsers(ctx context.Context, now time.Time) (*LockedUsers, error) {
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
func signInDays(counts []SignInCount, now time.Time, zone *time.Location) []SignInDay {
	days := make([]SignInDay, SignInDays)
	at := make(map[time.Time]*SignInDay, SignInDays)
	for i := range days {
		days[i].Date = dateIn(zone, now).AddDate(0, 0, i-SignInDays+1)
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
