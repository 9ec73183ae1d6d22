package sqlstore

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// importReader implements [account.ImportReader].
type importReader struct{ *querier }

// importWriter implements [account.ImportWriter].
type importWriter struct{ *txState }

var (
	_ account.ImportReader = importReader{}
	_ account.ImportWriter = importWriter{}
)

const selectImport = `
	SELECT id, user_id, dry_run, state, row_count, fault_count, created_at, touched_at, finished_at
	FROM imports WHERE id = $1`

func scanImport(row sqldb.Row) (i account.Import, err error) {
	return i, row.Scan(&i.ID, &i.UserID, &i.DryRun, &i.State, &i.Rows, &i.Faults,
		timeColumn{&i.Created}, timeColumn{&i.Touched}, timeColumn{&i.Finished})
}

func (r importReader) Import(ctx context.Context, id int64) (account.Import, error) {
	return one(ctx, r.querier, scanImport, selectImport, id)
}

func (t importWriter) LockImport(ctx context.Context, id int64) (account.Import, error) {
	return one(ctx, &t.querier, scanImport, selectImport+t.Dialect.LockRow, id)
}

func (t importWriter) InsertImport(ctx context.Context, i account.Import) (int64, error) {
	return one(ctx, &t.querier, scanInt, `
		INSERT INTO imports (user_id, dry_run, state, row_count, fault_count, created_at, touched_at, finished_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
		i.UserID, i.DryRun, string(i.State), i.Rows, i.Faults, micros(i.Created), micros(i.Touched), micros(i.Finished))
}

func (t importWriter) UpdateImport(ctx context.Context, i account.Import) error {
	return t.execOne(ctx, `
		UPDATE imports SET state = $2, row_count = $3, fault_count = $4, touched_at = $5, finished_at = $6 WHERE id = $1`,
		i.ID, string(i.State), i.Rows, i.Faults, micros(i.Touched), micros(i.Finished))
}

func selectImportRows(d *sqldb.Dialect) string {
	return `
	SELECT email_key, min(row) FROM import_rows
	WHERE import_id = $1 AND email_key IN ` + d.TextList("$2") + ` GROUP BY email_key`
}

func (r importReader) ImportRowsByEmail(
	ctx context.Context, importID int64, keys []account.EmailKey,
) (map[account.EmailKey]int, error) {
	found := make(map[account.EmailKey]int)
	_, err := all(ctx, r.querier, func(row sqldb.Row) (_ struct{}, err error) {
		var key account.EmailKey
		var n int
		err = row.Scan(&key, &n)
		found[key] = n
		return struct{}{}, err
	}, selectImportRows(r.Dialect), importID, encodeTexts(keys))
	return found, err
}

func (t importWriter) InsertImportRows(ctx context.Context, importID int64, rows []account.ImportRow) error {
	values := make([][]any, len(rows))
	for i, row := range rows {
		values[i] = []any{importID, row.Row, string(row.Key), row.UserID, row.Activate, row.Invite}
	}
	return t.insert(ctx, `import_rows (import_id, row, email_key, user_id, activate, invite)`, values)
}

func scanImportRow(row sqldb.Row) (r account.ImportRow, err error) {
	return r, row.Scan(&r.Row, &r.Key, &r.UserID, &r.Activate, &r.Invite)
}

func (t importWriter) ImportRows(ctx context.Context, importID int64, limit int) ([]account.ImportRow, error) {
	return all(ctx, &t.querier, scanImportRow, `
		SELECT row, email_key, user_id, activate, invite FROM import_rows WHERE import_id = $1 ORDER BY row LIMIT $2`,
		importID, limit)
}

func (t importWriter) ReleaseImported(ctx context.Context, userID int64) error {
	return t.execDeferred(ctx, `UPDATE import_rows SET user_id = 0 WHERE user_id = $1 AND user_id > 0`, userID)
}

func (t importWriter) DeleteImportRows(ctx context.Context, importID int64, last int) error {
	return t.execDeferred(ctx, `DELETE FROM import_rows WHERE import_id = $1 AND row <= $2`, importID, last)
}

func (t importWriter) IdleImport(ctx context.Context, before time.Time) (int64, error) {
	return one(ctx, &t.querier, scanInt, `
		SELECT id FROM imports WHERE state IN ('open', 'undoing') AND touched_at < $1 ORDER BY id LIMIT 1`, micros(before))
}

func (t importWriter) DeleteEndedImports(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM imports WHERE id IN (
			SELECT id FROM imports WHERE state NOT IN ('open', 'undoing') AND touched_at < $1 LIMIT $2`+t.Dialect.SkipLocked+`)`,
		micros(before), limit)
}
