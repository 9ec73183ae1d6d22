package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// activityReader implements [account.ActivityReader].
type activityReader struct{ *querier }

// activityWriter implements [account.ActivityWriter].
type activityWriter struct{ *txState }

var (
	_ account.ActivityReader = activityReader{}
	_ account.ActivityWriter = activityWriter{}
)

const activityColumns = `id, at, actor_id, actor_name, credential, credential_id, source,
		       action, target_kind, target_id, target_name, changes, count, number, key_id, seal`

func scanActivity(row sqldb.Row) (a account.StoredActivity, err error) {
	return a, row.Scan(&a.ID, timeColumn{&a.At}, &a.Actor.ID, &a.Actor.Name, &a.Actor.Credential.Kind,
		&a.Actor.Credential.ID, &a.Actor.ClientNetwork, &a.Action, &a.Target.Kind, &a.Target.ID, &a.Target.Name,
		&a.ChangesText, &a.Count, &a.Number, &a.KeyID, bytesColumn{&a.Seal})
}

func (t activityWriter) InsertActivity(ctx context.Context, entries ...account.Activity) error {
	rows := make([][]any, len(entries))
	for i, a := range entries {
		changes, err := json.Marshal(a.Changes)
		if err != nil {
			return fmt.Errorf("encode an entry of the activity log: %w", err)
		}
		rows[i] = []any{
			micros(a.At), a.Actor.ID, a.Actor.Name, string(a.Actor.Credential.Kind), a.Actor.Credential.ID,
			a.Actor.ClientNetwork, string(a.Action), string(a.Target.Kind), a.Target.ID, a.Target.Name, string(changes), a.Count,
		}
	}
	return t.insert(ctx, `activity (at, actor_id, actor_name, credential, credential_id, source,
		                      action, target_kind, target_id, target_name, changes, count)`, rows)
}

func (r activityReader) Activity(ctx context.Context, q account.ActivityQuery) ([]account.StoredActivity, error) {
	statement, args := activityPage(r.Dialect, q)
	return allUnprepared(ctx, r.querier, scanActivity, statement, args...)
}

// activityPage returns the statement for a page of the activity log, and its parameter values. It adds conditions only
// for the filters that are set, so that the statement can use an index with the entries in the page's order. With
// another index the database would sort all matching entries for each page.
func activityPage(d *sqldb.Dialect, q account.ActivityQuery) (statement string, args []any) {
	var where conditions
	noIndex := d.NoIndex
	at := noIndex + `at`
	if q.ByTime {
		at = `at`
	}
	if len(q.Actors) == 1 {
		where.add(`actor_id = ?`, q.Actors[0])
	} else if q.Actors != nil {
		where.add(noIndex + `actor_id IN ` + d.IDList(where.bind(d.IDs(q.Actors))))
	}
	if q.ActorID != 0 {
		where.add(`actor_id = ?`, q.ActorID)
	}
	if noun, isNoun := strings.CutSuffix(q.Action, "*"); isNoun && noun != "" {
		where.add(noIndex+`action >= ? AND `+noIndex+`action < ?`, noun, after(noun))
	} else if q.Action != "" {
		where.add(`action = ?`, q.Action)
	}
	switch {
	case q.TargetKind != "" && q.TargetID != 0:
		where.add(`target_kind = ? AND target_id = ?`, string(q.TargetKind), q.TargetID)
	case q.TargetKind != "":
		where.add(noIndex+`target_kind = ?`, string(q.TargetKind))
	case q.TargetID != 0:
		where.add(`target_id = ?`, q.TargetID)
	}
	if !q.From.IsZero() {
		where.add(at+` >= ?`, micros(q.From))
	}
	if !q.To.IsZero() {
		where.add(at+` < ?`, micros(q.To))
	}
	cursor, compare, direction := q.Before, `<`, ` DESC`
	if q.OldestFirst {
		cursor, compare, direction = q.After, `>`, ``
	}
	order := ` ORDER BY id` + direction
	if q.ByTime {
		order = ` ORDER BY at` + direction + `, id` + direction
	}
	switch {
	case cursor.ID == 0:
	case q.ByTime:
		where.add(`(at, id) `+compare+` (?, ?)`, micros(cursor.At), cursor.ID)
	default:
		where.add(`id `+compare+` ?`, cursor.ID)
	}
	statement = `SELECT ` + activityColumns + ` FROM activity` + where.text + order + ` LIMIT ` + where.bind(q.Limit)
	return statement, where.args
}

