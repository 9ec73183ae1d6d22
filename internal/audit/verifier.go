package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// verifier verifies the chain of seals in one pass, from the anchor to the head.
type verifier struct {
	log              *Log
	external         *account.Checkpoint // outside the database; nil: there is none, or it was already compared
	newestCheckpoint account.Checkpoint  // newest checkpoint in the database; zero: there is none
	headErr          error               // why the head of the chain is not valid; nil: it is valid
	last             account.Checkpoint  // last verified entry of the chain, or the anchor
	lastID           int64               // id of the entry in last; 0 for the anchor
	removedTo        int64               // number up to which retention removed entries during the verification
	boundary         *account.Resealing  // how far a rotation has sealed the chain again; nil: none is doing that
	retired          map[string]bool     // ids of server keys that verified entries report as retired
	unknownKey       *account.Checkpoint // the external checkpoint, if it is signed with a key that the ring lacks
	readNumber       int64               // number of the entry that was read last
	readID           int64               // id of the entry that was read last
	report           Report
}

// run verifies the log in one pass.
func (v *verifier) run(ctx context.Context, external *account.Checkpoint, progress func(read int64)) error {
	if err := v.begin(ctx, external); err != nil {
		return err
	}
	for read := int64(0); ; {
		n, err := v.verifyPage(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return v.finish(ctx)
		}
		read += int64(n)
		if progress != nil {
			progress(read)
		}
	}
}

// addFinding adds a finding to the report. If the last finding has the same kind and ends just
// before the first number of f, it extends that one instead.
func (v *verifier) addFinding(f Finding) {
	if n := len(v.report.Findings); n > 0 && n == v.report.FindingCount && f.From > 0 {
		if last := &v.report.Findings[n-1]; last.Kind == f.Kind && last.To+1 == f.From {
			last.To = f.To
			return
		}
	}
	v.report.FindingCount++
	if len(v.report.Findings) < maxFindings {
		v.report.Findings = append(v.report.Findings, f)
	}
}

// addTruncation adds the finding that entries up to the entry of c are missing at the end.
// source describes c in the message.
func (v *verifier) addTruncation(c account.Checkpoint, source string) {
	v.addFinding(Finding{
		Kind: FindingTruncated, From: v.last.Number + 1, To: c.Number,
		Message: fmt.Sprintf("cut off from the end: %s of %s has seen them", source, c.At.UTC().Format(time.RFC3339)),
	})
}

// begin reads the anchor and compares it with the external checkpoint. external may be nil.
func (v *verifier) begin(ctx context.Context, external *account.Checkpoint) error {
	anchor, err := v.readAnchor(ctx)
	if errors.Is(err, account.ErrActivityChanged) {
		v.addFinding(Finding{
			Kind: FindingForged,
			Message: "the anchor, which precedes the first entry, is not signed by this server: " +
				"the beginning of the log may have been removed",
		})
	} else if err != nil {
		return err
	}
	v.last, v.report.Anchor = anchor, anchor
	cutoff, err := v.checkRetention(ctx)
	if err != nil {
		return err
	}
	if external, err = v.checkExternal(ctx, external); err != nil {
		return err
	}
	switch {
	case external == nil:
	case external.Number < anchor.Number:
		v.report.Compared = ComparedTooOld
		if external.At.After(cutoff.Add(retentionSlack)) {
			v.addFinding(Finding{
				Kind: FindingRemovedEarly, From: external.Number + 1, To: anchor.Number,
				Message: "removed before the end of their retention, " +
					"which even the earlier checkpoint kept outside the database has not reached",
			})
		}
	default:
		v.external = external
		return v.compareCheckpoint(ctx, anchor.Number, anchor.Seal)
	}
	return nil
}

// retentionSlack is how much older than a checkpoint the entries after it may be. While no
// server runs, failed sign-ins are merged late, so their entries get old times.
const retentionSlack = 24 * time.Hour

// checkRetention returns the time before which entries are past their retention. It adds a
// finding when the stored retention is out of range, or when the last removed entry is too young
// for any retention.
func (v *verifier) checkRetention(ctx context.Context) (cutoff time.Time, err error) {
	settings, err := account.LoadApplicationSettings(ctx, v.log.store)
	if err != nil {
		return cutoff, err
	}
	now, anchor := v.log.now(), v.report.Anchor
	cutoff, err = retentionCutoff(settings, now)
	if err != nil {
		v.addFinding(Finding{
			Kind:    FindingForged,
			Message: fmt.Sprintf("the stored retention of %d days is out of range", settings.ActivityDays),
		})
		cutoff = now.AddDate(0, 0, -account.MinActivityDays)
	}
	signed := v.log.isSigned(endPurpose(account.ChainAnchor), anchor)
	if signed && anchor.Number > 0 && anchor.At.After(now.AddDate(0, 0, -account.MinActivityDays)) {
		v.addFinding(Finding{
			Kind: FindingRemovedEarly, From: anchor.Number, To: anchor.Number,
			Message: "removed within a day, which retention never does",
		})
	}
	return cutoff, nil
}

