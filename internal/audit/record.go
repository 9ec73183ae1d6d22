package audit

import (
	"context"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// maxChangeLength is the length, in characters, to which recorded texts are truncated: the log shows
// that a text changed but doesn't archive it.
const maxChangeLength = 256

// Record adds the caller's events to the activity log, if it is enabled. tx is the transaction of
// the change.
func (s *Log) Record(
	ctx context.Context, tx *account.Tx, caller *account.Principal, events ...account.Event,
) error {
	return s.RecordAs(ctx, tx, caller.Actor(), events...)
}

// RecordAs is [Log.Record] for an actor who is not signed in.
func (s *Log) RecordAs(ctx context.Context, tx *account.Tx, actor account.Actor, events ...account.Event) error {
	enabled, err := s.isEnabled(ctx, tx)
	if err != nil || !enabled {
		return err
	}
	entries := make([]account.Activity, len(events))
	for i, e := range events {
		e.Changes = truncateChanges(e.Changes)
		entries[i] = account.Activity{At: s.now(), Actor: actor, Event: e, Count: 1}
	}
	return tx.InsertActivity(ctx, entries...)
}

// isEnabled reports whether the settings, as the transaction sees them, enable the activity log. An
// operation that disables it records that before it saves the settings; one that enables it records
// that afterwards.
func (s *Log) isEnabled(ctx context.Context, r account.SettingReader) (bool, error) {
	settings, err := account.LoadApplicationSettings(ctx, r)
	return settings.KeepActivity, err
}

// truncateChanges returns a copy of changes with truncated texts.
func truncateChanges(changes []account.FieldChange) []account.FieldChange {
	changes = slices.Clone(changes)
	for i := range changes {
		changes[i].From, changes[i].To = truncateText(changes[i].From), truncateText(changes[i].To)
	}
	return changes
}

// truncateText returns value, truncated when it is a string of more than maxChangeLength characters.
func truncateText(value any) any {
	text, isText := value.(string)
	if !isText || len(text) <= maxChangeLength {
		return value
	}
	if runes := []rune(text); len(runes) > maxChangeLength {
		return string(runes[:maxChangeLength]) + "…"
	}
	return text
}
