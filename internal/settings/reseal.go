package settings

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// storedSecret describes a secret in the store.
type storedSecret struct {
	name        string
	description string // for the operator
	group       string // group of settings whose lock protects the secret
	destination func(ctx context.Context, r account.SettingReader) (destination, error)
}

// storedSecrets lists all secrets, in the order in which their groups are locked.
var storedSecrets = []storedSecret{
	{
		name: secretSMTPPassword, description: "the password of the mail server", group: account.SettingApplication,
		destination: func(ctx context.Context, r account.SettingReader) (destination, error) {
			application, err := account.LoadApplicationSettings(ctx, r)
			return mailDestination(application.Mail), err
		},
	},
	{
		name: secretLDAPPassword, description: "the password of the LDAP directory", group: account.SettingLDAP,
		destination: func(ctx context.Context, r account.SettingReader) (destination, error) {
			ldap, err := loadLDAP(ctx, r)
			return ldap.destination(), err
		},
	},
	{
		name: secretSAMLKey, description: "the key of the SAML certificate", group: account.SettingSAML,
		destination: func(ctx context.Context, r account.SettingReader) (destination, error) {
			saml, err := loadSAML(ctx, r)
			return destination{fingerprint(account.Deref(saml.EncryptionCertificate))}, err
		},
	},
}

// ResealSecrets encrypts the secrets of settings with the current server key. It skips those
// that are encrypted with that key already.
//
// A secret that can't be read, also because it belongs to another server or account, stays as it
// is. If discard is set, ResealSecrets deletes it.
func (s *Settings) ResealSecrets(ctx context.Context, tx *account.Tx, discard bool) (keyring.Resealed, error) {
	var done keyring.Resealed
	id, err := tx.SealingKey(ctx)
	if err != nil {
		return done, err
	}
	for _, stored := range storedSecrets {
		if err := tx.LockSettings(ctx, stored.group); err != nil {
			return done, err
		}
		sealed, err := tx.SettingSecret(ctx, stored.name)
		if errors.Is(err, account.ErrNotFound) || err == nil && sealed.KeyID == id {
			continue
		}
		if err != nil {
			return done, err
		}
		to, err := stored.destination(ctx, tx)
		if err != nil {
			return done, err
		}
		text, err := s.openSecret(ctx, tx, stored.name, to)
		switch {
		case err == nil:
			err = s.saveSecret(ctx, tx, stored.name, to, text)
		case !errors.Is(err, keyring.ErrNotOpened):
			return done, err
		default:
			done.Unreadable = append(done.Unreadable, stored.description)
			if !discard {
				continue
			}
			err = tx.DeleteSettingSecret(ctx, stored.name)
		}
		if err != nil {
			return done, err
		}
		done.Rows++
	}
	return done, nil
}