// readAnchor reads and verifies the anchor. It fails as [Log.verifyEnd] does.
func (v *verifier) readAnchor(ctx context.Context) (account.Checkpoint, error) {
	return v.readEnd(ctx, account.ChainAnchor)
}

// readEnd reads and verifies an end of the chain. It fails as [Log.verifyEnd] does, and also when a
// former server key signed the end.
func (v *verifier) readEnd(ctx context.Context, end account.ChainEnd) (account.Checkpoint, error) {
	c, err := v.log.store.ChainEnd(ctx, end)
	if err = v.log.verifyEnd(end, c, err); err != nil {
		return c, err
	}
	keyID, err := currentKey(ctx, v.log.store)
	if err == nil && c.Signature.KeyID != keyID {
		err = formerKeyError(end)
	}
	return c, err
}

// readBoundary reads how far a rotation of the server key has sealed the chain again.
func (v *verifier) readBoundary(ctx context.Context) error {
	at, err := readResealing(ctx, v.log.keys, v.log.store)
	switch {
	case err == nil:
		v.boundary = &at
	case errors.Is(err, account.ErrNotFound):
		v.boundary = nil
	case errors.Is(err, account.ErrActivityChanged):
		if v.readNumber == 0 { // once
			v.addFinding(Finding{
				Kind:    FindingForged,
				Message: "how far the log was sealed with a new server key is not signed by this server",
			})
		}
	default:
		return err
	}
	return nil
}

// previousSeal returns the seal that the next entry was sealed after: that of the last entry, as it
// was before a rotation if only the last entry was sealed again.
func (v *verifier) previousSeal() []byte {
	if b := v.boundary; b != nil && b.Number == v.last.Number && bytes.Equal(b.Seal, v.last.Seal) {
		return b.Former
	}
	return v.last.Seal
}

// verifyPage verifies the next page of entries and returns the number of entries on the page.
//
// It reads the head and the newest checkpoint before the page. Servers may add entries at the
// same time, but the entries of this head and checkpoint then exist already.
func (v *verifier) verifyPage(ctx context.Context) (int, error) {
	head, err := v.readEnd(ctx, account.ChainHead)
	v.headErr = err
	if v.headErr != nil && !errors.Is(v.headErr, account.ErrActivityChanged) {
		return 0, v.headErr
	}
	v.report.Head = head
	v.newestCheckpoint, err = v.log.store.CheckpointBefore(ctx, math.MaxInt64)
	if err != nil && !errors.Is(err, account.ErrNotFound) {
		return 0, err
	}
	if err := v.readBoundary(ctx); err != nil {
		return 0, err
	}
	page, err := v.log.store.SealedActivity(ctx, v.readNumber, v.readID, maxBatchEntries)
	if err != nil || len(page) == 0 {
		return 0, err
	}
	v.readNumber, v.readID = page[len(page)-1].Number, page[len(page)-1].ID
	checkpoints, err := v.log.store.Checkpoints(ctx, v.last.Number, v.readNumber, maxBatchEntries)
	if err != nil {
		return 0, err
	}
	for _, e := range page {
		if err := v.verifyEntry(ctx, e); err != nil {
			return 0, err
		}
		for len(checkpoints) > 0 && checkpoints[0].Number <= e.Number {
			v.verifyCheckpoint(checkpoints[0], e)
			checkpoints = checkpoints[1:]
		}
		if err := v.compareCheckpoint(ctx, e.Number, e.Seal); err != nil {
			return 0, err
		}
	}
	return len(page), nil
}

// verifyEntry verifies the entry e, which was read after the entry in v.last.
func (v *verifier) verifyEntry(ctx context.Context, e account.StoredActivity) error {
	follows, err := v.checkSequence(ctx, e.Number)
	if err != nil || e.Number <= v.removedTo {
		return err
	}
	if e.Number <= v.last.Number {
		v.addFinding(Finding{
			Kind: FindingAdded, From: e.Number, To: e.Number, EntryID: e.ID,
			Message: "before the beginning of the log, or with the number of another entry",
		})
		return nil
	}
	f := Finding{From: e.Number, To: e.Number, EntryID: e.ID}
	switch {
	case !follows: // the seal covers the seal of a missing entry, so it can't be verified
	case v.log.isSealed(e, v.previousSeal()):
		v.report.Verified++
		v.noteRetiredKey(e)
	case !v.log.keys.HasKey(e.KeyID):
		f.Kind = FindingUnknownKey
		f.Message = "sealed with a key that this server does not have: " +
			"sealed again by an attacker, or an older server key is missing"
		v.addFinding(f)
	case e.ID < v.lastID:
		f.Kind, f.Message = FindingReordered, "not what was sealed, and after a newer entry: the order was changed"
		v.addFinding(f)
	default:
		f.Kind = FindingChanged
		f.Message = "not what was sealed here: edited, moved here, or sealed without the server key"
		v.addFinding(f)
	}
	v.last, v.lastID = account.Checkpoint{Number: e.Number, At: e.At, Seal: e.Seal}, e.ID
	return nil
}

