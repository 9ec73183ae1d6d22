package audit

import (
	"context"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// FindingKind classifies a [Finding].
type FindingKind string

// The kinds of finding. `usher audit verify` prints these values.
const (
	FindingChanged      FindingKind = "changed"   // an entry differs from what was sealed
	FindingReordered    FindingKind = "reordered" // an entry differs and comes after a newer one
	FindingUnknownKey   FindingKind = "key"       // an entry is sealed with a key that the server doesn't have
	FindingMissing      FindingKind = "missing"   // entries were removed
	FindingAdded        FindingKind = "added"     // entries that don't belong to the chain
	FindingTruncated    FindingKind = "cut"       // entries were removed from the end
	FindingReplaced     FindingKind = "replaced"  // the seal of an entry differs from the seal in a checkpoint
	FindingRemovedEarly FindingKind = "early"     // entries were removed before the end of their retention
	FindingForged       FindingKind = "forged"    // an end of the chain or a checkpoint is not signed by this server
)

// maxFindings limits the findings that a report lists.
const maxFindings = 100

// Finding is one problem that verification found in the activity log.
type Finding struct {
	Kind     FindingKind
	From, To int64 // numbers of the affected entries; 0: none
	EntryID  int64 // id of the first affected entry; 0: none
	Message  string
}

// Report is the result of [Log.VerifyActivity].
type Report struct {
	Findings     []Finding // the first maxFindings
	FindingCount int       // number of all findings; 0: the log is intact
	Verified     int64     // number of entries with a valid seal
	Unsealed     int       // number of entries that are not sealed yet, and so not protected
	Anchor       account.Checkpoint
	Head         account.Checkpoint
	// Checkpoint is a new checkpoint of the verified entries, for keeping outside the database.
	// It is nil when there are findings or no sealed entries.
	Checkpoint *account.Checkpoint
	// Compared is the result of comparing the log with the external checkpoint.
	Compared Comparison
	// RetiredKey is the id of the server key of the external checkpoint, with ComparedRetired.
	RetiredKey string
}

// Comparison is the result of comparing the log with a checkpoint from outside the database.
type Comparison string

// The results of a comparison.
const (
	ComparedNone      Comparison = ""        // no checkpoint was given
	ComparedEqual     Comparison = "equal"   // the log continues from the checkpoint
	ComparedTooOld    Comparison = "too old" // retention has removed the checkpoint's entry
	ComparedDifferent Comparison = "differs" // the findings tell the difference
	ComparedRetired   Comparison = "retired" // the checkpoint was made with a server key that is retired
)

// VerifyActivity reads the whole activity log and reports entries that were edited, removed or
// reordered, or sealed without the server key. The memory that it needs doesn't grow with the
// log. Servers may add entries at the same time.
//
// The head of the chain and the checkpoints in the database show whether entries are missing at
// the end. They can't show that the whole database was reset to an earlier state; only a
// checkpoint from outside the database can. external is such a checkpoint, or nil.
//
// If progress is not nil, VerifyActivity calls it with the number of entries read so far. It
// fails when the database can't be read.
//
// A rotation of the server key replaces the seals. A pass that finds something while seals were
// replaced begins again.
func (s *Log) VerifyActivity(
	ctx context.Context, external *account.Checkpoint, progress func(read int64),
) (Report, error) {
	for {
		before, err := s.sealsVersion(ctx)
		if err != nil {
			return Report{}, err
		}
		v := &verifier{log: s, retired: map[string]bool{}}
		if err := v.run(ctx, external, progress); err != nil || v.report.FindingCount == 0 {
			return v.report, err
		}
		after, err := s.sealsVersion(ctx)
		if err != nil || after == before {
			return v.report, err
		}
	}
}

// VerifyWithKey is [Log.VerifyActivity] with a single key of the ring: entries and checkpoints that
// need another key are findings.
func (s *Log) VerifyWithKey(ctx context.Context, keyID string, progress func(read int64)) (Report, error) {
	alone := &Log{
		store: s.store, keys: s.keys.Only(keyID), log: s.log, now: s.now, monotonic: s.monotonic,
		checkpoints: s.checkpoints,
	}
	return alone.VerifyActivity(ctx, nil, progress)
}

// sealsVersion returns a text that changes whenever a rotation of the server key replaces seals.
func (s *Log) sealsVersion(ctx context.Context) (string, error) {
	at, err := s.store.Resealing(ctx)
	if account.IgnoreNotFound(err) != nil {
		return "", err
	}
	keyID, err := currentKey(ctx, s.store)
	return fmt.Sprintf("%s %d", keyID, at.Number), err
}

// currentKey returns the id of the server key that seals today, as the database has it.
func currentKey(ctx context.Context, r account.InstanceReader) (string, error) {
	keys, err := r.ServerKeys(ctx)
	for _, k := range keys {
		if k.State == keyring.Current {
			return k.ID, err
		}
	}
	return "", err
}
