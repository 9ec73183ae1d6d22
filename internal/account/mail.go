package account

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/net/idna"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// MailKind says what a message is for.
type MailKind string

// The kinds.
const (
	MailRecovery   MailKind = "recovery"   // a token for a new password
	MailInvitation MailKind = "invitation" // a token for the first password
	MailNewAPIKey  MailKind = "new-api-key"
	MailTest       MailKind = "test" // of the settings; never in the outbox
)

// MailState is how far a message has come.
type MailState string

// The states, in their order. A message that was requested for nobody is deleted.
const (
	MailRequested MailState = "requested" // nobody has looked for the account yet
	MailReady     MailState = "ready"     // rendered and sealed, to be delivered
	MailDelivered MailState = "delivered"
	MailFailed    MailState = "failed" // given up
)

// Mail is a row of the outbox.
type Mail struct {
	ID            int64
	Kind          MailKind
	State         MailState
	Address       string // as it was typed; forgotten once the account is found
	ClientNetwork string // network address that asked
	UserID        int64  // 0: not looked up yet
	Recipient     string // the stored address of the user
	Sealed        keyring.Sealed
	Attempts      int
	Created       time.Time
	NextAttempt   time.Time
	Expires       time.Time // when it is no use to deliver it any more
	Finished      time.Time // delivered or given up; zero before
	LastError     string    // a short cause, for people
}

const (
	mailPurpose = "mail" // of the server key

	// claimLife is how long a worker has for one attempt. A crash in an attempt
	// delays the next one by this; transports give up well before.
	claimLife = time.Minute
)

// mailBackoff is how long to wait after each failed attempt; the last repeats.
var mailBackoff = []time.Duration{
	5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour,
}

// MailQueued receives when there may be a message to deliver.
func (s *Service) MailQueued() <-chan struct{} { return s.mailQueued }

func (s *Service) wakeMail() {
	select {
	case s.mailQueued <- struct{}{}:
	default: // it has been woken already
	}
}

// ListMail returns the newest messages of the outbox, never what they say.
func (s *Service) ListMail(ctx context.Context, caller *Principal) ([]Mail, error) {
	const most = 200
	if err := Allow(caller, access.ActionRead, access.EntityMail, access.All); err != nil {
		return nil, err
	}
	return s.store.Mails(ctx, most)
}

// Mail returns one message of the outbox, never what it says.
func (s *Service) Mail(ctx context.Context, caller *Principal, id int64) (Mail, error) {
	if err := Allow(caller, access.ActionRead, access.EntityMail, access.All); err != nil {
		return Mail{}, err
	}
	m, err := s.store.Mail(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Mail{}, NotFound()
	}
	return m, err
}

// ClaimMail gives the next message that is due to its caller for one attempt, or
// nil when none is. The caller reports the outcome with [Service.MailDelivered]
// or [Service.MailFailed]; if it never does, the message comes up again. However
// many ask at once, on however many servers, each message goes to one of them.
func (s *Service) ClaimMail(ctx context.Context) (*Delivery, error) {
	for {
		if _, err := s.store.DueMail(ctx, s.now()); err != nil { // a look that needs no transaction
			return nil, unlessNotFound(err)
		}
		var m Mail
		var d *Delivery
		err := s.store.Write(ctx, func(ctx context.Context, tx Tx) (err error) {
			if m, err = tx.LockDueMail(ctx, s.now()); err != nil {
				return err
			}
			if m.State == MailRequested {
				d, err = nil, s.prepareMail(ctx, tx, m)
			} else {
				d, err = s.claim(ctx, tx, m)
			}
			return err
		})
		switch {
		case errors.Is(err, ErrNotFound): // others were faster
			return nil, nil
		case err != nil && m.State == MailRequested && ErrorCode(err) == CodeInternal:
			s.log.ErrorContext(ctx, "a message cannot be written", "mail", m.ID, "error", err)
			err = s.postponeMail(ctx, m)
		}
		if err != nil || d != nil {
			return d, err
		}
	}
}

