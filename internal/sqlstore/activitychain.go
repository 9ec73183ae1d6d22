package sqlstore

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// UnsealedActivity names the predicate of its index, word by word.
func (r reader) UnsealedActivity(ctx context.Context, limit int) ([]account.StoredActivity, error) {
	return all(ctx, r.queries, scanActivity,
		`SELECT `+activityColumns+` FROM activity WHERE number <= 0 AND number = 0 ORDER BY id LIMIT $1`, limit)
}

// CountUnsealedActivity counts what no seal protects, whatever number somebody
// gave it.
func (r reader) CountUnsealedActivity(ctx context.Context) (int, error) {
	n, err := one(ctx, r.queries, scanInt, `SELECT count(*) FROM activity WHERE number <= 0`)
	return int(n), err
}

func (r reader) SealedActivity(ctx context.Context, number, id int64, limit int) ([]account.StoredActivity, error) {
	return all(ctx, r.queries, scanActivity, `
		SELECT `+activityColumns+` FROM activity
		WHERE number > 0 AND number >= $1 AND (number, id) > ($1, $2) ORDER BY number, id LIMIT $3`, number, id, limit)
}

func (t *tx) SealActivity(ctx context.Context, a account.StoredActivity) error {
	return t.runOne(ctx, `
		UPDATE activity SET number = $2, key_id = $3, seal = $4 WHERE id = $1 AND number = 0`, a.ID, a.Number, a.KeyID, a.Seal)
}

func (t *tx) DeleteSealedActivity(ctx context.Context, upTo int64) error {
	if err := t.run(ctx, `DELETE FROM activity WHERE number > 0 AND number <= $1`, upTo); err != nil {
		return err
	}
	return t.run(ctx, `DELETE FROM activity_checkpoints WHERE number <= $1`, upTo)
}

const checkpointColumns = `number, at, seal, key_id, mac`

func scanCheckpoint(row scanner) (c account.Checkpoint, err error) {
	return c, row.Scan(&c.Number, micro{&c.At}, blob{&c.Seal}, &c.Signature.KeyID, blob{&c.Signature.MAC})
}

const selectChainEnd = `SELECT ` + checkpointColumns + ` FROM activity_chain WHERE place = $1`

func (r reader) ChainEnd(ctx context.Context, end account.ChainEnd) (account.Checkpoint, error) {
	return one(ctx, r.queries, scanCheckpoint, selectChainEnd, string(end))
}

func (t *tx) LockChain(ctx context.Context) (account.Checkpoint, error) {
	return one(ctx, t.queries, scanCheckpoint, selectChainEnd+t.dialect.lockRow, string(account.ChainHead))
}

func (t *tx) SaveChainEnd(ctx context.Context, end account.ChainEnd, c account.Checkpoint) error {
	return t.runOne(ctx, `
		UPDATE activity_chain SET number = $2, at = $3, seal = $4, key_id = $5, mac = $6 WHERE place = $1`,
		string(end), c.Number, micros(c.At), c.Seal, c.Signature.KeyID, c.Signature.MAC)
}

func (r reader) Checkpoints(ctx context.Context, after, upTo int64, limit int) ([]account.Checkpoint, error) {
	return all(ctx, r.queries, scanCheckpoint, `
		SELECT `+checkpointColumns+` FROM activity_checkpoints
		WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3`, after, upTo, limit)
}

func (r reader) CheckpointBefore(ctx context.Context, number int64) (account.Checkpoint, error) {
	return one(ctx, r.queries, scanCheckpoint, `
		SELECT `+checkpointColumns+` FROM activity_checkpoints WHERE number <= $1 ORDER BY number DESC LIMIT 1`, number)
}

// SaveCheckpoint replaces one of the same number: the sealer has not made it.
func (t *tx) SaveCheckpoint(ctx context.Context, c account.Checkpoint) error {
	return t.run(ctx, `
		INSERT INTO activity_checkpoints (number, at, seal, key_id, mac) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (number) DO UPDATE SET at = excluded.at, seal = excluded.seal, key_id = excluded.key_id, mac = excluded.mac`,
		c.Number, micros(c.At), c.Seal, c.Signature.KeyID, c.Signature.MAC)
}
