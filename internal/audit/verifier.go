package audit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// verifier goes along the chain of seals, once, from the anchor to the head.
type verifier struct {
	s        *Log
	external *account.Checkpoint // still to be met; nil: none
	newest   account.Checkpoint  // of those in the database; its zero value: none
	headErr  error               // what is wrong with the head in the report
	last     account.Checkpoint  // the last entry of the chain so far, or the anchor
	lastID   int64               // its id; 0 for the anchor
	gone     int64               // the number up to which retention has removed entries meanwhile
	number   int64               // of the row that was read last
	id       int64               // of that row
	report   Report
}

// found adds a finding. One that goes on where the last ends becomes a part of it.
func (v *verifier) addFinding(f Finding) {
	if n := len(v.report.Findings); n > 0 && n == v.report.Found && f.From > 0 {
		if last := &v.report.Findings[n-1]; last.Kind == f.Kind && last.To+1 == f.From {
			last.To = f.To
			return
		}
	}
	v.report.Found++
	if len(v.report.Findings) < maxFindings {
		v.report.Findings = append(v.report.Findings, f)
	}
}

// begin reads the anchor, and compares it with the checkpoint that was kept
// elsewhere.
func (v *verifier) begin(ctx context.Context, elsewhere *account.Checkpoint) error {
	anchor, err := v.anchor(ctx)
	if errors.Is(err, account.ErrActivityChanged) {
		v.addFinding(Finding{Kind: FindingForged, Message: "the anchor, behind which the log begins, is not signed by this server: the beginning may have been removed"})
	} else if err != nil {
		return err
	}
	v.last, v.report.Anchor = anchor, anchor
	before, err := v.retention(ctx)
	if err != nil {
		return err
	}
	switch {
	case elsewhere == nil:
	case !v.s.signed(checkpointPurpose, *elsewhere):
		v.addMismatch(Finding{Kind: FindingForged, Message: "the checkpoint kept outside the database is not one of this server, or was changed"})
	case elsewhere.Number < anchor.Number:
		v.report.Compared = ComparedOlder
		if elsewhere.At.After(before.Add(retentionSlack)) {
			v.addFinding(Finding{
				Kind: FindingEarly, From: elsewhere.Number + 1, To: anchor.Number,
				Message: "removed, though the checkpoint kept outside the database, made before them, is younger than the settings keep entries",
			})
		}
	default:
		v.external = elsewhere
		v.compareCheckpoint(anchor.Number, anchor.Seal)
	}
	return nil
}

// retentionSlack is how much older than a checkpoint an entry behind it may be: one
// of failed sign-ins that were merged late, or of a server that did not run.
const retentionSlack = 24 * time.Hour

// retention returns the time from before which entries are removed, and adds a
// finding when that was set past the rules, or some are gone that no rule removes.
func (v *verifier) retention(ctx context.Context) (before time.Time, err error) {
	settings, err := account.LoadApplicationSettings(ctx, v.s.store)
	if err != nil {
		return before, err
	}
	now, anchor := v.s.now(), v.report.Anchor
	before, err = retentionCutoff(settings, now)
	if err != nil {
		v.addFinding(Finding{Kind: FindingForged, Message: fmt.Sprintf("the settings keep entries for %d days, which nobody can set", settings.ActivityDays)})
		before = now.AddDate(0, 0, -account.MinActivityDays)
	}
	signed := v.s.signed(endPurpose(account.ChainAnchor), anchor)
	if signed && anchor.Number > 0 && anchor.At.After(now.AddDate(0, 0, -account.MinActivityDays)) {
		v.addFinding(Finding{
			Kind: FindingEarly, To: anchor.Number, From: anchor.Number,
			Message: "removed within a day, which retention does not do",
		})
	}
	return before, nil
}

