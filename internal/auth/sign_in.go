package auth

import (
	"context"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// SignInResult is the outcome of a successful sign-in.
type SignInResult struct {
	UserID            int64
	Token             secret.Text
	NeedPasswordReset bool
}

// SignIn creates a session for the user with this address and password. It ends the user's oldest
// session when there are more than maxSessions.
//
// It fails with CodeInvalidCredentials for an unknown address, a wrong password, an inactive
// account and a locked account, after the same work in each case. It fails with
// CodeTooManyRequests when the client network failed too often, or when concurrent sign-ins to
// the account take too long. It fails with CodeUnavailable when the hash queue is full.
func (s *Auth) SignIn(
	ctx context.Context, email string, password secret.Text, from account.Origin,
) (SignInResult, error) {
	if err := account.ValidateTypedPassword(password, "/password"); err != nil {
		return SignInResult{}, err
	}
	a := attempt{
		Auth: s, unknownSubject: s.unknownSubject(email), password: password, network: from.ClientNetwork,
		find: func(ctx context.Context, r account.UserReader) (account.Credential, error) {
			// The key of a malformed address is empty, and no account has that key. The look-up
			// happens anyway, so that the response takes the same time.
			key, _ := account.ParseEmail(email)
			return r.CredentialByEmail(ctx, key)
		},
	}
	session := newSession{Auth: s, password: password, from: from}
	if err := a.run(ctx, &session); err != nil {
		return SignInResult{}, err
	}
	return session.result, nil
}

// newSession is the [passwordMatch] that completes a sign-in.
type newSession struct {
	*Auth
	password secret.Text
	from     account.Origin

	rehashed string // the new password hash; "" if the old one stays
	hash     token.Hash
	result   SignInResult
}

func (n *newSession) prepare(ctx context.Context, slot *passhash.Slot, c account.Credential) (err error) {
	n.rehashed = ""
	if n.passwords.NeedsRehash(c.PasswordHash) {
		if n.rehashed, err = slot.Hash(ctx, account.NormalizePassword(n.password)); err != nil {
			return err
		}
	}
	n.result = SignInResult{UserID: c.UserID, NeedPasswordReset: c.NeedPasswordReset}
	n.result.Token, n.hash, err = token.New(n.from.Channel.SessionTokenKind(), n.random)
	return err
}

func (n *newSession) apply(ctx context.Context, tx *account.Tx, c account.Credential, now time.Time) error {
	if n.rehashed != "" {
		if err := tx.SetPassword(ctx, c.UserID, n.rehashed, c.NeedPasswordReset, now); err != nil {
			return err
		}
	}
	id, err := tx.InsertSession(ctx, account.Session{
		UserID: c.UserID, Created: now, LastSeen: now,
		ClientNetwork: n.from.ClientNetwork, Device: deviceName(n.from.Device),
	}, n.hash)
	if err != nil {
		return err
	}
	actor := account.Actor{
		ID: c.UserID, Name: c.Email, ClientNetwork: n.from.ClientNetwork,
		Credential: account.CredentialRef{Kind: account.CredentialPassword},
	}
	event := func(action account.Action, id int64) account.Event {
		return account.Event{
			Action: action, Target: account.Target{Kind: access.EntitySession, ID: id, Name: c.Email},
		}
	}
	events := []account.Event{event(account.ActionSignIn, id)}
	ended, err := tx.LimitSessions(ctx, c.UserID, maxSessions, maxEndedSessions)
	if err != nil {
		return err
	}
	for _, old := range ended {
		events = append(events, event(account.ActionSessionEnd, old))
	}
	return n.audit.RecordAs(ctx, tx, actor, events...)
}

// unknownSubject returns the subject of the counter for an address without an account. The
// subject is a MAC of the address, because the user may have typed a password by mistake.
func (s *Auth) unknownSubject(address string) string {
	if key, ok := account.ParseEmail(address); ok {
		address = string(key)
	}
	mac := s.keys.MAC(keyring.UnknownAddress, address)
	return lockout.UnknownSubject(mac.KeyID, mac.MAC)
}

// maxDeviceBytes limits the stored name of a device.
const maxDeviceBytes = 256

// deviceName returns the client's description of itself as text that every database accepts. A
// header may hold any bytes. The name is stored only after the password was found correct, so an
// error for an invalid name would show that the password is correct.
func deviceName(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	return truncate(text, maxDeviceBytes)
}

// truncate shortens text to at most maxBytes and drops a partial rune.
func truncate(text string, maxBytes int) string {
	if len(text) <= maxBytes {
		return text
	}
	for maxBytes > 0 && text[maxBytes]&0xC0 == 0x80 {
		maxBytes--
	}
	return text[:maxBytes]
}
