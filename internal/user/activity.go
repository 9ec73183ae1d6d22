package user

import (
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// updateEvents tells the activity log what an update changed. A reset of the
// password is an event of its own; a picture is only said to have changed.
func UpdateEvents(was, now account.User, up account.UserUpdate) []account.Event {
	var changes []account.FieldChange
	differs := func(field string, from, to any) {
		if from != to {
			changes = append(changes, account.FieldChange{Field: field, From: from, To: to})
		}
	}
	differs("name", was.Name, now.Name)
	differs("surname", account.ValueOrNil(was.Surname), account.ValueOrNil(now.Surname))
	differs("department", account.ValueOrNil(was.Department), account.ValueOrNil(now.Department))
	differs("biography", account.ValueOrNil(was.Biography), account.ValueOrNil(now.Biography))
	differs("email", was.Email, now.Email)
	differs("active", was.Active, now.Active)
	if string(was.Picture) != string(now.Picture) {
		changes = append(changes, account.FieldChange{Field: "picture"})
	}
	if up.Unlock {
		changes = append(changes, account.FieldChange{Field: "lockedOut", From: was.LockedOut, To: false})
	}
	var events []account.Event
	if len(changes) > 0 || up.Password == nil {
		events = append(events, account.Event{Action: account.ActionUserUpdate, Target: now.Target(), Changes: changes})
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
