package recovery

import (
	"context"
	"net/url"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// maxTokens is the number of valid tokens that a user may have of each kind (recovery or
// invitation). A new token replaces the oldest.
const maxTokens = 3

// issueToken stores a new token with which a user can choose a password. It deletes the
// user's oldest tokens of this kind, so that at most maxTokens are left. It returns the
// content of the message with the token, and the time when the token expires.
func (s *Recovery) issueToken(
	ctx context.Context, tx *account.Tx, userID int64, kind account.MailKind, lifetime time.Duration,
) (account.MailContent, time.Time, error) {
	if err := tx.LimitRecoveries(ctx, userID, kind, maxTokens-1); err != nil {
		return account.MailContent{}, time.Time{}, err
	}
	text, hash, err := token.New(token.Recovery, s.random)
	if err != nil {
		return account.MailContent{}, time.Time{}, err
	}
	now := s.now()
	r := account.Recovery{UserID: userID, Kind: kind, Created: now, Expires: now.Add(lifetime)}
	if err := tx.InsertRecovery(ctx, r, hash); err != nil {
		return account.MailContent{}, time.Time{}, err
	}
	public, err := s.settings.PublicURLFrom(ctx, tx)
	if err != nil {
		return account.MailContent{}, time.Time{}, err
	}
	content := account.MailContent{Token: text.Reveal(), Link: resetLink(public, text.Reveal()), Lifetime: lifetime}
	return content, r.Expires, nil
}

// resetLink returns the link to the page where the user enters a new password, with the
// token. It returns "" if there is no public URL: the Host header of a request is no
// substitute, because an attacker could choose it.
func resetLink(public *url.URL, recovery string) string {
	if public == nil {
		return ""
	}
	return public.JoinPath("reset-password").String() + "?token=" + recovery
}

// liveRecovery returns the stored recovery for a token's hash and locks its user. Because
// of the lock, only one of two concurrent requests can use the token. liveRecovery fails
// with [account.ErrNotFound] if the token is unknown, used or expired, or if the user is
// not active and local. The user may have no password yet.
func (s *Recovery) liveRecovery(ctx context.Context, tx *account.Tx, hash token.Hash) (account.Recovery, error) {
	found, err := tx.RecoveryByHash(ctx, hash)
	if err != nil {
		return account.Recovery{}, err
	}
	if err := tx.LockUsers(ctx, found.UserID); err != nil {
		return account.Recovery{}, err
	}
	r, err := tx.RecoveryByHash(ctx, hash)
	if err != nil {
		return account.Recovery{}, err
	}
	c, err := tx.Credential(ctx, r.UserID)
	if err == nil && (!c.Active || c.Provider != account.ProviderLocal || !s.now().Before(r.Expires)) {
		err = account.ErrNotFound
	}
	return r, err
}

// rejectToken counts an invalid token as a failed sign-in from the client network. It
// returns the error for the client.
func (s *Recovery) rejectToken(ctx context.Context, clientNetwork string) error {
	err := s.store.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx *account.Tx) error {
		return s.auth.FailNetwork(ctx, tx, clientNetwork, s.now())
	})
	if err != nil {
		return err
	}
	return &account.Error{
		Code:    account.CodeInvalidRecoveryToken,
		Message: "The recovery token is not valid, was used, or is too old. Ask for a new message.",
		Details: []account.Detail{{Path: "/token", Message: "is not a token that can be used now"}},
	}
}
