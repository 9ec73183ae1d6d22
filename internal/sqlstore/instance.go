package sqlstore

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

func scanKeyCheck(row scanner) (c keyring.Check, err error) {
	return c, row.Scan(&c.ID, &c.Value)
}

func (r reader) KeyChecks(ctx context.Context) ([]keyring.Check, error) {
	return all(ctx, r.queries, scanKeyCheck, `SELECT id, value FROM key_checks ORDER BY id`)
}

func (t *tx) InsertKeyCheck(ctx context.Context, c keyring.Check, now time.Time) error {
	return t.run(ctx, `
		INSERT INTO key_checks (id, value, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`, c.ID, c.Value, micros(now))
}
