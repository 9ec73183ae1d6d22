package sqlstore

import (
	"context"
	"errors"
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

func scanServerKey(row sqldb.Row) (k keyring.StoredKey, err error) {
	return k, row.Scan(&k.ID, &k.Value, &k.State, timeColumn{&k.Since})
}

const selectServerKeys = `SELECT id, value, state, created_at FROM key_checks ORDER BY created_at, id`

func (r instanceReader) ServerKeys(ctx context.Context) ([]keyring.StoredKey, error) {
	return all(ctx, r.querier, scanServerKey, selectServerKeys)
}

func (r instanceReader) KeyHolders(
	ctx context.Context, keyID string, announced time.Time,
) ([]keyring.Holder, error) {
	return all(ctx, r.querier, func(row sqldb.Row) (h keyring.Holder, err error) {
		return h, row.Scan(&h.Server, &h.Holds)
	}, `SELECT server, holds FROM key_holders WHERE key_id = $1 AND announced_at = $2 ORDER BY server`,
		keyID, micros(announced))
}

// keyUseTables are the tables with rows that are sealed or signed with a server key. The table activity is missing:
// counting its rows may take longer than a statement may, and the chain of seals shows which key sealed them.
var keyUseTables = []string{
	"activity_chain", "activity_checkpoints", "activity_former_checkpoints", "activity_resealing", "api_keys", "outbox",
	"setting_secrets",
}

func (r instanceReader) KeyUses(ctx context.Context) (uses []keyring.Usage, err error) {
	for _, table := range keyUseTables {
		found, err := all(ctx, r.querier.cancellable(), func(row sqldb.Row) (u keyring.Usage, err error) {
			u.Table = table
			return u, row.Scan(&u.KeyID, &u.Rows)
		}, `SELECT key_id, count(*) FROM `+table+` WHERE key_id <> '' GROUP BY key_id ORDER BY key_id`)
		if err != nil {
			return nil, err
		}
		uses = append(uses, found...)
	}
	return uses, nil
}

// SealingKey reads the id once in each transaction. PostgreSQL returns no row if a rotation has changed the current key
// while the statement waited for its lock; the second statement then sees the new one.
func (t instanceWriter) SealingKey(ctx context.Context) (string, error) {
	for attempt := 0; t.sealingKey == ""; attempt++ {
		id, err := one(ctx, &t.querier, scanText,
			`SELECT id FROM key_checks WHERE state = 'current'`+t.Dialect.ShareRow)
		if err != nil && (attempt > 0 || !errors.Is(err, account.ErrNotFound)) {
			return "", err
		}
		t.sealingKey = id
	}
	return t.sealingKey, nil
}

func (t instanceWriter) LockServerKeys(ctx context.Context) ([]keyring.StoredKey, error) {
	return all(ctx, &t.querier, scanServerKey, selectServerKeys+t.Dialect.LockRow)
}

func (t instanceWriter) SaveServerKey(ctx context.Context, k keyring.StoredKey) error {
	t.sealingKey = ""
	return t.execDeferred(ctx, `
		INSERT INTO key_checks (id, value, state, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, created_at = excluded.created_at`,
		k.ID, k.Value, string(k.State), micros(k.Since))
}

func (t instanceWriter) SaveKeyHolder(
	ctx context.Context, keyID string, announced time.Time, h keyring.Holder,
) error {
	return t.execDeferred(ctx, `
		INSERT INTO key_holders (key_id, announced_at, server, holds) VALUES ($1, $2, $3, $4)
		ON CONFLICT (key_id, announced_at, server) DO UPDATE SET holds = excluded.holds`,
		keyID, micros(announced), h.Server, h.Holds)
}

func (t instanceWriter) DeleteKeyHolders(ctx context.Context) error {
	return t.execDeferred(ctx, `DELETE FROM key_holders`)
}
