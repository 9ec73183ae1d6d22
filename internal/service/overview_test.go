package service_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// overviewOf returns the overview for the caller, with days in UTC.
func overviewOf(f *servicetest.Fixture, caller *account.Principal) account.Overview {
	f.T.Helper()
	return servicetest.Must(f.Overview(f.T.Context(), caller, time.UTC))
}

// The overview has a section only if the caller may read all objects that the section counts.
func TestOverviewNeedsPermission(t *testing.T) {
	f := servicetest.New(t)
	for i, test := range []struct {
		permissions []access.Permission
		want        string // names of the sections; "" if the call fails
	}{
		{servicetest.Permissions("user:read"), "users locked"},
		{servicetest.Permissions("activity-log:read"), "sign-ins"},
		{servicetest.Permissions("mail:read"), "mail"},
		{servicetest.Permissions("application-settings:read"), "database"},
		{
			[]access.Permission{servicetest.Permit("user:read", 1, 2), servicetest.Permit("mail:read")}, "mail",
		},
		{
			[]access.Permission{
				servicetest.Permit("user:read", 1, 2), servicetest.PermitSelf("activity-log:read"),
			}, "",
		},
		{nil, ""},
	} {
		email := fmt.Sprintf("u%d@example.org", i)
		f.AddUser(email, f.AddRole(test.permissions...))
		o, err := f.Overview(t.Context(), f.As(email), time.UTC)
		if test.want == "" {
			servicetest.WantCode(t, err, account.CodeForbidden)
			continue
		}
		servicetest.WantCode(t, err, "")
		if got := sectionNames(o); got != test.want {
			t.Errorf("with %v the sections are %q, want %q", test.permissions, got, test.want)
		}
	}
	if got := sectionNames(overviewOf(f, f.Admin())); got != "users locked sign-ins mail database" {
		t.Errorf("the sections of an administrator are %q", got)
	}
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		return tx.SetPassword(ctx, 1, f.PasswordHash, true, f.Clock.Now())
	})
	_, err := f.Overview(t.Context(), f.Admin(), time.UTC)
	servicetest.WantCode(t, err, account.CodePasswordChangeRequired)
}

// sectionNames returns the names of the sections in an overview.
func sectionNames(o account.Overview) string {
	var names []string
	for _, section := range []struct {
		name    string
		present bool
	}{
		{"users", o.Users != nil}, {"locked", o.Locked != nil}, {"sign-ins", o.SignIns != nil},
		{"mail", o.Mail != nil}, {"database", o.Database != nil},
	} {
		if section.present {
			names = append(names, section.name)
		}
	}
	return strings.Join(names, " ")
}

// The overview counts users by state. A cached count is ten seconds old at most.
func TestOverviewCountsUsers(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ada@example.org")
	f.StoreUser(account.User{Email: "bob@example.org", RoleIDs: access.DefaultRoles})
	f.StoreUser(account.User{
		Email: "eve@example.org", Active: true, NeedPasswordReset: true, RoleIDs: access.DefaultRoles,
	})
	admin := f.Admin()
	want := account.UserCounts{Total: 4, Active: 3, Inactive: 1, MustChangePassword: 1}
	if got := *overviewOf(f, admin).Users; got != want {
		t.Errorf("the counts are %+v, want %+v", got, want)
	}
	f.AddUser("late@example.org")
	f.Clock.Advance(9 * time.Second)
	if got := *overviewOf(f, admin).Users; got != want {
		t.Errorf("the users were counted again too early: %+v", got)
	}
	f.Clock.Advance(time.Second)
	if got := overviewOf(f, admin).Users.Total; got != 5 {
		t.Errorf("ten seconds later there are %d users, want 5", got)
	}
}

