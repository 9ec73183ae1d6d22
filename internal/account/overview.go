package account

import (
	"time"
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
)