// checkSequence reports whether number follows the number of the last entry. It adds a finding
// for a gap, unless retention removed the missing entries during the verification.
func (v *verifier) checkSequence(ctx context.Context, number int64) (follows bool, err error) {
	if number > v.last.Number+1 {
		if err := v.skipRemoved(ctx); err != nil {
			return false, err
		}
	}
	if number <= v.last.Number+1 {
		return true, nil
	}
	v.addFinding(Finding{
		Kind: FindingMissing, From: v.last.Number + 1, To: number - 1,
		Message: "removed, so the next entry cannot be verified either",
	})
	return false, nil
}

// skipRemoved continues from the current anchor if retention has moved the anchor past the last
// verified entry.
func (v *verifier) skipRemoved(ctx context.Context) error {
	anchor, err := v.readAnchor(ctx)
	if errors.Is(err, account.ErrActivityChanged) { // begin has already reported the forged anchor
		return nil
	}
	if err == nil && anchor.Number > v.last.Number {
		v.last, v.lastID, v.report.Anchor, v.removedTo = anchor, 0, anchor, anchor.Number
		return v.compareCheckpoint(ctx, anchor.Number, anchor.Seal)
	}
	return err
}

// verifyCheckpoint verifies a checkpoint in the database. e is the entry with the checkpoint's
// number or, when that entry is missing, the next one.
func (v *verifier) verifyCheckpoint(c account.Checkpoint, e account.StoredActivity) {
	switch {
	case !v.log.isSigned(keyring.ActivityCheckpoint, c):
		v.addForgedCheckpoint(c)
	case c.Number == e.Number && !c.Matches(e.Number, e.Seal):
		v.addFinding(Finding{
			Kind: FindingReplaced, From: e.Number, To: e.Number, EntryID: e.ID,
			Message: "the seal differs from the checkpoint in the database",
		})
	}
}

// addForgedCheckpoint adds the finding that a checkpoint in the database has no valid signature.
func (v *verifier) addForgedCheckpoint(c account.Checkpoint) {
	v.addFinding(Finding{
		Kind: FindingForged, From: c.Number, To: c.Number,
		Message: "the checkpoint in the database is not signed by this server",
	})
}

// finish compares the last entry with the head of the chain and with the checkpoints that are
// not compared yet. If there are no findings, it puts a new checkpoint into the report.
func (v *verifier) finish(ctx context.Context) (err error) {
	if v.report.Head.Number > v.last.Number {
		if err := v.skipRemoved(ctx); err != nil {
			return err
		}
	}
	v.compareHead()
	last := v.last.Number
	if c := v.newestCheckpoint; c.Number > last {
		if v.log.isSigned(keyring.ActivityCheckpoint, c) {
			v.addTruncation(c, "a checkpoint in the database")
		} else {
			v.addForgedCheckpoint(c)
		}
	}
	if c := v.external; c != nil { // the checkpoint's entry was not found
		if c.Number > last {
			v.addTruncation(*c, "the checkpoint kept outside the database")
		}
		v.report.Compared = ComparedDifferent
	}
	if c := v.unknownKey; c != nil {
		if v.retired[c.Signature.KeyID] {
			v.report.Compared, v.report.RetiredKey = ComparedRetired, c.Signature.KeyID
		} else {
			v.addForgedExternal()
		}
	}
	if v.report.Unsealed, err = v.log.store.CountUnsealedActivity(ctx); err != nil {
		return err
	}
	if v.report.FindingCount == 0 && last > 0 {
		c, err := v.log.sign(v.log.keys.Primary(), keyring.ActivityCheckpoint,
			account.Checkpoint{Number: last, At: v.log.now(), Seal: v.last.Seal})
		if err != nil {
			return err
		}
		v.report.Checkpoint = &c
	}
	return nil
}

// compareHead compares the number of the last verified entry with the number in the head of the
// chain.
func (v *verifier) compareHead() {
	head, last := v.report.Head, v.last.Number
	switch {
	case v.headErr != nil:
		v.addFinding(Finding{
			Kind: FindingForged,
			Message: "the head, which marks the last entry, is not signed by this server: " +
				"the end of the log may have been removed",
		})
	case head.Number > last:
		v.addTruncation(head, "the head of the chain")
	case head.Number < last:
		v.addFinding(Finding{
			Kind: FindingAdded, From: head.Number + 1, To: last,
			Message: "after the head of the chain: the head was reset, or an attacker sealed them",
		})
	case !head.Matches(last, v.last.Seal):
		v.addFinding(Finding{
			Kind: FindingReplaced, From: last, To: last, EntryID: v.lastID,
			Message: "the seal differs from the head of the chain",
		})
	}
}
