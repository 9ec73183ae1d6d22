package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Names under which the store keeps the secrets.
const (
	secretSMTPPassword = "smtp-account-password"
	secretLDAPPassword = "ldap-search-user-password"
	secretSAMLKey      = "saml-key"
)

// destination lists where a secret is sent: the server, the account and other parts such as the
// port. A secret is encrypted for one destination. It can't be decrypted for another one.
type destination []string

// hasSecret reports whether a secret with this name is stored.
func hasSecret(ctx context.Context, r account.SettingReader, name string) (bool, error) {
	_, err := r.SettingSecret(ctx, name)
	if errors.Is(err, account.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// openSecret decrypts a stored secret to send it to a server and account. It returns an empty
// text when no secret is stored. It fails with [keyring.ErrNotOpened] if the secret was
// encrypted for another server or account.
func (s *Settings) openSecret(
	ctx context.Context, r account.SettingReader, name string, to destination,
) (secret.Text, error) {
	sealed, err := r.SettingSecret(ctx, name)
	if errors.Is(err, account.ErrNotFound) {
		return secret.Text{}, nil
	}
	if err != nil {
		return secret.Text{}, err
	}
	sealContext, err := secretContext(name, to)
	if err != nil {
		return secret.Text{}, err
	}
	plain, err := s.keys.Open(keyring.SettingSecret, sealContext, sealed)
	if err != nil {
		return secret.Text{}, fmt.Errorf("open the secret setting %s: %w", name, err)
	}
	return secret.New(string(plain)), nil
}

// saveSecret encrypts a secret for the server and account that it is sent to, and stores it.
func (s *Settings) saveSecret(
	ctx context.Context, tx *account.Tx, name string, to destination, value secret.Text,
) error {
	sealContext, err := secretContext(name, to)
	if err != nil {
		return err
	}
	id, err := tx.SealingKey(ctx)
	if err != nil {
		return err
	}
	sealed, err := s.keys.Seal(id, keyring.SettingSecret, sealContext, []byte(value.Reveal()))
	if err != nil {
		return fmt.Errorf("seal the secret setting %s: %w", name, err)
	}
	return tx.SaveSettingSecret(ctx, name, sealed)
}

// secretContext returns the context that binds an encrypted secret to its name and to the server
// and account. It is JSON, so that different parts never give the same context.
func secretContext(name string, to destination) (string, error) {
	text, err := json.Marshal(append([]string{name}, to...))
	return string(text), err
}

// unchanged reports whether an update keeps a secret. It does if up is nil, or if the client
// sends back the mask that it was shown in place of the secret.
func unchanged(up **secret.Text) bool {
	return up == nil || *up != nil && (**up).Equal(secret.New(secret.Mask))
}

// secretChange describes the update of one secret.
type secretChange struct {
	name     string // name of the secret in the store
	field    string // name of the field in the contract
	was, now destination
	update   **secret.Text // new value of the secret; nil: keep the secret; pointer to nil: clear it
}

// changeSecret updates a secret. It returns the change for the activity log, without the value.
//
// It clears the stored secret when the update changes the server or account but has no new
// secret. Otherwise a caller could set a server of their own and receive the secret there.
// changeSecret fails with CodeInvalid for the mask when no secret is stored.
func (s *Settings) changeSecret(ctx context.Context, tx *account.Tx, c secretChange) ([]account.FieldChange, error) {
	stored, err := hasSecret(ctx, tx, c.name)
	if err != nil {
		return nil, err
	}
	if c.update != nil && unchanged(c.update) && !stored {
		return nil, account.Invalid(account.Detail{
			Path: "/" + c.field, Message: "must not be the mask, since none is stored",
		})
	}
	if !unchanged(c.update) && *c.update != nil {
		logged := []account.FieldChange{{Field: c.field, To: "changed"}}
		return logged, s.saveSecret(ctx, tx, c.name, c.now, **c.update)
	}
	if !stored || unchanged(c.update) && slices.Equal(c.was, c.now) {
		return nil, nil
	}
	return []account.FieldChange{{Field: c.field, To: "cleared"}}, tx.DeleteSettingSecret(ctx, c.name)
}