func (v *verifier) anchor(ctx context.Context) (account.Checkpoint, error) {
	anchor, err := v.s.store.ChainEnd(ctx, account.ChainAnchor)
	return anchor, v.s.CheckEnd(account.ChainAnchor, anchor, err)
}

// differs adds a finding on the checkpoint that was kept elsewhere.
func (v *verifier) addMismatch(f Finding) {
	v.addFinding(f)
	v.report.Compared, v.external = ComparedDiffer, nil
}

// meet compares an entry with the checkpoint that was kept elsewhere.
func (v *verifier) compareCheckpoint(number int64, seal []byte) {
	switch c := v.external; {
	case c == nil || c.Number != number:
	case c.Matches(number, seal):
		v.report.Compared, v.external = ComparedEqual, nil
	default:
		v.addMismatch(Finding{
			Kind: FindingReplaced, From: number, To: number,
			Message: "the seal is not the one of the checkpoint kept outside the database: the log up to here was made anew, or is that of another server",
		})
	}
}

// advance verifies the next page, and returns how many entries it had. The head
// and the newest checkpoint are read before it, so that what they stand for is
// there to be read, while servers go on writing.
func (v *verifier) advance(ctx context.Context) (int, error) {
	head, err := v.s.store.ChainEnd(ctx, account.ChainHead)
	if v.headErr = v.s.CheckEnd(account.ChainHead, head, err); v.headErr != nil && !errors.Is(v.headErr, account.ErrActivityChanged) {
		return 0, v.headErr
	}
	v.report.Head = head
	if v.newest, err = v.s.store.CheckpointBefore(ctx, math.MaxInt64); err != nil && !errors.Is(err, account.ErrNotFound) {
		return 0, err
	}
	page, err := v.s.store.SealedActivity(ctx, v.number, v.id, sealRows)
	if err != nil || len(page) == 0 {
		return 0, err
	}
	v.number, v.id = page[len(page)-1].Number, page[len(page)-1].ID
	checkpoints, err := v.s.store.Checkpoints(ctx, v.last.Number, v.number, sealRows)
	if err != nil {
		return 0, err
	}
	for _, e := range page {
		if err := v.entry(ctx, e); err != nil {
			return 0, err
		}
		for len(checkpoints) > 0 && checkpoints[0].Number <= e.Number {
			v.checkpoint(checkpoints[0], e)
			checkpoints = checkpoints[1:]
		}
		v.compareCheckpoint(e.Number, e.Seal)
	}
	return len(page), nil
}

// entry verifies one entry behind the last.
func (v *verifier) entry(ctx context.Context, e account.StoredActivity) error {
	follows, err := v.checkSequence(ctx, e.Number)
	if err != nil || e.Number <= v.gone {
		return err
	}
	if e.Number <= v.last.Number {
		v.addFinding(Finding{FindingAdded, e.Number, e.Number, e.ID, "before the beginning of the log, or under the number of another entry"})
		return nil
	}
	at := Finding{From: e.Number, To: e.Number, EntryID: e.ID}
	switch {
	case !follows: // what it was sealed behind is gone
	case v.s.sealed(e, v.last.Seal):
		v.report.Verified++
	case !v.s.keys.HasKey(e.KeyID):
		at.Kind, at.Message = FindingUnknownKey, "sealed with a key that this server does not have: sealed anew by somebody else, or an older server key is missing"
		v.addFinding(at)
	case e.ID < v.lastID:
		at.Kind, at.Message = FindingReordered, "not what was sealed, and behind a newer entry: the order was changed"
		v.addFinding(at)
	default:
		at.Kind, at.Message = FindingChanged, "not what was sealed here: edited, put here from elsewhere, or sealed without the server key"
		v.addFinding(at)
	}
	v.last, v.lastID = account.Checkpoint{Number: e.Number, At: e.At, Seal: e.Seal}, e.ID
	return nil
}

