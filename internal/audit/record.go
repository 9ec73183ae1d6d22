package audit

import (
	"context"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// maxChangeLength is the number of characters after which recorded texts are truncated. The log
// shows that a text changed but is not an archive of texts.
const maxChangeLength = 256

// FieldServerKey is the changed field of entries about a rotation of the server key: the ids of the
// keys before and after it.
const FieldServerKey = "serverKey"

// Record adds the caller's events to the activity log, if the log is enabled. tx must be the
// transaction of the recorded change.
func (s *Log) Record(
	ctx context.Context, tx *account.Tx, caller *account.Principal, events ...account.Event,
) error {
	return s.RecordAs(ctx, tx, caller.Actor(), events...)
}

// RecordAs is [Log.Record] for an actor who has no principal, such as an operator.
func (s *Log) RecordAs(ctx context.Context, tx *account.Tx, actor account.Actor, events ...account.Event) error {
	enabled, err := s.isEnabled(ctx, tx)
	if err != nil {
		return err
	}
	if !enabled {
		events = nil // without entries, InsertActivity only shows that there was a change
	}
	entries := make([]account.Activity, len(events))
	for i, e := range events {
		e.Changes = truncateChanges(e.Changes)
		entries[i] = account.Activity{At: s.now(), Actor: actor, Event: e, Count: 1}
	}
	return tx.InsertActivity(ctx, entries...)
}

// isEnabled reports whether the activity log is enabled in the settings that the transaction
// sees. An operation that disables the log must therefore record this before it saves the
// settings. One that enables the log must save the settings first.
func (s *Log) isEnabled(ctx context.Context, r account.SettingReader) (bool, error) {
	settings, err := account.LoadApplicationSettings(ctx, r)
	return settings.KeepActivity, err
}

// truncateChanges returns a copy of changes in which long texts are truncated.
func truncateChanges(changes []account.FieldChange) []account.FieldChange {
	changes = slices.Clone(changes)
	for i := range changes {
		changes[i].From, changes[i].To = truncateText(changes[i].From), truncateText(changes[i].To)
	}
	return changes
}

// truncateText returns value, and truncates a string of more than maxChangeLength characters.
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
