package sqlstore

import (
	"context"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// settingReader implements [account.SettingReader].
type settingReader struct{ *querier }

// settingWriter implements [account.SettingWriter].
type settingWriter struct{ *txState }

var (
	_ account.SettingReader = settingReader{}
	_ account.SettingWriter = settingWriter{}
)

func scanSealed(row sqldb.Row) (s keyring.Sealed, err error) { return s, row.Scan(&s.KeyID, &s.Box) }

func (r settingReader) Setting(ctx context.Context, name string) (string, error) {
	return one(ctx, r.querier, scanText, `SELECT value FROM settings WHERE name = $1`, name)
}

func (t settingWriter) SaveSetting(ctx context.Context, name, value string) error {
	if err := t.changed(ctx, account.AuthSettings, 0); err != nil {
		return err
	}
	return t.execDeferred(ctx, `
		INSERT INTO settings (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
}

func (r settingReader) SettingSecret(ctx context.Context, name string) (keyring.Sealed, error) {
	return one(ctx, r.querier, scanSealed, `SELECT key_id, sealed FROM setting_secrets WHERE name = $1`, name)
}

func (t settingWriter) SaveSettingSecret(ctx context.Context, name string, sealed keyring.Sealed) error {
	return t.execDeferred(ctx, `
		INSERT INTO setting_secrets (name, key_id, sealed) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed`, name, sealed.KeyID, sealed.Box)
}

func (t settingWriter) DeleteSettingSecret(ctx context.Context, name string) error {
	return t.execOne(ctx, `DELETE FROM setting_secrets WHERE name = $1`, name)
}

// LockSettings locks groups of settings by name. Only an existing row can be locked, so
// LockSettings inserts a missing row with the value {}, which stands for the defaults.
func (t settingWriter) LockSettings(ctx context.Context, names ...string) error {
	if t.Dialect.LockRow == "" {
		return nil
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		err := t.execDeferred(ctx, `
			INSERT INTO settings (name, value) VALUES ($1, '{}') ON CONFLICT (name) DO UPDATE SET name = excluded.name`, name)
		if err != nil {
			return err
		}
	}
	return nil
}
