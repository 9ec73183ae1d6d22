package audit

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// checkExternal checks the signature of the external checkpoint. It returns the checkpoint to
// compare the log with, or nil if there is none. That of a rotation before has the seal of today.
func (v *verifier) checkExternal(
	ctx context.Context, external *account.Checkpoint,
) (*account.Checkpoint, error) {
	if external == nil || v.log.isSigned(keyring.ActivityCheckpoint, *external) {
		return external, nil
	}
	current, err := v.log.currentCheckpoint(ctx, *external)
	switch {
	case err == nil:
		return &current, nil
	case !errors.Is(err, account.ErrNotFound):
		return nil, err
	case !v.log.keys.HasKey(external.Signature.KeyID):
		v.unknownKey = external // the log may tell that this key was retired
	default:
		v.addForgedExternal()
	}
	return nil, nil
}

// addForgedExternal adds the finding that the external checkpoint has no valid signature.
func (v *verifier) addForgedExternal() {
	v.addMismatch(Finding{
		Kind:    FindingForged,
		Message: "the checkpoint kept outside the database is not signed by this server, or was edited",
	})
}

// addMismatch adds a finding about the external checkpoint. The verifier doesn't compare that
// checkpoint again.
func (v *verifier) addMismatch(f Finding) {
	v.addFinding(f)
	v.report.Compared, v.external = ComparedDifferent, nil
}

// compareCheckpoint compares the seal of the entry with this number with the external
// checkpoint. It does nothing if that checkpoint is of another entry.
func (v *verifier) compareCheckpoint(ctx context.Context, number int64, seal []byte) error {
	c := v.external
	if c == nil || c.Number != number {
		return nil
	}
	if !c.Matches(number, seal) { // unless the entry was sealed again since
		current, err := v.log.currentCheckpoint(ctx, *c)
		if account.IgnoreNotFound(err) != nil {
			return err
		}
		c = &current
	}
	if c.Matches(number, seal) {
		v.report.Compared, v.external = ComparedEqual, nil
		return nil
	}
	v.addMismatch(Finding{
		Kind: FindingReplaced, From: number, To: number,
		Message: "the seal differs from the checkpoint kept outside the database: " +
			"the log up to here was rewritten, or is that of another server",
	})
	return nil
}

// noteRetiredKey notes the server key that a verified entry reports as retired.
func (v *verifier) noteRetiredKey(e account.StoredActivity) {
	if e.Action != account.ActionServerKeyRetire {
		return
	}
	var changes []account.FieldChange
	if json.Unmarshal([]byte(e.ChangesText), &changes) != nil {
		return
	}
	for _, c := range changes {
		if id, isText := c.From.(string); isText && c.Field == FieldServerKey {
			v.retired[id] = true
		}
	}
}
