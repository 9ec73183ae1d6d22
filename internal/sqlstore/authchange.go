package sqlstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

func (t *tx) InsertAuthChange(ctx context.Context, c account.AuthChange) error {
	if t.authChanges[c] {
		return nil
	}
	if t.authChanges == nil {
		t.authChanges = map[account.AuthChange]bool{}
	}
	t.authChanges[c] = true // before the row: it is for a commit of which nobody knows the outcome, too
	return t.run(ctx, `INSERT INTO auth_change (kind, entity_id, at) VALUES ($1, $2, `+t.dialect.now+`)`, string(c.Kind), c.ID)
}

func (t *tx) InsertedAuthChanges() []account.AuthChange {
	return slices.Collect(maps.Keys(t.authChanges))
}

// changed stands before each statement after which somebody's credential may let
// in another principal than before.
func (t *tx) changed(ctx context.Context, kind account.AuthKind, id int64) error {
	return t.InsertAuthChange(ctx, account.AuthChange{Kind: kind, ID: id})
}

// AuthChanges reads the time in the same statement, so that it is that of the
// snapshot, and has a row even where nothing was changed.
func (r reader) AuthChanges(ctx context.Context, after int64, age time.Duration, limit int) (news account.AuthChangeBatch, err error) {
	since, from := "at > "+r.dialect.now+" - $1", age.Microseconds()
	if after > 0 {
		since, from = "id > $1", after
	}
	rows, err := all(ctx, r.atLength(), scanAuthChange, `
		SELECT n.at, n.last, c.kind, c.entity_id
		FROM (SELECT `+r.dialect.now+` AS at, `+r.dialect.lastChange+` AS last) n
		LEFT JOIN (SELECT DISTINCT kind, entity_id FROM auth_change WHERE `+since+` LIMIT $2) c ON TRUE`,
		from, limit)
	for _, row := range rows {
		news.At, news.Last = row.at, row.last
		if row.kind != nil {
			news.Changes = append(news.Changes, account.AuthChange{Kind: account.AuthKind(*row.kind), ID: *row.id})
		}
	}
	return news, err
}

// authChangeRow is a change, if there is one, the time of the database, and the number
// after which others come.
type authChangeRow struct {
	at   time.Time
	last int64
	kind *string
	id   *int64
}

func scanAuthChange(row scanner) (r authChangeRow, err error) {
	return r, row.Scan(micro{&r.at}, &r.last, &r.kind, &r.id)
}

func (t *tx) DeleteAuthChanges(ctx context.Context, age time.Duration, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM auth_change WHERE id IN (
			SELECT id FROM auth_change WHERE at <= `+t.dialect.now+` - $1 LIMIT $2)`, age.Microseconds(), limit)
}
