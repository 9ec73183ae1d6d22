package account

import "time"

// SignInDays is the number of days of sign-ins in an overview. Today is the last.
const SignInDays = 30

// Overview is the state of the server at a glance. A part that is hidden from the caller is nil.
type Overview struct {
	Users    *UserCounts     // needs the permission to read all users
	Locked   *LockedUsers    // needs the permission to read all users
	SignIns  []SignInDay     // [SignInDays] of them, oldest first; needs to read the whole activity log
	Mail     *MailCounts     // needs the permission to read the outbox
	Database *DatabaseHealth // needs the permission to read the application settings
}

// UserCounts counts users by their state.
type UserCounts struct {
	Total, Active, Inactive int
	MustChangePassword      int // before any other operation
}

// LockedUsers are the users whom failed sign-ins have locked out. They can sign in from networks
// that are known for them only.
type LockedUsers struct {
	Count int
	First []LockedUser // a limited number of them, the latest Until first
}

// LockedUser is a user who is locked out.
type LockedUser struct {
	ID    int64
	Name  string
	Email string
	Until time.Time // zero: until an administrator unlocks the account
}

// SignInInterval is the length of the interval that a [SignInCount] covers. The UTC offset of every
// time zone is a multiple of it.
const SignInInterval = 15 * time.Minute

// SignInCount counts the sign-ins of one [SignInInterval].
type SignInCount struct {
	Begin             time.Time
	Succeeded, Failed int
}

// SignInDay counts the sign-ins of one day in a time zone.
type SignInDay struct {
	// Date is the day at midnight UTC, whatever the zone, because some days in some zones have no
	// midnight.
	Date              time.Time
	Succeeded, Failed int
}

// MailCounts is the state of the outbox.
type MailCounts struct {
	Waiting   int       // not delivered yet
	Late      int       // the part of Waiting with a failed attempt
	Failed    int       // given up in the last week
	Oldest    time.Time // creation time of the oldest waiting message; zero: none
	LastError string    // of the newest late message, else of the last given-up one; "": none
}

// DatabaseHealth is the state of the database.
type DatabaseHealth struct {
	Engine      string // "sqlite" or "postgres"
	Bytes       int64  // size without the write-ahead log
	Schema      int64  // version
	ReadLatency time.Duration
	Refused     string // why the database refuses changes now, for people; "": it accepts them
}
