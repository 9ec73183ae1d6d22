package auth

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const (
	maxSlotWait = 2 * time.Second       // how long an attempt waits for a guess that concurrent attempts hold
	slotRetry   = 50 * time.Millisecond // the interval at which a waiting attempt tries again

	expensiveRetry = 2 * time.Second // when to try again at an account whose hash is expensive

	// KnownNetworkTTL is how long a client network counts as known for an account after the
	// account's last sign-in from that network.
	KnownNetworkTTL = 30 * 24 * time.Hour
)

// attempt is one try at a password. It is counted before the password is verified.
//
// Every attempt does the same work in the same order, whatever its outcome: a slot in the hash
// queue, the limit of the client network, one look-up, one reservation, one hash, one finishing
// transaction. So neither the response nor its timing shows whether the account exists. The
// reservation counts the guess before it is verified, so that concurrent attempts can't exceed
// the lockout policy.
//
// An attempt runs to its end even if its caller disconnects, and holds its hash slot until then. A
// guess therefore costs the same with and without a caller who waits for the answer.
type attempt struct {
	*Auth
	// find looks up the account. It fails with ErrNotFound when there is none.
	find           func(ctx context.Context, r account.UserReader) (account.Credential, error)
	unknownSubject string // subject of the counter when there is no account; see unknownSubject
	password       secret.Text
	network        string // the client network of the request

	reservation reservation
}

// reservation is a guess that is counted while its password is still being verified.
type reservation struct {
	key        string // key of the account's counter
	known      bool   // whether the client network is known for the account
	policy     lockout.Policy
	credential account.Credential // zero when there is no account
	outcome    lockout.Outcome
}

// passwordMatch is what follows when the password is correct: it completes a sign-in or a
// password change.
type passwordMatch interface {
	// prepare runs before the transaction that finishes the attempt. It does the work that needs
	// the hash slot or can fail.
	prepare(ctx context.Context, slot *passhash.Slot, c account.Credential) error
	// apply writes in the transaction that finishes the attempt. It may run more than once.
	apply(ctx context.Context, tx *account.Tx, c account.Credential, now time.Time) error
}

// errHashChanged means that the stored hash changed while the password was verified: the
// password was changed, or another sign-in rehashed it.
var errHashChanged = errors.New("the password hash changed while it was verified")

// run verifies the password, and no other code does that. If the password is that of an active
// account that is not locked, run calls match. Otherwise it fails with CodeInvalidCredentials.
//
// It fails with CodeTooManyRequests when the client network failed too often or concurrent
// attempts take too long. It fails with CodeUnavailable when the hash queue is full, or when too
// many attempts wait for expensive hashes. It also fails as match does.
func (a *attempt) run(ctx context.Context, match passwordMatch) error {
	slot, err := a.AcquireHashSlot(a.network)
	if err != nil {
		return err
	}
	defer slot.Release()
	ctx = context.WithoutCancel(ctx) // the outcome of the guess counts, whether or not the caller waits for it
	for {
		err := a.once(ctx, slot, match)
		if !errors.Is(err, errHashChanged) {
			return err
		}
	}
}

// once runs the attempt as a member of the group of attempts at the same counter. When it ends,
// it counts the refused attempts of the group that turned out to be failures.
func (a *attempt) once(ctx context.Context, slot *passhash.Slot, match passwordMatch) error {
	if err := a.reserve(ctx); err != nil {
		return err
	}
	member := a.parallel.join(a.reservation.key)
	err := a.verifyReserved(ctx, member, slot, match)
	outcome := notVerified
	switch {
	case err == nil, errors.Is(err, errHashChanged):
		outcome = correctPassword
	case account.ErrorCode(err) == account.CodeInvalidCredentials:
		outcome = wrongPassword
	}
	if failErr := a.failNetworks(ctx, member.leave(outcome)); failErr != nil {
		return errors.Join(failErr, err)
	}
	return err
}

