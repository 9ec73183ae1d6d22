package account

// described tells the activity log what a new user begins with.
func (u User) described() []FieldChange {
	return []FieldChange{
		{Field: "name", To: u.Name}, {Field: "email", To: u.Email}, {Field: "active", To: u.Active}, {Field: "roles", To: u.RoleIDs},
	}
}

// updateEvents tells the activity log what an update changed. A reset of the
// password is an event of its own; a picture is only said to have changed.
func updateEvents(was, now User, up UserUpdate) []Event {
	var changes []FieldChange
	differs := func(field string, from, to any) {
		if from != to {
			changes = append(changes, FieldChange{field, from, to})
		}
	}
	differs("name", was.Name, now.Name)
	differs("surname", orNil(was.Surname), orNil(now.Surname))
	differs("department", orNil(was.Department), orNil(now.Department))
	differs("biography", orNil(was.Biography), orNil(now.Biography))
	differs("email", was.Email, now.Email)
	differs("active", was.Active, now.Active)
	if string(was.Picture) != string(now.Picture) {
		changes = append(changes, FieldChange{Field: "picture"})
	}
	if up.Unlock {
		changes = append(changes, FieldChange{"lockedOut", was.LockedOut, false})
	}
	var events []Event
	if len(changes) > 0 || up.Password == nil {
		events = append(events, Event{ActionUserUpdate, now.target(), changes})
	}
	if up.Password != nil {
		reset := Event{Action: ActionPasswordReset, Target: now.target()}
		if up.KeepKeys {
			reset.Changes = []FieldChange{{Field: "keepKeys", To: true}}
		}
		events = append(events, reset)
	}
	return events
}

// optional is a value for the activity log, or nil where there is none.
func orNil[T any](value *T) any {
	if value == nil {
		return nil
	}
	return *value
}
