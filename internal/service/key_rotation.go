package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

const (
	// KeyRefreshInterval is how often a server calls [Service.RefreshKeys].
	KeyRefreshInterval = time.Second
	// keyAnswerTime is how long a rotation waits for the answers of servers, and for servers to
	// use a new key. A server that does not read the database in this time can't use it either.
	keyAnswerTime = 5 * KeyRefreshInterval
	// keyAnswerPoll is how often a rotation reads the answers.
	keyAnswerPoll = KeyRefreshInterval / 2
	// resealRows is the number of rows that one transaction seals again.
	resealRows = 100
)

// Errors of [Service.RotateKey].
var (
	// ErrNoNewKey means that this process has no key that the database does not know, or more
	// than one.
	ErrNoNewKey = errors.New("there must be exactly one new server key")
	// ErrKeyNotHeld means that a running server does not have the new key.
	ErrKeyNotHeld = errors.New("not every server has the new key")
	// ErrUnreadable means that some ciphertexts can't be opened, so the former key stays.
	ErrUnreadable = errors.New("some secrets cannot be opened with the server keys")
	// ErrKeyInUse means that the former key still seals something.
	ErrKeyInUse = errors.New("the former server key is still in use")
)

// KeyRotation are the options of [Service.RotateKey]. The zero value is valid.
type KeyRotation struct {
	// External is a checkpoint of the activity log from outside the database, or nil.
	External *account.Checkpoint
	// Servers is the number of servers that must have the new key; 0 means those that answer.
	Servers int
	// Accept continues although the activity log was tampered with, or secrets can't be opened.
	// Entries are then sealed as they are, and these secrets are deleted.
	Accept bool
	// Wait waits for a time. nil means the machine's clock.
	Wait func(context.Context, time.Duration) error
	// Progress is called with what the rotation does. It may be nil.
	Progress func(text string)
}

// KeyRotationResult is the result of [Service.RotateKey].
type KeyRotationResult struct {
	Old, New   keyring.StoredKey
	Rows       int                 // rows that were sealed again, without entries of the activity log
	Discarded  []string            // secrets that could not be opened, and were deleted
	Log        audit.Report        // verification of the activity log: with findings if the rotation failed for them
	Checkpoint *account.Checkpoint // replaces the checkpoints that are kept elsewhere; nil: nothing is sealed
}

// RotateKey replaces the current server key by a new one: the key that this process has and that
// the database does not know. It verifies the activity log, waits until all running servers have
// the new key, makes it the current one, seals all data again, and retires the former key. Servers
// may run meanwhile. After a failure or a crash, another call continues.
//
// It fails with [account.ErrActivityChanged], [ErrNoNewKey], [ErrKeyNotHeld], [ErrUnreadable] and
// [ErrKeyInUse].
func (s *Service) RotateKey(ctx context.Context, o KeyRotation) (KeyRotationResult, error) {
	r := &keyRotation{Service: s, options: o}
	if r.options.Wait == nil {
		r.options.Wait = wait
	}
	if r.options.Progress == nil {
		r.options.Progress = func(string) {}
	}
	err := r.run(ctx)
	return r.result, err
}

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// keyRotation is one run of a rotation.
type keyRotation struct {
	*Service
	options KeyRotation
	result  KeyRotationResult
}

func (r *keyRotation) run(ctx context.Context) error {
	keys, err := r.useKeys(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(keys, isRetiring) {
		if err := r.verifyLog(ctx); err != nil {
			return err
		}
		announced, err := r.announce(ctx)
		if err != nil {
			return err
		}
		if err := r.awaitHolders(ctx, announced); err != nil {
			return errors.Join(err, r.withdraw(ctx))
		}
		if err := r.promote(ctx, announced); err != nil {
			return err
		}
	}
	return r.reseal(ctx)
}

func isRetiring(k keyring.StoredKey) bool { return k.State == keyring.Retiring }

func (r *keyRotation) say(format string, args ...any) {
	r.options.Progress(fmt.Sprintf(format, args...))
}

// verifyLog verifies the activity log with the keys in use. A rotation must not seal again what
// somebody has forged.
func (r *keyRotation) verifyLog(ctx context.Context) (err error) {
	r.say("verifying the activity log")
	r.result.Log, err = r.Log.VerifyActivity(ctx, r.options.External, nil)
	if err != nil || r.options.Accept {
		return err
	}
	if n := r.result.Log.FindingCount; n > 0 {
		return fmt.Errorf("%w: there are %d findings", account.ErrActivityChanged, n)
	}
	return nil
}

// announce stores the new key as announced, so that servers answer whether they have it.
func (r *keyRotation) announce(ctx context.Context) (announced keyring.StoredKey, err error) {
	unknown, err := r.UnknownKeys(ctx)
	if err != nil {
		return announced, err
	}
	err = r.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		keys, err := tx.LockServerKeys(ctx)
		if err != nil {
			return err
		}
		isAnnounced := func(k keyring.StoredKey) bool { return k.State == keyring.Announced }
		switch i := slices.IndexFunc(keys, isAnnounced); {
		case i >= 0 && r.keys.Matches(keys[i].Check):
			announced = keys[i]
		case len(unknown) == 1:
			announced = keyring.StoredKey{Check: unknown[0]}
		default:
			return fmt.Errorf("%w; this process has %d", ErrNoNewKey, len(unknown))
		}
		for _, k := range keys { // an announcement of another key, which nobody continues
			if isAnnounced(k) && k.ID != announced.ID {
				k.State, k.Since = keyring.Retired, r.now()
				if err := tx.SaveServerKey(ctx, k); err != nil {
					return err
				}
			}
		}
		announced.State, announced.Since = keyring.Announced, r.now()
		if err := tx.DeleteKeyHolders(ctx); err != nil {
			return err
		}
		return tx.SaveServerKey(ctx, announced)
	})
	if err != nil {
		return announced, err
	}
	_, err = r.useKeys(ctx) // the ring accepts the new key from now on
	return announced, err
}