// The overview lists locked users, the longest lock first.
func TestOverviewShowsLockedUsers(t *testing.T) {
	f := servicetest.New(t)
	var want []string
	for i := range 12 {
		email := fmt.Sprintf("u%02d@example.org", i)
		lockUntil(f, f.AddUser(email), f.Clock.Now().Add(time.Duration(100-i)*time.Minute))
		want = append(want, email)
	}
	last := f.AddUser("never@example.org")
	lockUntil(f, last, lockout.LockedIndefinitely)
	want = append([]string{"never@example.org"}, want...)
	admin := f.Admin()
	locked := overviewOf(f, admin).Locked
	var got []string
	for _, u := range locked.First {
		got = append(got, u.Email)
	}
	if locked.Count != 13 || !slices.Equal(got, want[:10]) {
		t.Errorf("%d users are locked, first %q; want 13, first %q", locked.Count, got, want[:10])
	}
	if first := locked.First[0]; first.ID != last || first.Name != "never" || !first.Until.IsZero() {
		t.Errorf("the first is %+v", first)
	}
	if until := locked.First[1].Until; !until.Equal(f.Clock.Now().Add(100 * time.Minute)) {
		t.Errorf("the second is locked until %s", until)
	}

	// An expired lock is not counted any more. After an unlock the next overview is correct.
	f.Clock.Advance(89 * time.Minute)
	if got := overviewOf(f, admin).Locked.Count; got != 12 {
		t.Errorf("after one lock has expired, %d users are locked, want 12", got)
	}
	if err := f.UpdateUserAsAdmin(last, account.UserUpdate{Unlock: true}); err != nil {
		t.Fatal(err)
	}
	if locked := overviewOf(f, admin).Locked; locked.Count != 11 || locked.First[0].Email != "u00@example.org" {
		t.Errorf("after an unlock the locked users are %+v", locked)
	}
}

// lockUntil locks a user directly in the database.
func lockUntil(f *servicetest.Fixture, id int64, until time.Time) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		counter, err := tx.LockThrottle(ctx, lockout.SignInKey(lockout.UserSubject(id), "x", false))
		if err != nil {
			return err
		}
		counter.LockedUntil, counter.LastFailure = until, f.Clock.Now()
		return tx.SaveThrottle(ctx, counter)
	})
}

// The overview counts the failed sign-ins of the last minute, which are not in the activity log
// yet, and those in the log.
func TestOverviewCountsSignIns(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ada@example.org")
	admin := f.Admin()
	for range 2 {
		_, _ = f.SignInFrom("ada@example.org", servicetest.WrongPassword, servicetest.ClientNetwork(1))
	}
	_, _ = f.SignInFrom("nobody@example.org", servicetest.WrongPassword, servicetest.ClientNetwork(2))
	for name, merge := range map[string]bool{"of this minute": false, "in the log": true} {
		if merge {
			f.Clock.Advance(time.Minute)
			f.Seal()
		}
		days := overviewOf(f, admin).SignIns
		if len(days) != account.SignInDays {
			t.Fatalf("there are %d days, want %d", len(days), account.SignInDays)
		}
		today := account.SignInDay{Date: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC), Succeeded: 1, Failed: 3}
		if got := days[account.SignInDays-1]; got != today {
			t.Errorf("%s: today is %+v, want %+v", name, got, today)
		}
		if got := days[0]; got != (account.SignInDay{Date: today.Date.AddDate(0, 0, -29)}) {
			t.Errorf("%s: the first day is %+v", name, got)
		}
	}
}