func (a *attempt) verifyReserved(
	ctx context.Context, member *groupMember, slot *passhash.Slot, match passwordMatch,
) error {
	if err := a.awaitGuess(ctx, member); err != nil {
		return err
	}
	matches, err := a.verify(ctx, slot)
	if err != nil { // the password was not verified
		return a.release(ctx, busyError(err, expensiveRetry))
	}
	if !matches || !a.reservation.credential.Active || a.reservation.outcome == lockout.Locked {
		a.log.InfoContext(ctx, "password refused", "cause", a.cause(matches),
			"user", a.reservation.credential.UserID, "source", a.network)
		if err := a.finishFailure(ctx); err != nil {
			return err
		}
		return account.InvalidCredentials()
	}
	if err := match.prepare(ctx, slot, a.reservation.credential); err != nil {
		return a.release(ctx, err)
	}
	return a.finishSuccess(ctx, match)
}

// AcquireHashSlot returns a slot in the hash queue for user: a client network, or a name for
// work that has none. It fails with CodeUnavailable when the queue is full.
func (s *Auth) AcquireHashSlot(user string) (*passhash.Slot, error) {
	slot, err := s.passwords.Acquire(user)
	if err != nil {
		return nil, busyError(err, time.Second)
	}
	return slot, nil
}

// busyError returns the error for the client if err is passhash.ErrBusy, else err.
func busyError(err error, retryAfter time.Duration) error {
	if !errors.Is(err, passhash.ErrBusy) {
		return err
	}
	return &account.Error{
		Code: account.CodeUnavailable, RetryAfter: retryAfter, Err: err,
		Message: "Too many sign-ins at once. Try again.",
	}
}

// awaitGuess waits up to maxSlotWait for a guess if concurrent attempts hold all remaining ones.
// It fails with CodeTooManyRequests after that wait, or at once when maxWaiting attempts wait
// already. The attempt then counts as a failure of its client network, unless the network is known
// for the account or a parallel attempt has the correct password.
func (a *attempt) awaitGuess(ctx context.Context, member *groupMember) error {
	if a.reservation.outcome != lockout.Exhausted {
		return nil
	}
	if member.wait() {
		defer member.stopWaiting()
		for waited := time.Duration(0); waited < maxSlotWait; waited += slotRetry {
			<-time.After(slotRetry)
			if err := a.reserve(ctx); err != nil || a.reservation.outcome != lockout.Exhausted {
				return err
			}
		}
	}
	if !a.reservation.known {
		member.refuse(a.network)
	}
	return account.TooManyRequests(maxSlotWait)
}

// reserve counts the attempt as a guess, unless the account is locked or concurrent attempts hold
// all remaining guesses; see the outcome of the reservation. It fails with CodeTooManyRequests
// when the client network failed too often.
func (a *attempt) reserve(ctx context.Context) error {
	return a.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		now := a.now()
		policy, err := account.LoadLockoutPolicy(ctx, tx)
		if err != nil {
			return err
		}
		if err := a.CheckNetwork(ctx, tx, a.network, now); err != nil {
			return err
		}
		r := reservation{policy: policy}
		subject := a.unknownSubject
		found, err := a.find(ctx, tx)
		switch {
		case err == nil:
			r.credential, subject = found, lockout.UserSubject(found.UserID)
		case !errors.Is(err, account.ErrNotFound):
			return err
		}
		r.known, err = tx.IsKnownNetwork(ctx, r.credential.UserID, a.network, now.Add(-KnownNetworkTTL))
		if err != nil {
			return err
		}
		r.key = lockout.SignInKey(subject, a.network, r.known)
		counter, err := tx.LockThrottle(ctx, r.key)
		if err != nil {
			return err
		}
		if policy.Enabled {
			r.outcome = counter.Reserve(now, policy)
		}
		a.reservation = r
		return tx.SaveThrottle(ctx, counter)
	})
}

