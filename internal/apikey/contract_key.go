package apikey

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// ContractKey returns the text of the caller's contract key, and records in the activity log
// that it was read. It fails as [account.AllowOwn] does, and with CodeNoAPIKey when the caller
// has no contract key. It never creates one.
func (s *Keys) ContractKey(ctx context.Context, caller *account.Principal) (secret.Text, error) {
	self := caller.User.ID
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return account.AllowOwn(caller, access.ActionRead, access.EntityAPIKey)
	})
	if err != nil {
		return secret.Text{}, err
	}
	var text secret.Text
	err = s.auth.UpdateAs(ctx, permit, func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		key, err := tx.ContractKey(ctx, self)
		if errors.Is(err, account.ErrNotFound) {
			return &account.Error{
				Code: account.CodeNoAPIKey, Message: "You have no API key yet. Make one first.",
			}
		}
		if err != nil {
			return err
		}
		if text, err = s.openKey(key); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{
			Action: account.ActionKeyRead, Target: key.Target(caller.User), Changes: key.LogFields(),
		})
	})
	return text, err
}

// RenewContractKey creates a new contract key for the caller and returns its text. It ends the
// previous contract key at once. The caller may authenticate this request with the previous key.
// RenewContractKey fails as [account.AllowOwn] does.
func (s *Keys) RenewContractKey(ctx context.Context, caller *account.Principal) (secret.Text, error) {
	self := caller.User.ID
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return account.AllowOwn(caller, access.ActionCreate, access.EntityAPIKey)
	})
	if err != nil {
		return secret.Text{}, err
	}
	var text secret.Text
	err = s.auth.UpdateUserAs(ctx, permit, self, func(
		ctx context.Context, tx *account.Tx, caller *account.Principal,
	) error {
		if err := s.endContractKey(ctx, tx, caller); err != nil {
			return err
		}
		newText, key, err := s.newAPIKey(account.APIKeyContract, self)
		if err != nil {
			return err
		}
		if key.ID, err = tx.InsertAPIKey(ctx, key); err != nil {
			return err
		}
		// The encryption binds the text to the key's id, which exists only after the insertion.
		sealed, err := s.sealKey(ctx, tx, key, newText)
		if err != nil {
			return err
		}
		if err := tx.SealAPIKey(ctx, key.ID, sealed); err != nil {
			return err
		}
		text = newText
		return s.announceKey(ctx, tx, caller, key)
	})
	if err != nil {
		return secret.Text{}, err
	}
	s.outbox.Wake()
	return text, nil
}

// endContractKey revokes the contract key that the caller owns, if there is one. The caller may
// have authenticated with another credential.
func (s *Keys) endContractKey(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
	key, err := tx.ContractKey(ctx, caller.User.ID)
	if errors.Is(err, account.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := tx.DeleteAPIKey(ctx, key.ID); err != nil {
		return err
	}
	return s.audit.Record(ctx, tx, caller, account.Event{
		Action: account.ActionKeyEnd, Target: key.Target(caller.User), Changes: key.LogFields(),
	})
}

// sealContext returns the context that binds an encrypted text to its key and owner. A text that
// was copied to another row can't be decrypted there.
func sealContext(key account.APIKey) string {
	return strings.Join([]string{"api-key", strconv.FormatInt(key.ID, 10), strconv.FormatInt(key.UserID, 10)}, "|")
}

// sealKey encrypts the text of a key with the current server key.
func (s *Keys) sealKey(
	ctx context.Context, tx *account.Tx, key account.APIKey, text secret.Text,
) (keyring.Sealed, error) {
	id, err := tx.SealingKey(ctx)
	if err != nil {
		return keyring.Sealed{}, err
	}
	return s.keys.Seal(id, keyring.ContractKey, sealContext(key), []byte(text.Reveal()))
}

// openKey decrypts and returns the text of a key. It fails when the text can't be decrypted, or
// doesn't match the stored hash of the key. Somebody has then replaced the text or the hash in
// the database.
func (s *Keys) openKey(key account.APIKey) (secret.Text, error) {
	plain, err := s.keys.Open(keyring.ContractKey, sealContext(key), key.Sealed)
	if err != nil {
		return secret.Text{}, fmt.Errorf("open the API key %d: %w", key.ID, err)
	}
	text := secret.New(string(plain))
	if hash, err := token.Parse(token.APIKey, text); err != nil || hash != key.Hash {
		return secret.Text{}, fmt.Errorf("open the API key %d: the sealed text does not match the hash", key.ID)
	}
	return text, nil
}
