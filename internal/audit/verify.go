package audit

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// FindingKind is the kind of a [Finding].
type FindingKind string

// The kinds. `usher audit verify` prints their values.
const (
	FindingChanged      FindingKind = "changed"   // an entry differs from what was sealed
	FindingReordered    FindingKind = "reordered" // an entry differs and comes after a newer one
	FindingUnknownKey   FindingKind = "key"       // an entry is sealed with a key that the server doesn't have
	FindingMissing      FindingKind = "missing"   // entries were removed
	FindingAdded        FindingKind = "added"     // entries have no place in the chain
	FindingTruncated    FindingKind = "cut"       // entries were removed from the end
	FindingReplaced     FindingKind = "replaced"  // the seal of an entry differs from that in a checkpoint
	FindingRemovedEarly FindingKind = "early"     // entries were removed before the end of their retention
	FindingForged       FindingKind = "forged"    // this server didn't sign an end of the chain or a checkpoint
)

// maxFindings is the number of findings that a report lists.
const maxFindings = 100

// Finding is a problem of the activity log.
type Finding struct {
	Kind     FindingKind
	From, To int64 // numbers of the affected entries; 0: none
	EntryID  int64 // of the first affected entry; 0: none
	Message  string
}

// Report is the result of [Log.VerifyActivity].
type Report struct {
	Findings     []Finding // the first 100
	FindingCount int       // total number of findings; 0: the log is intact
	Verified     int64     // entries with a valid seal
	Unsealed     int       // entries that are not protected yet
	Anchor       account.Checkpoint
	Head         account.Checkpoint
	// Checkpoint vouches for the verified entries; keep it outside the database. It is nil when
	// there are findings or no sealed entries.
	Checkpoint *account.Checkpoint
	// Compared is the result for the checkpoint that was kept outside the database.
	Compared Comparison
}

// Comparison is the result of comparing a checkpoint with the log.
type Comparison string

// The results.
const (
	ComparedNone      Comparison = ""        // no checkpoint was given
	ComparedEqual     Comparison = "equal"   // the log continues from the checkpoint
	ComparedTooOld    Comparison = "too old" // retention has removed the checkpoint's entry
	ComparedDifferent Comparison = "differs" // the findings tell how
)

// VerifyActivity reads the whole activity log and reports entries that were edited, removed or
// reordered, or sealed without the server key. Its memory does not grow with the log, and servers
// may append entries meanwhile.
//
// The head of the chain and the checkpoints in the database reveal a truncated log. Only external, a
// checkpoint that was kept outside the database, reveals a database that was reset to an earlier
// state. It may be nil.
//
// VerifyActivity calls progress, unless it is nil, with the number of entries read so far. It fails
// when the database can't be read.
func (s *Log) VerifyActivity(
	ctx context.Context, external *account.Checkpoint, progress func(read int64),
) (Report, error) {
	v := &verifier{log: s}
	if err := v.begin(ctx, external); err != nil {
		return v.report, err
	}
	for read := int64(0); ; {
		n, err := v.verifyPage(ctx)
		if err != nil {
			return v.report, err
		}
		if n == 0 {
			return v.report, v.finish(ctx)
		}
		read += int64(n)
		if progress != nil {
			progress(read)
		}
	}
}