func (t activityWriter) CountFailedSignIn(ctx context.Context, f account.FailedSignIns) error {
	return t.execDeferred(ctx, `
		INSERT INTO failed_sign_ins (minute, source, user_id, count) VALUES ($1, $2, $3, $4)
		ON CONFLICT (minute, source, user_id) DO UPDATE SET count = failed_sign_ins.count + excluded.count`,
		micros(f.Minute), f.ClientNetwork, f.UserID, f.Count)
}

func scanFailedSignIns(row sqldb.Row) (f account.FailedSignIns, err error) {
	return f, row.Scan(timeColumn{&f.Minute}, &f.ClientNetwork, &f.UserID, &f.Count)
}

func (r activityReader) FailedSignIns(
	ctx context.Context, before time.Time, limit int,
) ([]account.FailedSignIns, error) {
	return all(ctx, r.querier, scanFailedSignIns, `
		SELECT minute, source, user_id, count FROM failed_sign_ins
		WHERE minute < $1 ORDER BY minute, source, user_id LIMIT $2`, micros(before), limit)
}

func (t activityWriter) TakeFailedSignIns(
	ctx context.Context, before time.Time, limit int,
) ([]account.FailedSignIns, error) {
	taken, err := all(ctx, &t.querier, scanFailedSignIns, `
		DELETE FROM failed_sign_ins WHERE (minute, source, user_id) IN (
			SELECT minute, source, user_id FROM failed_sign_ins
			WHERE minute < $1 ORDER BY minute, source, user_id LIMIT $2`+t.Dialect.SkipLocked+`)
		RETURNING minute, source, user_id, count`, micros(before), limit)
	slices.SortFunc(taken, func(a, b account.FailedSignIns) int { // RETURNING has no order
		return cmp.Or(a.Minute.Compare(b.Minute), cmp.Compare(a.ClientNetwork, b.ClientNetwork),
			cmp.Compare(a.UserID, b.UserID))
	})
	return taken, err
}

// UnsealedActivity repeats the condition of the partial index, number <= 0, since SQLite would not use the index
// otherwise.
func (r activityReader) UnsealedActivity(ctx context.Context, limit int) ([]account.StoredActivity, error) {
	return all(ctx, r.querier, scanActivity,
		`SELECT `+activityColumns+` FROM activity WHERE number <= 0 AND number = 0 ORDER BY id LIMIT $1`, limit)
}

// CountUnsealedActivity counts the entries without a seal. These include entries whose number someone has changed to a
// negative one.
func (r activityReader) CountUnsealedActivity(ctx context.Context) (int, error) {
	n, err := one(ctx, r.querier, scanInt, `SELECT count(*) FROM activity WHERE number <= 0`)
	return int(n), err
}

func (r activityReader) SealedActivity(
	ctx context.Context, number, id int64, limit int,
) ([]account.StoredActivity, error) {
	return all(ctx, r.querier, scanActivity, `
		SELECT `+activityColumns+` FROM activity
		WHERE number > 0 AND number >= $1 AND (number, id) > ($1, $2) ORDER BY number, id LIMIT $3`, number, id, limit)
}

func (t activityWriter) SealActivity(ctx context.Context, a account.StoredActivity) error {
	return t.execOne(ctx, `
		UPDATE activity SET number = $2, key_id = $3, seal = $4 WHERE id = $1 AND number = 0`,
		a.ID, a.Number, a.KeyID, a.Seal)
}

func (t activityWriter) ResealActivity(ctx context.Context, a account.StoredActivity) error {
	return t.execDeferred(ctx, `UPDATE activity SET key_id = $3, seal = $4 WHERE id = $1 AND number = $2`,
		a.ID, a.Number, a.KeyID, a.Seal)
}

func (t activityWriter) DeleteSealedActivity(ctx context.Context, upTo int64) error {
	if err := t.execDeferred(ctx, `DELETE FROM activity WHERE number > 0 AND number <= $1`, upTo); err != nil {
		return err
	}
	if err := t.execDeferred(ctx, `DELETE FROM activity_checkpoints WHERE number <= $1`, upTo); err != nil {
		return err
	}
	return t.execDeferred(ctx, `DELETE FROM activity_former_checkpoints WHERE number <= $1`, upTo)
}

const checkpointColumns = `number, at, seal, key_id, mac`

func scanCheckpoint(row sqldb.Row) (c account.Checkpoint, err error) {
	return c, row.Scan(&c.Number, timeColumn{&c.At}, bytesColumn{&c.Seal}, &c.Signature.KeyID,
		bytesColumn{&c.Signature.MAC})
}

const selectChainEnd = `SELECT ` + checkpointColumns + ` FROM activity_chain WHERE place = $1`

