package sqlstore

import "context"

func scanText(row scanner) (text string, err error) { return text, row.Scan(&text) }

func (r reader) Setting(ctx context.Context, name string) (string, error) {
	return one(ctx, r.queries, scanText, `SELECT value FROM settings WHERE name = $1`, name)
}

func (t *tx) SaveSetting(ctx context.Context, name, value string) error {
	return t.run(ctx, `
		INSERT INTO settings (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
}
