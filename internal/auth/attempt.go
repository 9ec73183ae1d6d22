package auth

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

const (
	maxSlotWait = 2 * time.Second // how long a sign-in waits for parallel ones
	slotRetry   = 50 * time.Millisecond
	maxWaiting  = 16 // sign-ins to one account

	// knownSourceLife is how long a source stays one that an account is known to
	// come from.
	KnownNetworkTTL = 30 * 24 * time.Hour
)

// try is one attempt at a password.
type attempt struct {
	find     func(context.Context, account.Reader) (account.Credential, error) // the account, or ErrNotFound
	unknown  string                                                            // subject where there is no account
	password secret.Text
	source   string
}

// settle writes what follows from a right password, in the transaction that
// settles the try.
type onMatch func(ctx context.Context, tx account.Tx, now time.Time) error

// verify is the one way in which a password is checked. Whatever the outcome it
// does the same: a place in the hash queue, the limit of the source, one
// look-up, one reservation, one hash, one settling write. For a right password
// of an account that may sign in, right does what else needs the ticket and
// returns what to write. Else verify fails with CodeInvalidCredentials.
func (s *Auth) verifyPassword(ctx context.Context, t attempt, right func(*passhash.Slot, account.Credential) (onMatch, error)) error {
	ticket, err := s.AcquireHashSlot(t.source)
	if err != nil {
		return err
	}
	defer ticket.Release()
	for {
		err := s.verifyOnce(ctx, ticket, t, right)
		if !errors.Is(err, errHashChanged) {
			return err
		}
	}
}

// errHashChanged means that the hash which a password was verified against is
// not the stored one any more: the password was changed, or another sign-in has
// hashed it anew.
var errHashChanged = errors.New("the hash of the password was changed while it was verified")

func (s *Auth) verifyOnce(ctx context.Context, ticket *passhash.Slot, t attempt, right func(*passhash.Slot, account.Credential) (onMatch, error)) error {
	held, err := s.reserve(ctx, t)
	if err != nil {
		return err
	}
	hash := held.credential.PasswordHash
	if !held.credential.HasLocalPassword() {
		hash = s.passwords.Dummy()
	}
	matches, err := ticket.Verify(ctx, account.NormalizePassword(t.password), hash)
	if err != nil { // its caller has gone away; no guess was verified
		return errors.Join(err, s.releaseReservation(ctx, held, true))
	}
	if !matches || !held.credential.Active || held.outcome == throttle.Locked {
		s.log.InfoContext(ctx, "password refused", "cause", held.cause(matches), "user", held.credential.UserID, "source", held.source)
		if err := s.finishFailure(ctx, held); err != nil {
			return err
		}
		return account.InvalidCredentials()
	}
	then, err := right(ticket, held.credential)
	if err != nil {
		return errors.Join(err, s.releaseReservation(ctx, held, false))
	}
	return s.finishSuccess(ctx, held, then)
}

// enter takes a place in the hash queue for a source, or for what else hashes.
func (s *Auth) AcquireHashSlot(who string) (*passhash.Slot, error) {
	ticket, err := s.passwords.Acquire(who)
	if errors.Is(err, passhash.ErrBusy) {
		return nil, &account.Error{Code: account.CodeUnavailable, Message: "Too many sign-ins at once. Try again.", RetryAfter: time.Second, Err: err}
	}
	return ticket, err
}

// hold is a try that was counted before its password is verified.
type reservation struct {
	source     string
	key        string // of the throttle that counted it
	policy     throttle.Policy
	credential account.Credential // its zero value where there is no account
	outcome    throttle.Outcome
}

// cause says in a word why a password was refused. It is for the log alone.
func (h reservation) cause(matches bool) string {
	switch {
	case h.credential.UserID == 0:
		return "unknown address"
	case h.outcome == throttle.Locked:
		return "locked"
	case !h.credential.HasLocalPassword():
		return "no password here"
	case !matches:
		return "wrong"
	}
	return "inactive"
}

// reserve counts the try, and waits a while for a slot when parallel tries take
// all that are left. Only so many wait for one account; who waits in vain, or is
// one too many, fails with CodeTooManyRequests at the cost of its source.
func (s *Auth) reserve(ctx context.Context, t attempt) (reservation, error) {
	h, err := s.reserveOnce(ctx, t)
	if err != nil || h.outcome != throttle.Full {
		return h, err
	}
	if s.waiting.join(h.key) {
		defer s.waiting.leave(h.key)
		for waited := time.Duration(0); waited < maxSlotWait; waited += slotRetry {
			select {
			case <-ctx.Done():
				return reservation{}, ctx.Err()
			case <-time.After(slotRetry):
			}
			if h, err = s.reserveOnce(ctx, t); err != nil || h.outcome != throttle.Full {
				return h, err
			}
		}
	}
	err = s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		return FailNetwork(ctx, tx, t.source, s.now())
	})
	if err != nil {
		return reservation{}, err
	}
	return reservation{}, account.TooManyRequests(maxSlotWait)
}

