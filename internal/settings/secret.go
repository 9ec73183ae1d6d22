package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// settingPurpose is the purpose for which the server key seals secrets of settings.
const settingPurpose = "setting"

// Names of the secrets in the store.
const (
	secretSMTPPassword = "smtp-account-password"
	secretLDAPPassword = "ldap-search-user-password"
	secretSAMLKey      = "saml-key"
)

// destination is where a secret is sent: the server, the account and the like. A sealed
// secret can be opened for its own destination only.
type destination []string

// hasSecret reports whether a secret is stored.
func hasSecret(ctx context.Context, r account.SettingReader, name string) (bool, error) {
	_, err := r.SettingSecret(ctx, name)
	if errors.Is(err, account.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// openSecret opens a stored secret for its destination. It returns an empty text when
// there is none, and fails with [keyring.ErrNotOpened] for another destination.
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
	plain, err := s.keys.Open(settingPurpose, sealContext, sealed)
	if err != nil {
		return secret.Text{}, fmt.Errorf("open the secret setting %s: %w", name, err)
	}
	return secret.New(string(plain)), nil
}

// saveSecret seals a secret for its destination and stores it.
func (s *Settings) saveSecret(
	ctx context.Context, tx *account.Tx, name string, to destination, value secret.Text,
) error {
	sealContext, err := secretContext(name, to)
	if err != nil {
		return err
	}
	sealed, err := s.keys.Seal(settingPurpose, sealContext, []byte(value.Reveal()))
	if err != nil {
		return fmt.Errorf("seal the secret setting %s: %w", name, err)
	}
	return tx.SaveSettingSecret(ctx, name, sealed)
}

// secretContext returns the context that binds a sealed secret to its name and its
// destination. JSON keeps the parts apart, whatever characters they have.
func secretContext(name string, to destination) (string, error) {
	text, err := json.Marshal(append([]string{name}, to...))
	return string(text), err
}

// unchanged reports whether an update keeps a secret: it has no value for it, or sends
// back the mask that was shown in its place.
func unchanged(up **secret.Text) bool {
	return up == nil || *up != nil && (**up).Equal(secret.New(secret.Mask))
}

// secretChange is an update of one secret.
type secretChange struct {
	name     string // in the store
	field    string // in the contract
	was, now destination
	update   **secret.Text // nil: keep the secret; pointer to nil: clear it
}

// changeSecret applies a change of a secret and returns it for the activity log, without
// the value.
//
// A secret belongs to its destination. When the destination changes and the update has no
// new secret, the stored one is cleared. Otherwise a caller who may name a server could
// have the secret sent to it. It fails with CodeInvalid for the mask when no secret is
// stored.
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
