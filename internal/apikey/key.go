package apikey

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// ExpiredKeyRetention is how long lists still show an expired key.
const ExpiredKeyRetention = 30 * 24 * time.Hour

// hintLength is the number of characters of a key's text that are stored. The owner recognizes the
// key by them. They are the last characters, which are a part of the checksum.
const hintLength = 4

// newAPIKey returns a new key and its text. It doesn't store them.
func (s *Keys) newAPIKey(kind account.APIKeyKind, userID int64) (secret.Text, account.APIKey, error) {
	text, hash, err := token.New(token.APIKey, s.random)
	if err != nil {
		return secret.Text{}, account.APIKey{}, err
	}
	hint := text.Reveal()[len(text.Reveal())-hintLength:]
	return text, account.APIKey{UserID: userID, Kind: kind, Hash: hash, Hint: hint, Created: s.now()}, nil
}

// announceKey records a new key of the caller in the activity log, and sends the caller a mail
// about it.
func (s *Keys) announceKey(ctx context.Context, tx *account.Tx, caller *account.Principal, key account.APIKey) error {
	event := account.Event{
		Action: account.ActionKeyCreate, Target: key.Target(caller.User), Changes: key.LogFields(),
	}
	if err := s.audit.Record(ctx, tx, caller, event); err != nil {
		return err
	}
	content := account.MailContent{KeyName: key.Name, ClientNetwork: caller.From.ClientNetwork}
	return s.outbox.Notify(ctx, tx, account.MailNewAPIKey, caller.User, content)
}

// ListKeys returns the keys of a user, in the order of ids. The list also has expired keys until
// ExpiredKeyRetention after their expiry. ListKeys fails as [account.Allow] does, and with
// CodeNotFound when the user doesn't exist.
func (s *Keys) ListKeys(ctx context.Context, caller *account.Principal, userID int64) ([]account.APIKey, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityAPIKey, userID); err != nil {
		return nil, err
	}
	if _, err := account.FindUser(ctx, s.store, userID, s.now()); err != nil {
		return nil, err
	}
	return s.store.APIKeysOf(ctx, userID)
}

// EndKey ends a named key or a contract key at once. It fails as [auth.EndCredential] does.
func (s *Keys) EndKey(ctx context.Context, caller *account.Principal, id int64) error {
	return auth.EndCredential(ctx, s.auth, caller, auth.Ending[account.APIKey]{
		Entity: access.EntityAPIKey,
		Find: func(ctx context.Context, r auth.CredentialReader) (account.APIKey, error) {
			return r.APIKey(ctx, id)
		},
		Owner:  func(key account.APIKey) int64 { return key.UserID },
		Delete: func(ctx context.Context, tx *account.Tx) error { return tx.DeleteAPIKey(ctx, id) },
		Event: func(key account.APIKey, owner account.User) account.Event {
			return account.Event{
				Action: account.ActionKeyEnd, Target: key.Target(owner), Changes: key.LogFields(),
			}
		},
	})
}