// Days begin and end by the time zone. Some days have 23 or 25 hours, and some have no midnight.
func TestOverviewDaysFollowTimeZone(t *testing.T) {
	for _, test := range []struct {
		zone      string
		now       string
		at        []string       // times of sign-ins
		want      map[string]int // number of sign-ins by day
		firstDate string
	}{
		{"UTC", "2027-03-30T12:00:00Z",
			[]string{"2027-03-28T23:59:59Z", "2027-03-29T00:00:00Z", "2027-02-28T23:59:59Z", "2027-03-01T00:00:00Z"},
			map[string]int{"2027-03-28": 1, "2027-03-29": 1, "2027-03-01": 1}, "2027-03-01"},
		// In Berlin, 28 March 2027 has 23 hours, from 23:00 to 22:00 UTC.
		{"Europe/Berlin", "2027-04-01T12:00:00Z",
			[]string{"2027-03-27T22:59:59Z", "2027-03-27T23:00:00Z", "2027-03-28T21:59:59Z", "2027-03-28T22:00:00Z"},
			map[string]int{"2027-03-27": 1, "2027-03-28": 2, "2027-03-29": 1}, "2027-03-03"},
		// In Berlin, 31 October 2027 has 25 hours, from 22:00 to 23:00 UTC.
		{"Europe/Berlin", "2027-11-05T12:00:00Z",
			[]string{"2027-10-30T21:59:59Z", "2027-10-30T22:00:00Z", "2027-10-31T22:59:59Z", "2027-10-31T23:00:00Z"},
			map[string]int{"2027-10-30": 1, "2027-10-31": 2, "2027-11-01": 1}, "2027-10-07"},
		// In Chile the clocks go from 24:00 on 4 September 2027 to 1:00, so 5 September has no
		// midnight.
		{"America/Santiago", "2027-09-10T12:00:00Z",
			[]string{"2027-09-05T03:59:59Z", "2027-09-05T04:00:00Z", "2027-09-06T02:59:59Z", "2027-09-06T03:00:00Z"},
			map[string]int{"2027-09-04": 1, "2027-09-05": 2, "2027-09-06": 1}, "2027-08-12"},
		// The offset is 5:45 hours. The overview begins on 1 March, so the sign-in one second
		// earlier does not count.
		{"Asia/Kathmandu", "2027-03-30T18:14:00Z",
			[]string{"2027-02-28T18:14:59Z", "2027-02-28T18:15:00Z", "2027-03-29T18:14:59Z", "2027-03-29T18:15:00Z"},
			map[string]int{"2027-03-01": 1, "2027-03-29": 1, "2027-03-30": 1}, "2027-03-01"},
		// In Kiritimati it is already the next day.
		{
			"Pacific/Kiritimati", "2027-03-30T12:00:00Z",
			[]string{"2027-03-30T11:00:00Z"}, map[string]int{"2027-03-31": 1}, "2027-03-02",
		},
	} {
		t.Run(test.zone+" "+test.now, func(t *testing.T) {
			zone := servicetest.Must(time.LoadLocation(test.zone))
			f := servicetest.New(t)
			admin := f.Admin()
			f.Clock.Advance(servicetest.Must(time.Parse(time.RFC3339, test.now)).Sub(f.Clock.Now()))
			f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
				var entries []account.Activity
				for _, at := range test.at {
					entries = append(entries, account.Activity{
						At:    servicetest.Must(time.Parse(time.RFC3339, at)),
						Event: account.Event{Action: account.ActionSignInFailed}, Count: 1,
					})
				}
				return tx.InsertActivity(ctx, entries...)
			})
			days := servicetest.Must(f.Overview(t.Context(), admin, zone)).SignIns
			for i, day := range days {
				if i > 0 && !day.Date.Equal(days[i-1].Date.AddDate(0, 0, 1)) {
					t.Errorf("%s comes after %s", day.Date, days[i-1].Date)
				}
				if date := day.Date.Format(time.DateOnly); day.Failed != test.want[date] {
					t.Errorf("on %s there were %d failed sign-ins, want %d", date, day.Failed, test.want[date])
				}
			}
			if got := days[0].Date.Format(time.DateOnly); got != test.firstDate || len(days) != account.SignInDays {
				t.Errorf("there are %d days from %s, want %d from %s", len(days), got, account.SignInDays, test.firstDate)
			}
		})
	}
}

// The overview shows waiting messages, messages that failed in the last week, and the state of the
// database.
func TestOverviewShowsMailAndDatabase(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	if got := *overviewOf(f, admin).Mail; got != (account.MailCounts{}) {
		t.Errorf("without a message the counts are %+v", got)
	}
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		const week = 7 * 24 * time.Hour
		for cause, age := range map[string]time.Duration{
			"a week ago": week, "lately": time.Hour, "too long ago": week + time.Microsecond,
		} {
			m := account.Mail{
				Kind: account.MailRecovery, State: account.MailFailed, UserID: 1, Finished: f.Clock.Now().Add(-age),
				LastError: cause,
			}
			if _, err := tx.InsertMail(ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if got, want := *overviewOf(f, admin).Mail, (account.MailCounts{Failed: 2, LastError: "lately"}); got != want {
		t.Errorf("the counts are %+v, want %+v", got, want)
	}
	if d := overviewOf(f, admin).Database; d.Bytes < 1 || d.Schema < 4 || d.ReadLatency <= 0 || d.Refused != "" {
		t.Errorf("the database is %+v", d)
	}
}