func (s *Auth) reserveOnce(ctx context.Context, t attempt) (h reservation, err error) {
	err = s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		now := s.now()
		policy, err := account.LoadLockoutPolicy(ctx, tx)
		if err != nil {
			return err
		}
		h = reservation{source: t.source, policy: policy}
		if err := CheckNetwork(ctx, tx, t.source, now); err != nil {
			return err
		}
		subject := t.unknown
		found, err := t.find(ctx, tx)
		switch {
		case err == nil:
			h.credential, subject = found, throttle.UserSubject(found.UserID)
		case !errors.Is(err, account.ErrNotFound):
			return err
		}
		known, err := tx.IsKnownNetwork(ctx, h.credential.UserID, t.source, now.Add(-KnownNetworkTTL))
		if err != nil {
			return err
		}
		h.key = throttle.Key(subject, t.source, known)
		counter, err := tx.LockThrottle(ctx, h.key)
		if err != nil {
			return err
		}
		if h.policy.Enabled {
			h.outcome = counter.Reserve(now, h.policy)
		}
		return tx.SaveThrottle(ctx, counter)
	})
	return h, err
}

// checkSource fails with CodeTooManyRequests for a source that failed too often.
func CheckNetwork(ctx context.Context, tx account.Tx, source string, now time.Time) error {
	t, err := tx.Throttle(ctx, throttle.NetworkKey(source))
	if err != nil {
		return err
	}
	if t.IsLocked(now) {
		return account.TooManyRequests(t.LockedUntil.Sub(now))
	}
	return nil
}

// failSource counts a failure of a source.
func FailNetwork(ctx context.Context, tx account.Tx, source string, now time.Time) error {
	t, err := tx.LockThrottle(ctx, throttle.NetworkKey(source))
	if err != nil {
		return err
	}
	t.FailNetwork(now)
	return tx.SaveThrottle(ctx, t)
}

// giveBack ends a reservation whose outcome says nothing of the password. It may
// be at the cost of the source, so that beginning sign-ins is not free.
func (s *Auth) releaseReservation(ctx context.Context, h reservation, charge bool) error {
	return s.finish(ctx, h, NoUser, func(ctx context.Context, tx account.Tx, t *throttle.Counter, now time.Time) error {
		if h.policy.Enabled && h.outcome == throttle.Reserved {
			t.Release()
		}
		if !charge {
			return nil
		}
		return FailNetwork(ctx, tx, h.source, now)
	})
}

func (s *Auth) finishFailure(ctx context.Context, h reservation) error {
	return s.finish(ctx, h, NoUser, func(ctx context.Context, tx account.Tx, t *throttle.Counter, now time.Time) error {
		if h.policy.Enabled && h.outcome == throttle.Reserved {
			t.Fail(now, h.policy)
		}
		if err := s.audit.CountFailedSignIn(ctx, tx, h.source, h.credential.UserID, now); err != nil {
			return err
		}
		return FailNetwork(ctx, tx, h.source, now)
	})
}

// settleSuccess fails with errHashChanged, and gives the reservation back, when
// the password has to be verified once more.
func (s *Auth) finishSuccess(ctx context.Context, h reservation, then onMatch) error {
	changed := false
	err := s.finish(ctx, h, h.credential.UserID, func(ctx context.Context, tx account.Tx, t *throttle.Counter, now time.Time) error {
		// The account may have changed while the password was verified. From now on
		// it does not.
		c, err := tx.Credential(ctx, h.credential.UserID)
		if errors.Is(err, account.ErrNotFound) || err == nil && !c.Active {
			return account.InvalidCredentials()
		}
		if err != nil {
			return err
		}
		if changed = c.PasswordHash != h.credential.PasswordHash; changed {
			t.Release()
			return nil
		}
		t.Succeed()
		if err := tx.SaveKnownNetwork(ctx, c.UserID, h.source, now); err != nil {
			return err
		}
		return then(ctx, tx, now)
	})
	if err == nil && changed {
		return errHashChanged
	}
	return err
}

// settle ends a reservation, with that user locked whom the outcome lets in. It
// does so even when the caller has gone away: the outcome is known, and counts.
func (s *Auth) finish(ctx context.Context, h reservation, userID int64, f func(context.Context, account.Tx, *throttle.Counter, time.Time) error) error {
	return s.store.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx account.Tx) error {
		if userID != NoUser {
			if err := tx.LockUsers(ctx, userID); err != nil {
				return err
			}
		}
		t, err := tx.LockThrottle(ctx, h.key)
		if err != nil {
			return err
		}
		if err := f(ctx, tx, &t, s.now()); err != nil {
			return err
		}
		return tx.SaveThrottle(ctx, t)
	})
}

// unknownSubject is the subject of the throttle for an address without an account.
func (s *Auth) unknownSubject(address string) string {
	if key, ok := account.ParseEmail(address); ok {
		address = string(key)
	}
	return throttle.UnknownSubject(s.keys.MAC("unknown-address", address))
}
