package sqlstore

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

func scanText(row scanner) (text string, err error) { return text, row.Scan(&text) }

func scanSealed(row scanner) (s keyring.Sealed, err error) { return s, row.Scan(&s.KeyID, &s.Box) }

func (r reader) Setting(ctx context.Context, name string) (string, error) {
	return one(ctx, r.queries, scanText, `SELECT value FROM settings WHERE name = $1`, name)
}

func (t *tx) SaveSetting(ctx context.Context, name, value string) error {
	if err := t.changed(ctx, account.AuthSettings, 0); err != nil {
		return err
	}
	return t.run(ctx, `
		INSERT INTO settings (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
}

func (r reader) SettingSecret(ctx context.Context, name string) (keyring.Sealed, error) {
	return one(ctx, r.queries, scanSealed, `SELECT key_id, sealed FROM setting_secrets WHERE name = $1`, name)
}

func (t *tx) SaveSettingSecret(ctx context.Context, name string, sealed keyring.Sealed) error {
	return t.run(ctx, `
		INSERT INTO setting_secrets (name, key_id, sealed) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed`, name, sealed.KeyID, sealed.Box)
}

func (t *tx) DeleteSettingSecret(ctx context.Context, name string) error {
	return t.runOne(ctx, `DELETE FROM setting_secrets WHERE name = $1`, name)
}
