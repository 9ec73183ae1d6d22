package audit

import (
	"context"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// record writes what the caller does into the activity log, in the transaction
// that does it.
func (s *Log) Record(ctx context.Context, tx account.Tx, caller *account.Principal, events ...account.Event) error {
	return s.RecordAs(ctx, tx, caller.Actor(), events...)
}

// recordAs is record for who is not signed in.
func (s *Log) RecordAs(ctx context.Context, tx account.Tx, actor account.Actor, events ...account.Event) error {
	kept, err := s.keepsActivity(ctx, tx)
	if err != nil || !kept {
		return err
	}
	entries := make([]account.Activity, len(events))
	for i, e := range events {
		e.Changes = cutChanges(e.Changes)
		entries[i] = account.Activity{At: s.now(), Actor: actor, Event: e, Count: 1}
	}
	return tx.InsertActivity(ctx, entries...)
}

// maxChangeText is how many characters of a text an entry has: it tells that it
// changed, and is no archive of biographies.
const maxChangeText = 256

// cutChanges returns the changes with texts that are cut.
func cutChanges(changes []account.FieldChange) []account.FieldChange {
	changes = slices.Clone(changes)
	for i := range changes {
		changes[i].From, changes[i].To = cutText(changes[i].From), cutText(changes[i].To)
	}
	return changes
}

// cutText cuts a value that is a text.
func cutText(value any) any {
	text, isText := value.(string)
	if !isText || len(text) <= maxChangeText {
		return value
	}
	if runes := []rune(text); len(runes) > maxChangeText {
		return string(runes[:maxChangeText]) + "…"
	}
	return text
}

// keepsActivity reports whether the settings, as the transaction sees them, want
// the activity log kept. So the change that turns it off is recorded before it is
// stored, and the one that turns it on behind.
func (s *Log) keepsActivity(ctx context.Context, r account.Reader) (bool, error) {
	settings, err := account.LoadApplicationSettings(ctx, r)
	return settings.KeepActivity, err
}
