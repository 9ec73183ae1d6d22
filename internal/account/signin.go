package account

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

const (
	maxSlotWait = 2 * time.Second // how long a sign-in waits for parallel ones
	slotRetry   = 50 * time.Millisecond
	maxWaiting  = 16 // sign-ins to one account

	// knownSourceLife is how long a source stays one that an account is known to
	// come from.
	knownNetworkTTL = 30 * 24 * time.Hour
)

// Origin says where a request comes from.
type Origin struct {
	ClientNetwork string // network address: an IPv4 address, or the /64 of an IPv6 one
	Device        string // what the client calls itself
	Channel       Channel
}

// Channel is how a request came. The token of a session is good in the channel of its
// sign-in alone, so that one that leaks is of no use in the other.
type Channel int

// The channels.
const (
	ChannelAPI     Channel = iota
	ChannelConsole         // pages in a browser, which take no API key
)

// session is the kind of token that a sign-in by the channel gives.
func (c Channel) session() token.Kind {
	if c == ChannelConsole {
		return token.Console
	}
	return token.Session
}

// SignedIn is the outcome of a sign-in.
type SignInResult struct {
	UserID            int64
	Token             secret.Text
	NeedPasswordReset bool
}

// SignIn makes a session for who knows the password. An unknown address, a wrong
// password, an inactive and a locked account fail alike with
// CodeInvalidCredentials, after the same work. It fails with CodeTooManyRequests
// where the source failed too often, or parallel sign-ins to the same account
// take too long, and with CodeUnavailable when too many passwords wait to be
// hashed.
func (s *Service) SignIn(ctx context.Context, email string, password secret.Text, from Origin) (SignInResult, error) {
	if err := checkTypedPassword(password, "/password"); err != nil {
		return SignInResult{}, err
	}
	find := func(ctx context.Context, r Reader) (Credential, error) {
		// An address of no valid form is looked up like any other, as one that
		// no account has.
		key, _ := ParseEmail(email)
		return r.CredentialByEmail(ctx, key)
	}
	var in SignInResult
	err := s.verify(ctx, attempt{find, s.unknownSubject(email), password, from.ClientNetwork},
		func(ticket *passhash.Slot, c Credential) (onMatch, error) {
			rehashed, err := s.rehash(ctx, ticket, c, password)
			if err != nil {
				return nil, err
			}
			text, hash, err := token.New(from.Channel.session(), s.random)
			if err != nil {
				return nil, err
			}
			in = SignInResult{UserID: c.UserID, Token: text, NeedPasswordReset: c.NeedPasswordReset}
			return func(ctx context.Context, tx Tx, now time.Time) error {
				if rehashed != "" {
					if err := tx.SetPassword(ctx, c.UserID, rehashed, c.NeedPasswordReset, now); err != nil {
						return err
					}
				}
				session := Session{
					UserID: c.UserID, Created: now, LastSeen: now, ClientNetwork: from.ClientNetwork, Device: deviceName(from.Device),
				}
				id, err := tx.InsertSession(ctx, session, hash)
				if err != nil {
					return err
				}
				actor := Actor{c.UserID, c.Email, CredentialRef{Kind: CredentialPassword}, from.ClientNetwork}
				return s.recordAs(ctx, tx, actor, Event{Action: ActionSignIn, Target: Target{access.EntitySession, id, c.Email}})
			}, nil
		})
	if err != nil {
		return SignInResult{}, err
	}
	return in, nil
}

// rehash returns a new hash of a password that was verified, if the costs have
// changed since the old one was made, else "".
func (s *Service) rehash(ctx context.Context, ticket *passhash.Slot, c Credential, password secret.Text) (string, error) {
	if !s.passwords.Outdated(c.PasswordHash) {
		return "", nil
	}
	return ticket.Hash(ctx, normalPassword(password))
}

// try is one attempt at a password.
type attempt struct {
	find     func(context.Context, Reader) (Credential, error) // the account, or ErrNotFound
	unknown  string                                            // subject where there is no account
	password secret.Text
	source   string
}

// settle writes what follows from a right password, in the transaction that
// settles the try.
type onMatch func(ctx context.Context, tx Tx, now time.Time) error