func (r activityReader) ChainEnd(ctx context.Context, end account.ChainEnd) (account.Checkpoint, error) {
	return one(ctx, r.querier, scanCheckpoint, selectChainEnd, string(end))
}

func (t activityWriter) LockChain(ctx context.Context) (account.Checkpoint, error) {
	return one(ctx, &t.querier, scanCheckpoint, selectChainEnd+t.Dialect.LockRow, string(account.ChainHead))
}

func (t activityWriter) SaveChainEnd(ctx context.Context, end account.ChainEnd, c account.Checkpoint) error {
	return t.execOne(ctx, `
		UPDATE activity_chain SET number = $2, at = $3, seal = $4, key_id = $5, mac = $6 WHERE place = $1`,
		string(end), c.Number, micros(c.At), c.Seal, c.Signature.KeyID, c.Signature.MAC)
}

func (r activityReader) Checkpoints(ctx context.Context, after, upTo int64, limit int) ([]account.Checkpoint, error) {
	return all(ctx, r.querier, scanCheckpoint, `
		SELECT `+checkpointColumns+` FROM activity_checkpoints
		WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3`, after, upTo, limit)
}

func (r activityReader) CheckpointBefore(ctx context.Context, number int64) (account.Checkpoint, error) {
	return one(ctx, r.querier, scanCheckpoint, `
		SELECT `+checkpointColumns+` FROM activity_checkpoints WHERE number <= $1 ORDER BY number DESC LIMIT 1`, number)
}

// SaveCheckpoint replaces an existing checkpoint of the same number. Package audit saves each number once, so the
// existing one comes from elsewhere, such as a forger.
func (t activityWriter) SaveCheckpoint(ctx context.Context, c account.Checkpoint) error {
	return t.execDeferred(ctx, `
		INSERT INTO activity_checkpoints (number, at, seal, key_id, mac) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (number) DO UPDATE
		SET at = excluded.at, seal = excluded.seal, key_id = excluded.key_id, mac = excluded.mac`,
		c.Number, micros(c.At), c.Seal, c.Signature.KeyID, c.Signature.MAC)
}

func (r activityReader) Resealing(ctx context.Context) (account.Resealing, error) {
	return one(ctx, r.querier, func(row sqldb.Row) (s account.Resealing, err error) {
		return s, row.Scan(&s.Number, bytesColumn{&s.Seal}, bytesColumn{&s.Former}, &s.Signature.KeyID,
			bytesColumn{&s.Signature.MAC})
	}, `SELECT number, seal, former_seal, key_id, mac FROM activity_resealing WHERE place = 'boundary'`)
}

func (t activityWriter) SaveResealing(ctx context.Context, s account.Resealing) error {
	return t.execDeferred(ctx, `
		INSERT INTO activity_resealing (place, number, seal, former_seal, key_id, mac)
		VALUES ('boundary', $1, $2, $3, $4, $5)
		ON CONFLICT (place) DO UPDATE
		SET number = excluded.number, seal = excluded.seal, former_seal = excluded.former_seal,
		    key_id = excluded.key_id, mac = excluded.mac`,
		s.Number, notNull(s.Seal), notNull(s.Former), s.Signature.KeyID, s.Signature.MAC)
}

func (t activityWriter) DeleteResealing(ctx context.Context) error {
	return t.execDeferred(ctx, `DELETE FROM activity_resealing`)
}

func (r activityReader) FormerCheckpoints(ctx context.Context, after, upTo int64) ([]account.FormerCheckpoint, error) {
	return all(ctx, r.querier, func(row sqldb.Row) (c account.FormerCheckpoint, err error) {
		return c, row.Scan(&c.Number, bytesColumn{&c.Former}, timeColumn{&c.At}, bytesColumn{&c.Seal}, &c.Signature.KeyID,
			bytesColumn{&c.Signature.MAC})
	}, `SELECT number, former_seal, at, seal, key_id, mac FROM activity_former_checkpoints
		WHERE number > $1 AND number <= $2 ORDER BY number, former_seal`, after, upTo)
}

func (t activityWriter) SaveFormerCheckpoint(ctx context.Context, c account.FormerCheckpoint) error {
	return t.execDeferred(ctx, `
		INSERT INTO activity_former_checkpoints (number, former_seal, at, seal, key_id, mac) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (number, former_seal) DO UPDATE
		SET at = excluded.at, seal = excluded.seal, key_id = excluded.key_id, mac = excluded.mac`,
		c.Number, c.Former, micros(c.At), c.Seal, c.Signature.KeyID, c.Signature.MAC)
}