// withdraw deletes the answers to the announcement. The announced key stays, for the next run.
func (r *keyRotation) withdraw(ctx context.Context) error {
	return r.store.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx *account.Tx) error {
		return tx.DeleteKeyHolders(ctx)
	})
}

// awaitHolders waits for the answers of servers. It fails with [ErrKeyNotHeld] when one lacks the
// new key, or when fewer have it than they should.
func (r *keyRotation) awaitHolders(ctx context.Context, announced keyring.StoredKey) error {
	r.say("asking the running servers for the new key %s", announced.ID)
	var have, lack []string
	for waited := time.Duration(0); waited < keyAnswerTime; waited += keyAnswerPoll {
		if err := r.options.Wait(ctx, keyAnswerPoll); err != nil {
			return err
		}
		holders, err := r.store.KeyHolders(ctx, announced.ID, announced.Since)
		if err != nil {
			return err
		}
		have, lack = nil, nil
		for _, h := range holders {
			if h.Holds {
				have = append(have, h.Server)
			} else {
				lack = append(lack, h.Server)
			}
		}
	}
	switch {
	case len(lack) > 0:
		return fmt.Errorf("%w: %s", ErrKeyNotHeld, strings.Join(lack, "; "))
	case len(have) < r.options.Servers:
		return fmt.Errorf("%w: %d of %d have answered: %s", ErrKeyNotHeld, len(have), r.options.Servers,
			strings.Join(have, "; "))
	case len(have) == 0:
		r.say("no server has answered")
	default:
		r.say("all servers that have answered have it: %s", strings.Join(have, "; "))
	}
	return nil
}

// promote makes the announced key the current one. From its commit on, no transaction of any
// process seals with the former key.
func (r *keyRotation) promote(ctx context.Context, announced keyring.StoredKey) error {
	err := r.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		if _, err := tx.LockChain(ctx); err != nil { // the sealer locks the chain before the key, too
			return err
		}
		keys, err := tx.LockServerKeys(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(keys, func(k keyring.StoredKey) bool { return k.State == keyring.Current })
		j := slices.IndexFunc(keys, func(k keyring.StoredKey) bool { return k.ID == announced.ID })
		if i < 0 || j < 0 || keys[j].State != keyring.Announced || !keys[j].Since.Equal(announced.Since) {
			return fmt.Errorf("%w: another rotation is under way", ErrNoNewKey)
		}
		former, current := keys[i], keys[j]
		former.State, former.Since = keyring.Retiring, r.now()
		current.State, current.Since = keyring.Current, r.now()
		if err := tx.SaveServerKey(ctx, former); err != nil {
			return err
		}
		if err := tx.SaveServerKey(ctx, current); err != nil {
			return err
		}
		if err := r.Log.BeginResealing(ctx, tx, r.options.Accept); err != nil {
			return err
		}
		event := keyEvent(account.ActionServerKeyRotate, former, current)
		if findings := r.result.Log.Findings; len(findings) > 0 {
			event.Changes = append(event.Changes, account.FieldChange{Field: "acceptedFindings", To: listFindings(findings)})
		}
		return r.Log.RecordAs(ctx, tx, account.Operator, event)
	})
	if err != nil {
		return err
	}
	_, err = r.useKeys(ctx)
	return err
}

// keyEvent returns the event of the activity log about a rotation.
func keyEvent(action account.Action, former, current keyring.StoredKey) account.Event {
	return account.Event{
		Action: action, Target: account.Target{Kind: access.EntityApplicationSettings, Name: "server key"},
		Changes: []account.FieldChange{
			{Field: audit.FieldServerKey, From: former.ID, To: current.ID},
			{
				Field: "serverKeyCheck", From: fmt.Sprintf("%x", former.Value), To: fmt.Sprintf("%x", current.Value),
			},
		},
	}
}

// listFindings returns findings as a text, such as "changed 3-5, missing 9-9".
func listFindings(findings []audit.Finding) string {
	texts := make([]string, len(findings))
	for i, f := range findings {
		texts[i] = fmt.Sprintf("%s %d-%d", f.Kind, f.From, f.To)
	}
	return strings.Join(texts, ", ")
}