// prepareMail looks up whom a requested message, which is locked, is for, and
// renders it, or deletes it when it is for nobody.
func (s *Service) prepareMail(ctx context.Context, tx Tx, m Mail) error {
	now := s.now()
	key, _ := ParseEmail(m.Address)
	c, err := lockByEmail(ctx, tx, key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	sent := 0
	if err == nil {
		if sent, err = tx.CountMails(ctx, c.UserID, m.Kind, now.Add(-recoveryMailWindow)); err != nil {
			return err
		}
	}
	if !c.Active || c.Provider != ProviderLocal || sent >= recoveriesAnHour || !now.Before(m.Expires) {
		s.log.InfoContext(ctx, "recovery is not sent", "mail", m.ID, "user", c.UserID, "active", c.Active, "sent_this_hour", sent)
		return tx.DeleteMail(ctx, m.ID)
	}
	content, expires, err := s.newRecovery(ctx, tx, c.UserID, MailRecovery, RecoveryLifetime)
	if err != nil {
		return err
	}
	content.ClientNetwork = m.ClientNetwork
	return s.writeMail(ctx, tx, m, User{ID: c.UserID, Name: c.Name, Email: c.Email}, content, expires)
}

// newRecovery makes a token with which a user chooses a password, in place of the
// oldest of its kind, and what a message tells of it.
func (s *Service) newRecovery(ctx context.Context, tx Tx, userID int64, kind MailKind, life time.Duration) (MailContent, time.Time, error) {
	if err := tx.LimitRecoveries(ctx, userID, kind, maxRecoveries-1); err != nil {
		return MailContent{}, time.Time{}, err
	}
	text, hash, err := token.New(token.Recovery, s.random)
	if err != nil {
		return MailContent{}, time.Time{}, err
	}
	now := s.now()
	r := Recovery{UserID: userID, Kind: kind, Created: now, Expires: now.Add(life)}
	if err := tx.InsertRecovery(ctx, r, hash); err != nil {
		return MailContent{}, time.Time{}, err
	}
	public, err := s.publicURL(ctx, tx)
	if err != nil {
		return MailContent{}, time.Time{}, err
	}
	return MailContent{Token: text.Reveal(), Link: resetLink(public, text.Reveal()), Lifetime: life}, r.Expires, nil
}

// writeMail renders and seals a message that was requested.
func (s *Service) writeMail(ctx context.Context, tx Tx, requested Mail, to User, content MailContent, expires time.Time) error {
	content.Name = to.Name
	public, err := s.publicURL(ctx, tx)
	if err != nil {
		return err
	}
	message, err := s.renderer.Render(requested.Kind, content)
	if err != nil {
		return fmt.Errorf("render the message %s: %w", requested.Kind, err)
	}
	message.To, message.Date = to.Email, s.now()
	if message.ID, err = s.messageID(requested.ID, public); err != nil {
		return err
	}
	ready := requested
	ready.State, ready.Address, ready.UserID, ready.Recipient, ready.Expires = MailReady, "", to.ID, to.Email, expires
	if ready.Sealed, err = s.seal(requested.ID, message); err != nil {
		return err
	}
	return tx.UpdateMail(ctx, ready, requested)
}

// postponeMail puts off a message that could not be prepared, for a fault of
// ours, so that it does not keep back those behind it.
func (s *Service) postponeMail(ctx context.Context, m Mail) error {
	later := m
	later.NextAttempt = s.now().Add(time.Minute)
	later.LastError = "the message could not be written"
	return unlessNotFound(s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		return tx.UpdateMail(ctx, later, m)
	}))
}

// sendMail puts a message to a user, which nobody asked for with an address, into
// the outbox. It is of no use after expires.
func (s *Service) sendMail(ctx context.Context, tx Tx, kind MailKind, to User, content MailContent, expires time.Time) error {
	now := s.now()
	requested := Mail{
		Kind: kind, State: MailRequested, ClientNetwork: content.ClientNetwork, Created: now, NextAttempt: now, Expires: expires,
	}
	id, err := tx.InsertMail(ctx, requested)
	if err != nil {
		return err
	}
	requested.ID = id
	return s.writeMail(ctx, tx, requested, to, content, expires)
}

// resetLink is built from the public URL alone, never from a request; nil: there
// is no link.
func resetLink(public *url.URL, recovery string) string {
	if public == nil {
		return ""
	}
	return public.JoinPath("reset-password").String() + "?token=" + recovery
}

