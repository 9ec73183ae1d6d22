package user

import (
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// UpdateEvents returns the events with which an update of a user is recorded in the activity
// log. was and now are the user before and after the update. A password reset is a separate
// event. A changed picture is recorded without its bytes.
func UpdateEvents(was, now account.User, up account.UserUpdate) []account.Event {
	changes := account.ChangeList(now.Profile.Changes(was.Profile))
	changes.Add("email", was.Email, now.Email)
	changes.Add("active", was.Active, now.Active)
	if !now.SamePicture(was.Profile) {
		changes = append(changes, account.FieldChange{Field: "picture"})
	}
	if up.Unlock {
		changes = append(changes, account.FieldChange{Field: "lockedOut", From: was.LockedOut, To: false})
	}
	var events []account.Event
	if len(changes) > 0 || up.Password == nil {
		events = append(events, account.Event{
			Action: account.ActionUserUpdate, Target: now.Target(), Changes: changes,
		})
	}
	if up.Password != nil {
		reset := account.Event{Action: account.ActionPasswordReset, Target: now.Target()}
		if up.KeepKeys {
			reset.Changes = []account.FieldChange{{Field: "keepKeys", To: true}}
		}
		events = append(events, reset)
	}
	return events
}
