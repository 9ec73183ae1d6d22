package user

import (
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// UpdateEvents returns the events with which an update of a user is recorded in the activity
// log. old and updated are the user before and after the update. There are none if the update
// changes nothing. A password reset is a separate event. A changed picture is recorded without its
// bytes.
func UpdateEvents(old, updated account.User, up account.UserUpdate) []account.Event {
	changes := account.ChangeList(updated.Profile.Changes(old.Profile))
	changes.Add("email", old.Email, updated.Email)
	changes.Add("active", old.Active, updated.Active)
	if !updated.SamePicture(old.Profile) {
		changes = append(changes, account.FieldChange{Field: "picture"})
	}
	if up.Unlock {
		changes = append(changes, account.FieldChange{Field: "lockedOut", From: old.LockedOut, To: false})
	}
	var events []account.Event
	if len(changes) > 0 {
		events = append(events, account.Event{
			Action: account.ActionUserUpdate, Target: updated.Target(), Changes: changes,
		})
	}
	if up.Password != nil {
		reset := account.Event{Action: account.ActionPasswordReset, Target: updated.Target()}
		if up.KeepKeys {
			reset.Changes = []account.FieldChange{{Field: "keepKeys", To: true}}
		}
		events = append(events, reset)
	}
	return events
}
