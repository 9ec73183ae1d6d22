package sqlstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// authChangeReader implements [account.AuthChangeReader].
type authChangeReader struct{ *querier }

// authChangeWriter implements [account.AuthChangeWriter].
type authChangeWriter struct{ *txState }

var (
	_ account.AuthChangeReader = authChangeReader{}
	_ account.AuthChangeWriter = authChangeWriter{}
)

// InsertAuthChange inserts a change. If the transaction has inserted the same change already, it does nothing.
func (t authChangeWriter) InsertAuthChange(ctx context.Context, c account.AuthChange) error {
	return t.insertAuthChange(ctx, c)
}

// InsertedAuthChanges returns the changes that the transaction has inserted, in any order.
func (t authChangeWriter) InsertedAuthChanges() []account.AuthChange {
	return slices.Collect(maps.Keys(t.authChanges))
}

func (t *txState) insertAuthChange(ctx context.Context, c account.AuthChange) error {
	if t.authChanges[c] {
		return nil
	}
	if t.authChanges == nil {
		t.authChanges = map[account.AuthChange]bool{}
	}
	t.authChanges[c] = true // before the statement: if the commit's outcome is unknown, the caller needs the list
	return t.execDeferred(ctx, `
		INSERT INTO auth_change (kind, entity_id, at) VALUES ($1, $2, `+t.Dialect.Now+`)`, string(c.Kind), c.ID)
}

// changed records a change of a user, role, session, API key or setting. Every server then drops the cached principals
// that depend on it. Call changed before the statement that makes the change.
func (t *txState) changed(ctx context.Context, kind account.AuthKind, id int64) error {
	return t.insertAuthChange(ctx, account.AuthChange{Kind: kind, ID: id})
}

// AuthChanges reads the changes and the database's time in one statement, so that both are of the same snapshot. The
// statement returns a row with the time even if there are no changes.
func (r authChangeReader) AuthChanges(
	ctx context.Context, last int64, age time.Duration, limit int,
) (batch account.AuthChangeBatch, err error) {
	since, from := "at > "+r.Dialect.Now+" - $1", age.Microseconds()
	if last > 0 {
		since, from = "id > $1", last
	}
	rows, err := all(ctx, r.cancellable(), scanAuthChange, `
		SELECT n.at, n.last, c.kind, c.entity_id
		FROM (SELECT `+r.Dialect.Now+` AS at, `+r.Dialect.LastID("auth_change")+` AS last) n
		LEFT JOIN (SELECT DISTINCT kind, entity_id FROM auth_change WHERE `+since+` LIMIT $2) c ON TRUE`,
		from, limit)
	for _, row := range rows {
		batch.At, batch.Last = row.at, row.last
		if row.kind != nil {
			batch.Changes = append(batch.Changes, account.AuthChange{Kind: account.AuthKind(*row.kind), ID: *row.id})
		}
	}
	return batch, err
}

// authChangeRow is a row of the statement in AuthChanges. at is the database's time. last is the highest id so far;
// later changes have higher ids. kind and id are nil if there are no changes.
type authChangeRow struct {
	at   time.Time
	last int64
	kind *string
	id   *int64
}

func scanAuthChange(row sqldb.Row) (r authChangeRow, err error) {
	return r, row.Scan(timeColumn{&r.at}, &r.last, &r.kind, &r.id)
}

func (t authChangeWriter) DeleteAuthChanges(ctx context.Context, age time.Duration, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM auth_change WHERE id IN (
			SELECT id FROM auth_change WHERE at <= `+t.Dialect.Now+` - $1 LIMIT $2)`, age.Microseconds(), limit)
}