// verify compares the password with the account's hash. Without a hash it compares with a dummy
// hash, which takes the same time. It does so for a locked account too, since the answer must not
// depend on the password, and since an imported hash would cost more. It fails with
// passhash.ErrBusy when too many attempts wait for expensive hashes.
func (a *attempt) verify(ctx context.Context, slot *passhash.Slot) (matches bool, err error) {
	r := a.reservation
	hash := r.credential.PasswordHash
	if !r.credential.HasLocalPassword() || r.outcome == lockout.Locked {
		hash = a.passwords.DummyHash()
	}
	return slot.Verify(ctx, lockout.UserSubject(r.credential.UserID), account.NormalizePassword(a.password), hash)
}

// cause says in a word why a password was refused, for the server's log only. The response never
// tells the cause.
func (a *attempt) cause(matches bool) string {
	switch c := a.reservation.credential; {
	case c.UserID == 0:
		return "unknown address"
	case a.reservation.outcome == lockout.Locked:
		return "locked"
	case !c.HasLocalPassword():
		return "no password here"
	case !matches:
		return "wrong"
	}
	return "inactive"
}

// release ends the reservation of an attempt that neither succeeded nor failed, and gives the
// guess back. It returns cause, the reason of that.
func (a *attempt) release(ctx context.Context, cause error) error {
	err := a.finish(ctx, NoUser, func(
		_ context.Context, _ *account.Tx, counter *lockout.Counter, _ time.Time,
	) error {
		if a.reservation.policy.Enabled && a.reservation.outcome == lockout.Reserved {
			counter.Release()
		}
		return nil
	})
	if err != nil {
		return errors.Join(cause, err)
	}
	return cause
}

func (a *attempt) finishFailure(ctx context.Context) error {
	return a.finish(ctx, NoUser, func(
		ctx context.Context, tx *account.Tx, counter *lockout.Counter, now time.Time,
	) error {
		r := a.reservation
		if r.policy.Enabled && r.outcome == lockout.Reserved {
			counter.Fail(now, r.policy)
		}
		if err := a.audit.CountFailedSignIn(ctx, tx, a.network, r.credential.UserID, now); err != nil {
			return err
		}
		return a.FailNetwork(ctx, tx, a.network, now)
	})
}

// finishSuccess records the success and applies match. If the stored hash changed meanwhile, it
// releases the reservation and fails with errHashChanged, so that run verifies again.
func (a *attempt) finishSuccess(ctx context.Context, match passwordMatch) error {
	verified := a.reservation.credential
	changed := false
	err := a.finish(ctx, verified.UserID, func(
		ctx context.Context, tx *account.Tx, counter *lockout.Counter, now time.Time,
	) error {
		// The account may have changed during the verification. From here on its lock, which
		// finish took, prevents changes.
		c, err := tx.Credential(ctx, verified.UserID)
		if errors.Is(err, account.ErrNotFound) || err == nil && !c.Active {
			return account.InvalidCredentials()
		}
		if err != nil {
			return err
		}
		if changed = c.PasswordHash != verified.PasswordHash; changed {
			counter.Release()
			return nil
		}
		counter.Succeed()
		if err := tx.SaveKnownNetwork(ctx, c.UserID, a.network, now); err != nil {
			return err
		}
		return match.apply(ctx, tx, verified, now)
	})
	if err == nil && changed {
		return errHashChanged
	}
	return err
}

// finish ends the reservation in one transaction, in which f updates the counter. It locks the
// user first unless userID is NoUser.
func (a *attempt) finish(
	ctx context.Context, userID int64, f func(context.Context, *account.Tx, *lockout.Counter, time.Time) error,
) error {
	return a.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		if userID != NoUser {
			if err := tx.LockUsers(ctx, userID); err != nil {
				return err
			}
		}
		counter, err := tx.LockThrottle(ctx, a.reservation.key)
		if err != nil {
			return err
		}
		if err := f(ctx, tx, &counter, a.now()); err != nil {
			return err
		}
		return tx.SaveThrottle(ctx, counter)
	})
}
