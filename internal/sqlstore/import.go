package sqlstore

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

const selectImport = `
	SELECT id, user_id, dry_run, state, row_count, fault_count, created_at, touched_at, finished_at FROM imports WHERE id = $1`

func scanImport(row scanner) (i account.Import, err error) {
	return i, row.Scan(&i.ID, &i.UserID, &i.DryRun, &i.State, &i.Rows, &i.Faults,
		micro{&i.Created}, micro{&i.Touched}, micro{&i.Finished})
}

func (r reader) Import(ctx context.Context, id int64) (account.Import, error) {
	return one(ctx, r.queries, scanImport, selectImport, id)
}

func (t *tx) LockImport(ctx context.Context, id int64) (account.Import, error) {
	return one(ctx, t.queries, scanImport, selectImport+t.dialect.lockRow, id)
}

func (t *tx) InsertImport(ctx context.Context, i account.Import) (int64, error) {
	return one(ctx, t.queries, scanInt, `
		INSERT INTO imports (user_id, dry_run, state, row_count, fault_count, created_at, touched_at, finished_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
		i.UserID, i.DryRun, string(i.State), i.Rows, i.Faults, micros(i.Created), micros(i.Touched), micros(i.Finished))
}

func (t *tx) UpdateImport(ctx context.Context, i account.Import) error {
	return t.runOne(ctx, `
		UPDATE imports SET state = $2, row_count = $3, fault_count = $4, touched_at = $5, finished_at = $6 WHERE id = $1`,
		i.ID, string(i.State), i.Rows, i.Faults, micros(i.Touched), micros(i.Finished))
}

func selectImportRows(d *dialect) string {
	return `
	SELECT email_key, min(row) FROM import_rows WHERE import_id = $1 AND email_key IN ` + d.textList("$2") + ` GROUP BY email_key`
}

func (r reader) ImportRowsByEmail(ctx context.Context, importID int64, keys []account.EmailKey) (map[account.EmailKey]int, error) {
	found := make(map[account.EmailKey]int)
	_, err := all(ctx, r.queries, func(row scanner) (_ struct{}, err error) {
		var key account.EmailKey
		var n int
		err = row.Scan(&key, &n)
		found[key] = n
		return struct{}{}, err
	}, selectImportRows(r.dialect), importID, jsonTexts(keys))
	return found, err
}

func (t *tx) InsertImportRows(ctx context.Context, importID int64, rows []account.ImportRow) error {
	values := make([][]any, len(rows))
	for i, row := range rows {
		values[i] = []any{importID, row.Row, string(row.Key), row.UserID, row.Activate, row.Invite}
	}
	return t.insert(ctx, `import_rows (import_id, row, email_key, user_id, activate, invite)`, values)
}

func scanImportRow(row scanner) (r account.ImportRow, err error) {
	return r, row.Scan(&r.Row, &r.Key, &r.UserID, &r.Activate, &r.Invite)
}

func (t *tx) ImportRows(ctx context.Context, importID int64, limit int) ([]account.ImportRow, error) {
	return all(ctx, t.queries, scanImportRow, `
		SELECT row, email_key, user_id, activate, invite FROM import_rows WHERE import_id = $1 ORDER BY row LIMIT $2`, importID, limit)
}

func (t *tx) ReleaseImported(ctx context.Context, userID int64) error {
	return t.run(ctx, `UPDATE import_rows SET user_id = 0 WHERE user_id = $1 AND user_id > 0`, userID)
}

func (t *tx) DeleteImportRows(ctx context.Context, importID int64, last int) error {
	return t.run(ctx, `DELETE FROM import_rows WHERE import_id = $1 AND row <= $2`, importID, last)
}

func (t *tx) IdleImport(ctx context.Context, before time.Time) (int64, error) {
	return one(ctx, t.queries, scanInt, `
		SELECT id FROM imports WHERE state IN ('open', 'undoing') AND touched_at < $1 ORDER BY id LIMIT 1`, micros(before))
}

func (t *tx) DeleteEndedImports(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM imports WHERE id IN (
			SELECT id FROM imports WHERE state NOT IN ('open', 'undoing') AND touched_at < $1 LIMIT $2`+t.dialect.skipLocked+`)`, micros(before), limit)
}
