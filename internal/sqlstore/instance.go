package sqlstore

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// instanceReader implements [account.InstanceReader].
type instanceReader struct{ *querier }

// instanceWriter implements [account.InstanceWriter].
type instanceWriter struct{ *txState }

var (
	_ account.InstanceReader = instanceReader{}
	_ account.InstanceWriter = instanceWriter{}
)

func scanKeyCheck(row sqldb.Row) (c keyring.Check, err error) {
	return c, row.Scan(&c.ID, &c.Value)
}

func (r instanceReader) KeyChecks(ctx context.Context) ([]keyring.Check, error) {
	return all(ctx, r.querier, scanKeyCheck, `SELECT id, value FROM key_checks ORDER BY id`)
}

func (t instanceWriter) InsertKeyCheck(ctx context.Context, c keyring.Check, now time.Time) error {
	return t.execDeferred(ctx, `
		INSERT INTO key_checks (id, value, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`,
		c.ID, c.Value, micros(now))
}