// messageID makes a Message-ID (RFC 5322, 3.6.4). It is made once, so a reader's
// mail program recognises a message that came twice.
func (s *Service) messageID(mailID int64, public *url.URL) (string, error) {
	random := make([]byte, 8)
	if _, err := io.ReadFull(s.random, random); err != nil {
		return "", fmt.Errorf("read random: %w", err)
	}
	return fmt.Sprintf("%d.%s@%s", mailID, hex.EncodeToString(random), mailHost(public)), nil
}

// mailHost is the host that makes message ids unique: that of the public URL, if
// it is a name that a message id may have.
func mailHost(public *url.URL) string {
	if public == nil {
		return "localhost"
	}
	host, err := idna.Lookup.ToASCII(public.Hostname())
	if _, notIP := netip.ParseAddr(host); err != nil || host == "" || notIP == nil {
		return "localhost"
	}
	return host
}

func mailContext(id int64) string { return "mail|" + strconv.FormatInt(id, 10) }

func (s *Service) seal(mailID int64, m Message) (keyring.Sealed, error) {
	plain, err := json.Marshal(m)
	if err != nil {
		return keyring.Sealed{}, fmt.Errorf("encode a message: %w", err)
	}
	return s.keys.Seal(mailPurpose, mailContext(mailID), plain)
}

// claim counts an attempt before it is made and puts the next one off, so that
// no other worker makes it too. It returns nil when the message is given up.
func (s *Service) claim(ctx context.Context, tx Tx, m Mail) (*Delivery, error) {
	now := s.now()
	claimed := m
	if !now.Before(m.Expires) {
		claimed.LastError = "it could not be delivered while it was of use"
		return nil, s.finishMail(ctx, tx, claimed, m, MailFailed)
	}
	plain, err := s.keys.Open(mailPurpose, mailContext(m.ID), m.Sealed)
	d := &Delivery{MailID: m.ID, Attempt: m.Attempts + 1}
	if err == nil {
		err = json.Unmarshal(plain, &d.Message)
	}
	if err != nil {
		claimed.LastError = "the stored message cannot be opened"
		return nil, s.finishMail(ctx, tx, claimed, m, MailFailed)
	}
	claimed.Attempts = d.Attempt
	claimed.NextAttempt = now.Add(claimLife)
	if err := tx.UpdateMail(ctx, claimed, m); err != nil {
		return nil, err
	}
	return d, nil
}

// finishMail moves a message to its last state and forgets what it said.
func (s *Service) finishMail(ctx context.Context, tx Tx, m, was Mail, state MailState) error {
	m.State, m.Finished, m.Sealed = state, s.now(), keyring.Sealed{}
	return tx.UpdateMail(ctx, m, was)
}

// MailDelivered records that a claimed message has left. It does nothing when
// the claim is over.
func (s *Service) MailDelivered(ctx context.Context, d *Delivery) error {
	return s.settleMail(ctx, d, func(ctx context.Context, tx Tx, m Mail) error {
		done := m
		done.LastError = ""
		return s.finishMail(ctx, tx, done, m, MailDelivered)
	})
}

// MailFailed records that an attempt failed, for a cause that people may read,
// and when to try again: never if the failure is permanent. It does nothing when
// the claim is over.
func (s *Service) MailFailed(ctx context.Context, d *Delivery, cause string, permanent bool) error {
	return s.settleMail(ctx, d, func(ctx context.Context, tx Tx, m Mail) error {
		failed := m
		failed.LastError = cause
		failed.NextAttempt = s.now().Add(mailBackoff[min(d.Attempt, len(mailBackoff))-1])
		if permanent || !failed.NextAttempt.Before(m.Expires) {
			return s.finishMail(ctx, tx, failed, m, MailFailed)
		}
		return tx.UpdateMail(ctx, failed, m)
	})
}

// settleMail runs f on the row of a delivery, unless somebody else has claimed
// it since: what became of it is theirs to say.
func (s *Service) settleMail(ctx context.Context, d *Delivery, f func(context.Context, Tx, Mail) error) error {
	return unlessNotFound(s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		m, err := tx.Mail(ctx, d.MailID)
		if err != nil || m.State != MailReady || m.Attempts != d.Attempt {
			return err
		}
		return f(ctx, tx, m)
	}))
}