// verify is the one way in which a password is checked. Whatever the outcome it
// does the same: a place in the hash queue, the limit of the source, one
// look-up, one reservation, one hash, one settling write. For a right password
// of an account that may sign in, right does what else needs the ticket and
// returns what to write. Else verify fails with CodeInvalidCredentials.
func (s *Service) verify(ctx context.Context, t attempt, right func(*passhash.Slot, Credential) (onMatch, error)) error {
	ticket, err := s.acquireHashSlot(t.source)
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

func (s *Service) verifyOnce(ctx context.Context, ticket *passhash.Slot, t attempt, right func(*passhash.Slot, Credential) (onMatch, error)) error {
	held, err := s.reserve(ctx, t)
	if err != nil {
		return err
	}
	hash := held.credential.PasswordHash
	if !held.credential.local() {
		hash = s.passwords.Dummy()
	}
	matches, err := ticket.Verify(ctx, normalPassword(t.password), hash)
	if err != nil { // its caller has gone away; no guess was verified
		return errors.Join(err, s.releaseReservation(ctx, held, true))
	}
	if !matches || !held.credential.Active || held.outcome == throttle.Locked {
		s.log.InfoContext(ctx, "password refused", "cause", held.cause(matches), "user", held.credential.UserID, "source", held.source)
		if err := s.finishFailure(ctx, held); err != nil {
			return err
		}
		return invalidCredentials()
	}
	then, err := right(ticket, held.credential)
	if err != nil {
		return errors.Join(err, s.releaseReservation(ctx, held, false))
	}
	return s.finishSuccess(ctx, held, then)
}

// enter takes a place in the hash queue for a source, or for what else hashes.
func (s *Service) acquireHashSlot(who string) (*passhash.Slot, error) {
	ticket, err := s.passwords.Acquire(who)
	if errors.Is(err, passhash.ErrBusy) {
		return nil, &Error{Code: CodeUnavailable, Message: "Too many sign-ins at once. Try again.", RetryAfter: time.Second, Err: err}
	}
	return ticket, err
}

// hold is a try that was counted before its password is verified.
type reservation struct {
	source     string
	key        string // of the throttle that counted it
	policy     throttle.Policy
	credential Credential // its zero value where there is no account
	outcome    throttle.Outcome
}

// cause says in a word why a password was refused. It is for the log alone.
func (h reservation) cause(matches bool) string {
	switch {
	case h.credential.UserID == 0:
		return "unknown address"
	case h.outcome == throttle.Locked:
		return "locked"
	case !h.credential.local():
		return "no password here"
	case !matches:
		return "wrong"
	}
	return "inactive"
}

// reserve counts the try, and waits a while for a slot when parallel tries take
// all that are left. Only so many wait for one account; who waits in vain, or is
// one too many, fails with CodeTooManyRequests at the cost of its source.
func (s *Service) reserve(ctx context.Context, t attempt) (reservation, error) {
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
	err = s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		return failNetwork(ctx, tx, t.source, s.now())
	})
	if err != nil {
		return reservation{}, err
	}
	return reservation{}, tooMany(maxSlotWait)
}

func (s *Service) reserveOnce(ctx context.Context, t attempt) (h reservation, err error) {
	err = s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		now := s.now()
		policy, err := loadLockoutPolicy(ctx, tx)
		if err != nil {
			return err
		}
		h = reservation{source: t.source, policy: policy}
		if err := checkNetwork(ctx, tx, t.source, now); err != nil {
			return err
		}
		subject := t.unknown
		found, err := t.find(ctx, tx)
		switch {
		case err == nil:
			h.credential, subject = found, throttle.UserSubject(found.UserID)
		case !errors.Is(err, ErrNotFound):
			return err
		}
		known, err := tx.IsKnownNetwork(ctx, h.credential.UserID, t.source, now.Add(-knownNetworkTTL))
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
func checkNetwork(ctx context.Context, tx Tx, source string, now time.Time) error {
	t, err := tx.Throttle(ctx, throttle.NetworkKey(source))
	if err != nil {
		return err
	}
	if t.IsLocked(now) {
		return tooMany(t.LockedUntil.Sub(now))
	}
	return nil
}

// failSource counts a failure of a source.
func failNetwork(ctx context.Context, tx Tx, source string, now time.Time) error {
	t, err := tx.LockThrottle(ctx, throttle.NetworkKey(source))
	if err != nil {
		return err
	}
	t.FailNetwork(now)
	return tx.SaveThrottle(ctx, t)
}

// giveBack ends a reservation whose outcome says nothing of the password. It may
// be at the cost of the source, so that beginning sign-ins is not free.
func (s *Service) releaseReservation(ctx context.Context, h reservation, charge bool) error {
	return s.finish(ctx, h, noUser, func(ctx context.Context, tx Tx, t *throttle.Counter, now time.Time) error {
		if h.policy.Enabled && h.outcome == throttle.Reserved {
			t.Release()
		}
		if !charge {
			return nil
		}
		return failNetwork(ctx, tx, h.source, now)
	})
}

func (s *Service) finishFailure(ctx context.Context, h reservation) error {
	return s.finish(ctx, h, noUser, func(ctx context.Context, tx Tx, t *throttle.Counter, now time.Time) error {
		if h.policy.Enabled && h.outcome == throttle.Reserved {
			t.Fail(now, h.policy)
		}
		if err := s.countFailedSignIn(ctx, tx, h.source, h.credential.UserID, now); err != nil {
			return err
		}
		return failNetwork(ctx, tx, h.source, now)
	})
}

// settleSuccess fails with errHashChanged, and gives the reservation back, when
// the password has to be verified once more.
func (s *Service) finishSuccess(ctx context.Context, h reservation, then onMatch) error {
	changed := false
	err := s.finish(ctx, h, h.credential.UserID, func(ctx context.Context, tx Tx, t *throttle.Counter, now time.Time) error {
		// The account may have changed while the password was verified. From now on
		// it does not.
		c, err := tx.Credential(ctx, h.credential.UserID)
		if errors.Is(err, ErrNotFound) || err == nil && !c.Active {
			return invalidCredentials()
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
func (s *Service) finish(ctx context.Context, h reservation, userID int64, f func(context.Context, Tx, *throttle.Counter, time.Time) error) error {
	return s.store.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx Tx) error {
		if userID != noUser {
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

// truncate cuts text to at most so many bytes, between characters.
func truncate(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && text[most]&0xC0 == 0x80 {
		most--
	}
	return text[:most]
}

// deviceName is what a client calls itself, in text that every database takes: a
// header may have any bytes, and a sign-in that fails for them would tell that the
// password was right.
func deviceName(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	return truncate(text, 256)
}

// unknownSubject is the subject of the throttle for an address without an account.
func (s *Service) unknownSubject(address string) string {
	if key, ok := ParseEmail(address); ok {
		address = string(key)
	}
	return throttle.UnknownSubject(s.keys.MAC("unknown-address", address))
}
