// Package activityfile writes entries of the activity log in the format of the API's
// contract: one JSON object per line (application/x-ndjson).
package activityfile

import (
	"bufio"
	"context"
	"encoding/json"
	"io"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// ContentType is the media type of the output of [Write].
const ContentType = "application/x-ndjson"

// Exporter reads the entries of the activity log that match a filter.
type Exporter interface {
	ExportActivity(
		ctx context.Context, caller *account.Principal, filter account.ActivityFilter,
		yield func(account.StoredActivity) error,
	) error
}

// Write writes every entry that matches f and that the caller may read to w, oldest
// first. It streams the entries, so memory use does not grow with their number. It
// returns the first error of ExportActivity or of w. An error within the first 32 KiB
// leaves w untouched, because Write buffers its output.
func Write(
	ctx context.Context, w io.Writer, exporter Exporter, caller *account.Principal, f account.ActivityFilter,
) error {
	out := bufio.NewWriterSize(w, 32*1024)
	encoder := json.NewEncoder(out)
	err := exporter.ExportActivity(ctx, caller, f, func(e account.StoredActivity) error {
		return encoder.Encode(Entry(e))
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// Entry converts an entry of the activity log to the type in the API's contract.
func Entry(e account.StoredActivity) wire.ActivityEntry {
	w := wire.ActivityEntry{
		ID: e.ID, At: e.At, Source: e.Actor.ClientNetwork, Action: string(e.Action), Count: e.Count, Sealed: e.Number > 0,
		Actor: wire.ActivityActor{ID: idOrNull(e.Actor.ID), Name: e.Actor.Name},
		Credential: wire.ActivityCredential{
			Kind: wire.ActivityCredentialKind(e.Actor.Credential.Kind), ID: idOrNull(e.Actor.Credential.ID),
		},
		Target:  wire.ActivityTarget{Kind: string(e.Target.Kind), ID: idOrNull(e.Target.ID), Name: e.Target.Name},
		Changes: make([]wire.ActivityChange, len(e.Changes)),
	}
	for i, c := range e.Changes {
		w.Changes[i] = wire.ActivityChange{Field: c.Field, From: c.From, To: c.To}
	}
	return w
}

// idOrNull returns a pointer to id, or nil, which becomes null in JSON, for 0 (no id).
func idOrNull(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}
