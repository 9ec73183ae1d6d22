package sqlstore

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// recoveryWriter implements [account.RecoveryWriter].
type recoveryWriter struct{ *txState }

var _ account.RecoveryWriter = recoveryWriter{}

func scanRecovery(row sqldb.Row) (r account.Recovery, err error) {
	return r, row.Scan(&r.UserID, &r.Kind, timeColumn{&r.Created}, timeColumn{&r.Expires})
}

func (t recoveryWriter) InsertRecovery(ctx context.Context, r account.Recovery, hash token.Hash) error {
	return t.execDeferred(ctx, `
		INSERT INTO recoveries (user_id, kind, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		r.UserID, r.Kind, hash[:], micros(r.Created), micros(r.Expires))
}

func (t recoveryWriter) RecoveryByHash(ctx context.Context, hash token.Hash) (account.Recovery, error) {
	return one(ctx, &t.querier, scanRecovery, `
		SELECT user_id, kind, created_at, expires_at FROM recoveries WHERE hash = $1`, hash[:])
}

func (t recoveryWriter) LimitRecoveries(ctx context.Context, userID int64, kind account.MailKind, keep int) error {
	return t.execDeferred(ctx, `
		DELETE FROM recoveries WHERE user_id = $1 AND kind = $2 AND id NOT IN (
			SELECT id FROM recoveries WHERE user_id = $1 AND kind = $2 ORDER BY id DESC LIMIT $3)`, userID, kind, keep)
}

func (t recoveryWriter) DeleteRecoveriesOf(ctx context.Context, userID int64) error {
	return t.execDeferred(ctx, "DELETE FROM recoveries WHERE user_id = $1", userID)
}

func (t recoveryWriter) DeleteExpiredRecoveries(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM recoveries WHERE id IN (
			SELECT id FROM recoveries WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`+t.Dialect.SkipLocked+`)`,
		micros(before), limit)
}
