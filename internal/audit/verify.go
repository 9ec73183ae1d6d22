package audit

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// FindingKind says in a word what is wrong with the activity log.
type FindingKind string

// The kinds.
const (
	FindingChanged    FindingKind = "changed"   // an entry is not what was sealed
	FindingReordered  FindingKind = "reordered" // nor is it, and it stands behind a newer one
	FindingUnknownKey FindingKind = "key"       // it was sealed with a key that the server does not have
	FindingMissing    FindingKind = "missing"   // entries were removed
	FindingAdded      FindingKind = "added"     // entries where the chain has no place for them
	FindingTruncated  FindingKind = "cut"       // the end was cut off
	FindingReplaced   FindingKind = "replaced"  // an entry has another seal than a checkpoint says
	FindingEarly      FindingKind = "early"     // entries were removed before retention may have
	FindingForged     FindingKind = "forged"    // an end of the chain or a checkpoint is not signed by this server
)

// maxFindings is how many a report lists.
const maxFindings = 100

// Finding is one thing that is wrong with the activity log.
type Finding struct {
	Kind     FindingKind
	From, To int64 // the numbers that it is about; 0: none
	EntryID  int64 // of the first entry that it is about; 0: none
	Message  string
}

// ActivityReport is the outcome of verifying the activity log.
type Report struct {
	Findings []Finding // the first 100
	Found    int       // how many there are; 0: all is well
	Verified int64     // how many entries have the seal that they must have
	Unsealed int       // entries that are not protected yet
	Anchor   account.Checkpoint
	Head     account.Checkpoint
	// Checkpoint vouches for what was verified, to be kept elsewhere. It is nil
	// when anything is wrong, or nothing was sealed.
	Checkpoint *account.Checkpoint
	// Compared says what became of the checkpoint kept outside the database.
	Compared Comparison
}

// Comparison says whether a checkpoint could be compared with the log.
type Comparison string

// The outcomes. One that differs is among the findings.
const (
	ComparedNone   Comparison = ""        // none was given
	ComparedEqual  Comparison = "equal"   // the log goes on from it
	ComparedOlder  Comparison = "too old" // what it vouches for was removed by retention
	ComparedDiffer Comparison = "differs" // see the findings
)

// VerifyActivity reads the whole activity log and reports what somebody has
// edited, removed, put elsewhere, or sealed without the server key. A tail that
// was cut off shows by the head of the chain and the checkpoints in the database;
// when these were set back to an earlier state too, by a checkpoint that was kept
// elsewhere alone. Its memory does not grow with the log, and servers may go on
// writing meanwhile. progress, which may be nil, is told now and then how many
// entries were read.
func (s *Log) VerifyActivity(ctx context.Context, elsewhere *account.Checkpoint, progress func(read int64)) (Report, error) {
	v := &verifier{s: s}
	if err := v.begin(ctx, elsewhere); err != nil {
		return v.report, err
	}
	for read := int64(0); ; {
		n, err := v.advance(ctx)
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
