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

// settingPurpose is that of the server key for the secrets of settings.
const settingPurpose = "setting"

// The secrets of settings, by the name under which the store keeps them.
const (
	secretSMTPPassword = "smtp-account-password"
	secretLDAPPassword = "ldap-search-user-password"
	secretSAMLKey      = "saml-key"
)

// destination is where a secret is sent to, in parts. A sealed secret opens for
// its own destination alone.
type destination []string

// hasSecret reports whether a secret is stored.
func hasSecret(ctx context.Context, r account.SettingReader, name string) (bool, error) {
	_, err := r.SettingSecret(ctx, name)
	if errors.Is(err, account.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// openSecret returns a stored secret for its destination; it is empty where none
// is set.
func (s *Settings) openSecret(ctx context.Context, r account.SettingReader, name string, to destination) (secret.Text, error) {
	sealed, err := r.SettingSecret(ctx, name)
	if errors.Is(err, account.ErrNotFound) {
		return secret.Text{}, nil
	}
	if err != nil {
		return secret.Text{}, err
	}
	place, err := secretContext(name, to)
	if err != nil {
		return secret.Text{}, err
	}
	plain, err := s.keys.Open(settingPurpose, place, sealed)
	if err != nil {
		return secret.Text{}, fmt.Errorf("open the setting %s: %w", name, err)
	}
	return secret.New(string(plain)), nil
}

// saveSecret seals a secret for its destination and stores it.
func (s *Settings) saveSecret(ctx context.Context, tx account.Tx, name string, to destination, value secret.Text) error {
	place, err := secretContext(name, to)
	if err != nil {
		return err
	}
	sealed, err := s.keys.Seal(settingPurpose, place, []byte(value.Reveal()))
	if err != nil {
		return fmt.Errorf("seal the setting %s: %w", name, err)
	}
	return tx.SaveSettingSecret(ctx, name, sealed)
}

// secretContext binds a sealed secret to its name and its destination. JSON keeps
// the parts apart, whatever is in them.
func secretContext(name string, to destination) (string, error) {
	text, err := json.Marshal(append([]string{name}, to...))
	return string(text), err
}

// keeps reports whether an update leaves a secret as it is: it does not name it,
// or sends the mask back that was shown.
func unchanged(up **secret.Text) bool {
	return up == nil || *up != nil && (**up).Equal(secret.New(secret.Mask))
}

// changeSecret carries out a change of the secret of a field. A secret belongs to
// its destination: where that moves, one that was stored for the old one is
// cleared, or whoever may name a server could have it sent there. What it returns
// tells the activity log that it changed, never what it is.
func (s *Settings) changeSecret(ctx context.Context, tx account.Tx, name, field string, was, now destination, up **secret.Text) ([]account.FieldChange, error) {
	stored, err := hasSecret(ctx, tx, name)
	if err != nil {
		return nil, err
	}
	if up != nil && unchanged(up) && !stored {
		return nil, account.Invalid(account.Detail{Path: "/" + field, Message: "must not be the mask, since none is stored"})
	}
	if !unchanged(up) && *up != nil {
		return []account.FieldChange{{Field: field, To: "changed"}}, s.saveSecret(ctx, tx, name, now, **up)
	}
	if !stored || unchanged(up) && slices.Equal(was, now) {
		return nil, nil
	}
	return []account.FieldChange{{Field: field, To: "cleared"}}, tx.DeleteSettingSecret(ctx, name)
}
