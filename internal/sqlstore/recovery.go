package sqlstore

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

func scanRecovery(row scanner) (r account.Recovery, err error) {
	return r, row.Scan(&r.UserID, micro{&r.Created}, micro{&r.Expires})
}

func (t *tx) InsertRecovery(ctx context.Context, r account.Recovery, hash token.Hash) error {
	return t.run(ctx, `
		INSERT INTO recoveries (user_id, hash, created_at, expires_at) VALUES ($1, $2, $3, $4)`,
		r.UserID, hash[:], micros(r.Created), micros(r.Expires))
}

func (t *tx) RecoveryByHash(ctx context.Context, hash token.Hash) (account.Recovery, error) {
	return one(ctx, t.queries, scanRecovery, `
		SELECT user_id, created_at, expires_at FROM recoveries WHERE hash = $1`+t.dialect.lockRow, hash[:])
}

func (t *tx) DeleteRecoveriesOf(ctx context.Context, userID int64, keep int) error {
	return t.run(ctx, `
		DELETE FROM recoveries WHERE user_id = $1 AND id NOT IN (
			SELECT id FROM recoveries WHERE user_id = $1 ORDER BY id DESC LIMIT $2)`, userID, keep)
}

func (t *tx) DeleteExpiredRecoveries(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM recoveries WHERE id IN (SELECT id FROM recoveries WHERE expires_at <= $1 LIMIT $2)`, micros(before), limit)
}
