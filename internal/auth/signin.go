package auth

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

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
func (s *Auth) SignIn(ctx context.Context, email string, password secret.Text, from account.Origin) (SignInResult, error) {
	if err := account.ValidateTypedPassword(password, "/password"); err != nil {
		return SignInResult{}, err
	}
	find := func(ctx context.Context, r account.Reader) (account.Credential, error) {
		// An address of no valid form is looked up like any other, as one that
		// no account has.
		key, _ := account.ParseEmail(email)
		return r.CredentialByEmail(ctx, key)
	}
	var in SignInResult
	err := s.verifyPassword(ctx, attempt{find, s.unknownSubject(email), password, from.ClientNetwork},
		func(ticket *passhash.Slot, c account.Credential) (onMatch, error) {
			rehashed, err := s.rehash(ctx, ticket, c, password)
			if err != nil {
				return nil, err
			}
			text, hash, err := token.New(from.Channel.SessionTokenKind(), s.random)
			if err != nil {
				return nil, err
			}
			in = SignInResult{UserID: c.UserID, Token: text, NeedPasswordReset: c.NeedPasswordReset}
			return func(ctx context.Context, tx account.Tx, now time.Time) error {
				if rehashed != "" {
					if err := tx.SetPassword(ctx, c.UserID, rehashed, c.NeedPasswordReset, now); err != nil {
						return err
					}
				}
				session := account.Session{
					UserID: c.UserID, Created: now, LastSeen: now, ClientNetwork: from.ClientNetwork, Device: deviceName(from.Device),
				}
				id, err := tx.InsertSession(ctx, session, hash)
				if err != nil {
					return err
				}
				actor := account.Actor{ID: c.UserID, Name: c.Email, Credential: account.CredentialRef{Kind: account.CredentialPassword}, ClientNetwork: from.ClientNetwork}
				return s.audit.RecordAs(ctx, tx, actor, account.Event{Action: account.ActionSignIn, Target: account.Target{Kind: access.EntitySession, ID: id, Name: c.Email}})
			}, nil
		})
	if err != nil {
		return SignInResult{}, err
	}
	return in, nil
}

// rehash returns a new hash of a password that was verified, if the costs have
// changed since the old one was made, else "".
func (s *Auth) rehash(ctx context.Context, ticket *passhash.Slot, c account.Credential, password secret.Text) (string, error) {
	if !s.passwords.Outdated(c.PasswordHash) {
		return "", nil
	}
	return ticket.Hash(ctx, account.NormalizePassword(password))
}
