package auth

import (
	"context"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
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

// SignIn creates a session for an address and its password.
//
// An unknown address, a wrong password, an inactive and a locked account all fail with
// CodeInvalidCredentials after the same work. SignIn fails with CodeTooManyRequests when
// the client network failed too often, or concurrent sign-ins to the account take too
// long, and with CodeUnavailable when the hash queue is full.
func (s *Auth) SignIn(
	ctx context.Context, email string, password secret.Text, from account.Origin,
) (SignInResult, error) {
	if err := account.ValidateTypedPassword(password, "/password"); err != nil {
		return SignInResult{}, err
	}
	a := attempt{
		Auth: s, unknownSubject: s.unknownSubject(email), password: password, network: from.ClientNetwork,
		find: func(ctx context.Context, r account.UserReader) (account.Credential, error) {
			// A malformed address has the empty key, which no account has. It is looked
			// up like any other.
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

// newSession is the [passwordMatch] of a sign-in.
type newSession struct {
	*Auth
	password secret.Text
	from     account.Origin

	rehashed string // the new password hash; "" keeps the old one
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
	target := account.Target{Kind: access.EntitySession, ID: id, Name: c.Email}
	return n.audit.RecordAs(ctx, tx, actor, account.Event{Action: account.ActionSignIn, Target: target})
}

// unknownSubject returns the counter's subject for an address without an account. It is
// a MAC, so that the database does not hold mistyped addresses.
func (s *Auth) unknownSubject(address string) string {
	if key, ok := account.ParseEmail(address); ok {
		address = string(key)
	}
	return lockout.UnknownSubject(s.keys.MAC("unknown-address", address))
}

// maxDeviceBytes limits the stored name of a device.
const maxDeviceBytes = 256

// deviceName returns the client's name in text that every database accepts. A header may
// hold any bytes. The name is stored only after the password was found correct, so a failure
// to store it would tell that it was.
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
