package account

import "time"

// SignInDays is the number of days in [Overview.SignIns]. The last one is today.
const SignInDays = 30

// Overview summarizes the state of the server. A part is nil when the caller lacks the permission
// that its comment names.
type Overview struct {
	Users    *UserCounts     // permission to read all users
	Locked   *LockedUsers    // permission to read all users
	SignIns  []SignInDay     // one for each day, oldest first; permission to read the whole activity log
	Mail     *MailCounts     // permission to read the outbox
	Database *DatabaseHealth // permission to read the application settings
}

// UserCounts counts users by their state.
type UserCounts struct {
	Total, Active, Inactive int
	MustChangePassword      int // users who must change their password before any other operation
}

// LockedUsers are the users whom failed sign-ins have locked out. They can sign in only from
// networks from which they signed in before.
type LockedUsers struct {
	Count int
	First []LockedUser // a limited number of them, the latest end of the lock first
}

// LockedUser is a user who is locked out.
type LockedUser struct {
	ID    int64
	Name  string
	Email string
	Until time.Time // end of the lock; zero: locked until an administrator unlocks the account
}

// SignInInterval is the length of the interval that one [SignInCount] covers. The UTC offset of
// every time zone is a multiple of it, so a day in any time zone consists of whole intervals.
const SignInInterval = 15 * time.Minute

// SignInCount counts the sign-ins of one [SignInInterval].
type SignInCount struct {
	Begin             time.Time
	Succeeded, Failed int
}

// SignInDay counts the sign-ins of one day in a time zone.
type SignInDay struct {
	// Date is the date of the day, as midnight UTC in any time zone. In some time zones a day may
	// have no midnight of its own.
	Date              time.Time
	Succeeded, Failed int
}

// MailCounts is the state of the outbox.
type MailCounts struct {
	Waiting   int       // messages that are not delivered yet
	Late      int       // messages among Waiting with a failed attempt
	Failed    int       // messages that were given up in the last week
	Oldest    time.Time // creation time of the oldest waiting message; zero: none
	LastError string    // of the newest message among Late; if there is none, of the message given up last; "": none
}

// DatabaseHealth is the state of the database.
type DatabaseHealth struct {
	Engine      string // "sqlite" or "postgres"
	Bytes       int64  // size in bytes, without the write-ahead log
	Schema      int64  // version of the schema
	ReadLatency time.Duration
	Refused     string // why the database refuses changes now, as a text for people; "": it accepts changes
}
