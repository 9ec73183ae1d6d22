package service

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// rotationPart is a part of the data that a rotation seals again.
type rotationPart struct {
	name     string
	purposes []keyring.Purpose
	// reseal seals a batch again, whose rows have ids above after.
	reseal func(s *Service, ctx context.Context, tx *account.Tx, after int64, accept bool) (keyring.Resealed, error)
}

// rotationParts lists all that is encrypted or signed with the server key, except the activity
// log, which is last. A new purpose of package keyring needs a place here.
var rotationParts = []rotationPart{
	{
		name: "contract keys", purposes: []keyring.Purpose{keyring.ContractKey},
		reseal: func(
			s *Service, ctx context.Context, tx *account.Tx, after int64, accept bool,
		) (keyring.Resealed, error) {
			return s.Keys.ResealKeys(ctx, tx, after, resealRows, accept)
		},
	},
	{
		name: "messages", purposes: []keyring.Purpose{keyring.Mail},
		reseal: func(
			s *Service, ctx context.Context, tx *account.Tx, after int64, accept bool,
		) (keyring.Resealed, error) {
			return s.Outbox.ResealMails(ctx, tx, after, resealRows, accept)
		},
	},
	{
		name: "secrets of settings", purposes: []keyring.Purpose{keyring.SettingSecret},
		reseal: func(s *Service, ctx context.Context, tx *account.Tx, _ int64, accept bool) (keyring.Resealed, error) {
			return s.Settings.ResealSecrets(ctx, tx, accept)
		},
	},
	{
		name: "counters of unknown addresses", purposes: []keyring.Purpose{keyring.UnknownAddress},
		reseal: (*Service).deleteOutdatedThrottles,
	},
}

// activityPurposes are the purposes of the activity log, which [audit.Log.ResealBatch] handles.
var activityPurposes = []keyring.Purpose{
	keyring.ActivityEntry, keyring.ActivityAnchor, keyring.ActivityHead, keyring.ActivityCheckpoint,
	keyring.ActivityResealing, keyring.FormerCheckpoint,
}

// RotatedPurposes returns the purposes of the server key that a rotation handles.
func RotatedPurposes() []keyring.Purpose {
	all := slices.Clone(activityPurposes)
	for _, part := range rotationParts {
		all = append(all, part.purposes...)
	}
	return all
}

// reseal seals all data again with the current key, proves that the former key is not needed, and
// retires it.
func (r *keyRotation) reseal(ctx context.Context) error {
	keys, err := r.useKeys(ctx)
	if err != nil {
		return err
	}
	for _, k := range keys {
		switch k.State {
		case keyring.Current:
			r.result.New = k
		case keyring.Retiring:
			r.result.Old = k
		}
	}
	// A server may use the former key for counters until it has read the database again.
	if age := r.now().Sub(r.result.New.Since); age < keyAnswerTime {
		if err := r.options.Wait(ctx, keyAnswerTime-age); err != nil {
			return err
		}
	}
	var unreadable []string
	for _, part := range rotationParts {
		found, err := r.resealPart(ctx, part)
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		unreadable = append(unreadable, found...)
	}
	if err := r.resealActivity(ctx); err != nil {
		return err
	}
	if r.options.Accept {
		r.result.Discarded = unreadable
	} else if len(unreadable) > 0 {
		return fmt.Errorf("%w: %s", ErrUnreadable, strings.Join(unreadable, ", "))
	}
	if err := r.prove(ctx); err != nil {
		return err
	}
	return r.retire(ctx)
}

// resealPart seals a part of the data again. It returns what could not be opened.
func (r *keyRotation) resealPart(ctx context.Context, part rotationPart) (unreadable []string, err error) {
	rows := 0
	for after := int64(0); ; {
		var batch keyring.Resealed
		err := r.store.Write(ctx, func(ctx context.Context, tx *account.Tx) (err error) {
			batch, err = part.reseal(r.Service, ctx, tx, after, r.options.Accept)
			return err
		})
		if err != nil {
			return unreadable, err
		}
		rows += batch.Rows
		unreadable = append(unreadable, batch.Unreadable...)
		if batch.Last == 0 {
			break
		}
		after = batch.Last
	}
	r.result.Rows += rows
	r.say("%s: %d sealed again", part.name, rows)
	return unreadable, nil
}

// deleteOutdatedThrottles deletes the counters of addresses without an account that were made with
// former keys. They can't be made again without the addresses, and new ones take their place.
func (s *Service) deleteOutdatedThrottles(
	ctx context.Context, tx *account.Tx, after int64, _ bool,
) (keyring.Resealed, error) {
	id, err := tx.SealingKey(ctx)
	if err != nil {
		return keyring.Resealed{}, err
	}
	n, err := tx.DeleteOutdatedThrottles(ctx, lockout.UnknownSubjects(id), resealRows)
	done := keyring.Resealed{Rows: n}
	if n == resealRows {
		done.Last = after + 1 // only says that there may be more
	}
	return done, err
}

// resealActivity seals the activity log again.
func (r *keyRotation) resealActivity(ctx context.Context) error {
	for {
		var progress audit.ResealProgress
		err := r.store.Write(ctx, func(ctx context.Context, tx *account.Tx) (err error) {
			progress, err = r.Log.ResealBatch(ctx, tx, r.options.Accept)
			return err
		})
		if err != nil {
			return err
		}
		r.say("activity log: sealed again up to number %d of %d", progress.Number, progress.Head)
		if progress.Done {
			return nil
		}
	}
}

// prove verifies the activity log with the current key alone, and counts what other keys seal.
func (r *keyRotation) prove(ctx context.Context) error {
	r.say("verifying the activity log with the new key alone")
	report, err := r.Log.VerifyWithKey(ctx, r.result.New.ID, nil)
	if err != nil {
		return err
	}
	r.result.Log, r.result.Checkpoint = report, report.Checkpoint
	if report.FindingCount > 0 && !r.options.Accept {
		return fmt.Errorf("%w: there are %d findings", account.ErrActivityChanged, report.FindingCount)
	}
	uses, err := r.store.KeyUses(ctx)
	if err != nil {
		return err
	}
	for _, u := range uses {
		if u.KeyID != r.result.New.ID {
			return fmt.Errorf("%w: %s has %d rows of the key %s", ErrKeyInUse, u.Table, u.Rows, u.KeyID)
		}
	}
	return nil
}

// retire ends the use of all former keys.
func (r *keyRotation) retire(ctx context.Context) error {
	err := r.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		keys, err := tx.LockServerKeys(ctx)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if !isRetiring(k) {
				continue
			}
			event := keyEvent(account.ActionServerKeyRetire, k, r.result.New)
			if len(r.result.Discarded) > 0 {
				event.Changes = append(event.Changes,
					account.FieldChange{Field: "discarded", To: strings.Join(r.result.Discarded, ", ")})
			}
			k.State, k.Since = keyring.Retired, r.now()
			if err := tx.SaveServerKey(ctx, k); err != nil {
				return err
			}
			if err := r.Log.RecordAs(ctx, tx, account.Operator, event); err != nil {
				return err
			}
		}
		return tx.DeleteKeyHolders(ctx)
	})
	if err != nil {
		return err
	}
	_, err = r.useKeys(ctx)
	return err
}
