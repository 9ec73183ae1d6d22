package apikey

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

const (
	keyPurpose = "api-key" // of the server key

	// keyMailLife is how long the message about a new key is worth delivering.
	keyMailLife = 3 * 24 * time.Hour
	// Who makes many keys is told of the first of an hour alone: others wait for
	// their mail too.
	keyMailsAnHour = 5
	keyMailWindow  = time.Hour
)

// ContractKey returns the caller's key of the contract in clear. It fails as
// [Allow] says, and with CodeNoAPIKey while there is none: reading makes none.
func (s *Keys) ContractKey(ctx context.Context, caller *account.Principal) (secret.Text, error) {
	self := caller.User.ID
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return account.AllowOwn(caller, access.ActionRead, access.EntityAPIKey)
	})
	if err != nil {
		return secret.Text{}, err
	}
	var text secret.Text
	err = s.auth.UpdateAs(ctx, permit, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		key, err := tx.ContractKey(ctx, self)
		if errors.Is(err, account.ErrNotFound) {
			return &account.Error{Code: account.CodeNoAPIKey, Message: "You have no API key yet. Make one first."}
		}
		if err != nil {
			return err
		}
		if text, err = s.openKey(key); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionKeyRead, Target: key.Target(caller.User), Changes: key.LogFields()})
	})
	return text, err
}

// RenewContractKey makes a new key of the contract for the caller and ends the
// one before at once, also when he came by it. It fails as [Allow] says.
func (s *Keys) RenewContractKey(ctx context.Context, caller *account.Principal) (secret.Text, error) {
	self := caller.User.ID
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return account.AllowOwn(caller, access.ActionCreate, access.EntityAPIKey)
	})
	if err != nil {
		return secret.Text{}, err
	}
	var text secret.Text
	err = s.auth.UpdateUserAs(ctx, permit, self, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		if err := s.endContractKey(ctx, tx, caller); err != nil {
			return err
		}
		made, key, err := s.newAPIKey(account.APIKeyContract, self)
		if err != nil {
			return err
		}
		if key.ID, err = tx.InsertAPIKey(ctx, key); err != nil {
			return err
		}
		// What binds the sealed text to its row has the row's id.
		sealed, err := s.keys.Seal(keyPurpose, sealContext(key), []byte(made.Reveal()))
		if err != nil {
			return err
		}
		if err := tx.SealAPIKey(ctx, key.ID, sealed); err != nil {
			return err
		}
		text = made
		return s.announceKey(ctx, tx, caller, key)
	})
	if err != nil {
		return secret.Text{}, err
	}
	s.outbox.Wake()
	return text, nil
}

// endContractKey ends the caller's key of the contract, if there is one.
func (s *Keys) endContractKey(ctx context.Context, tx account.Tx, caller *account.Principal) error {
	old, err := tx.ContractKey(ctx, caller.User.ID)
	if errors.Is(err, account.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := tx.DeleteAPIKey(ctx, old.ID); err != nil {
		return err
	}
	return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionKeyEnd, Target: old.Target(caller.User), Changes: old.LogFields()})
}

// tellOfKey records a new key of the caller's and mails to him that there is one.
func (s *Keys) announceKey(ctx context.Context, tx account.Tx, caller *account.Principal, key account.APIKey) error {
	if err := s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionKeyCreate, Target: key.Target(caller.User), Changes: key.LogFields()}); err != nil {
		return err
	}
	content := account.MailContent{KeyName: key.Name, At: key.Created, ClientNetwork: caller.From.ClientNetwork}
	sent, err := tx.CountMails(ctx, caller.User.ID, account.MailNewAPIKey, key.Created.Add(-keyMailWindow))
	if err != nil || sent >= keyMailsAnHour {
		return err
	}
	return s.outbox.Send(ctx, tx, account.MailNewAPIKey, caller.User, content, key.Created.Add(keyMailLife))
}

// context binds the sealed text to its row and its owner: copied to another row
// it does not open.
func sealContext(k account.APIKey) string {
	return strings.Join([]string{"api-key", strconv.FormatInt(k.ID, 10), strconv.FormatInt(k.UserID, 10)}, "|")
}

// openKey returns the text of a sealed key. What opens and is not the text that
// the key is verified by was put there by somebody else, and is a fault.
func (s *Keys) openKey(key account.APIKey) (secret.Text, error) {
	plain, err := s.keys.Open(keyPurpose, sealContext(key), key.Sealed)
	if err != nil {
		return secret.Text{}, fmt.Errorf("open the API key %d: %w", key.ID, err)
	}
	text := secret.New(string(plain))
	if hash, err := token.Parse(token.APIKey, text); err != nil || hash != key.Hash {
		return secret.Text{}, fmt.Errorf("open the API key %d: the sealed text is not of this key", key.ID)
	}
	return text, nil
}