// follows reports whether the number comes next, and adds a finding when there
// is a gap that retention did not make meanwhile.
func (v *verifier) checkSequence(ctx context.Context, number int64) (bool, error) {
	if number > v.last.Number+1 {
		if err := v.catchUp(ctx); err != nil {
			return false, err
		}
	}
	if number <= v.last.Number+1 {
		return true, nil
	}
	v.addFinding(Finding{
		Kind: FindingMissing, From: v.last.Number + 1, To: number - 1,
		Message: "removed, so that the entry behind cannot be verified either",
	})
	return false, nil
}

// catchUp goes on behind what retention has removed meanwhile.
func (v *verifier) catchUp(ctx context.Context) error {
	anchor, err := v.anchor(ctx)
	if errors.Is(err, account.ErrActivityChanged) { // begin has found it
		return nil
	}
	if err == nil && anchor.Number > v.last.Number {
		v.last, v.lastID, v.report.Anchor, v.gone = anchor, 0, anchor, anchor.Number
		v.compareCheckpoint(anchor.Number, anchor.Seal)
	}
	return err
}

// checkpoint verifies one of the database against the entry of its number, or the
// one behind where there is none.
func (v *verifier) checkpoint(c account.Checkpoint, e account.StoredActivity) {
	switch {
	case !v.s.signed(checkpointPurpose, c):
		v.addFinding(Finding{Kind: FindingForged, From: c.Number, To: c.Number, Message: "the checkpoint in the database is not signed by this server"})
	case c.Number == e.Number && !c.Matches(e.Number, e.Seal):
		v.addFinding(Finding{FindingReplaced, e.Number, e.Number, e.ID, "the seal is not the one of the checkpoint in the database"})
	}
}

// finish compares the end of the log with what says where it is.
func (v *verifier) finish(ctx context.Context) (err error) {
	if v.report.Head.Number > v.last.Number {
		if err := v.catchUp(ctx); err != nil {
			return err
		}
	}
	last := v.last.Number
	switch head := v.report.Head; {
	case v.headErr != nil:
		v.addFinding(Finding{Kind: FindingForged, Message: "the head, where the log ends, is not signed by this server: the end may have been cut off"})
	case head.Number > last:
		v.addTruncation(head, "the head of the chain")
	case head.Number < last:
		v.addFinding(Finding{FindingAdded, head.Number + 1, last, 0, "behind the head of the chain, which was set back, or sealed by somebody else"})
	case !head.Matches(last, v.last.Seal):
		v.addFinding(Finding{FindingReplaced, last, last, v.lastID, "the seal is not the one of the head of the chain"})
	}
	if c := v.newest; c.Number > last {
		if v.s.signed(checkpointPurpose, c) {
			v.addTruncation(c, "a checkpoint in the database")
		} else {
			v.addFinding(Finding{Kind: FindingForged, From: c.Number, To: c.Number, Message: "the checkpoint in the database is not signed by this server"})
		}
	}
	if c := v.external; c != nil && c.Number > last {
		v.addTruncation(*c, "the checkpoint kept outside the database")
		v.report.Compared = ComparedDiffer
	} else if c != nil { // its entry is missing
		v.report.Compared = ComparedDiffer
	}
	if v.report.Unsealed, err = v.s.store.CountUnsealedActivity(ctx); err != nil {
		return err
	}
	if v.report.Found == 0 && last > 0 {
		made := v.s.sign(checkpointPurpose, account.Checkpoint{Number: last, At: v.s.now(), Seal: v.last.Seal})
		v.report.Checkpoint = &made
	}
	return nil
}

// cut adds the finding that the log ends before what a witness says.
func (v *verifier) addTruncation(c account.Checkpoint, witness string) {
	v.addFinding(Finding{
		Kind: FindingTruncated, From: v.last.Number + 1, To: c.Number,
		Message: fmt.Sprintf("cut off from the end: %s of %s has seen them", witness, c.At.UTC().Format(time.RFC3339)),
	})
}
