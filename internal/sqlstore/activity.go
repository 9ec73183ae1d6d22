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
)

const activityColumns = `id, at, actor_id, actor_name, credential, credential_id, source,
		       action, target_kind, target_id, target_name, changes, count, number, key_id, seal`

func scanActivity(row scanner) (a account.StoredActivity, err error) {
	return a, row.Scan(&a.ID, micro{&a.At}, &a.Actor.ID, &a.Actor.Name, &a.Actor.Credential.Kind, &a.Actor.Credential.ID, &a.Actor.ClientNetwork,
		&a.Action, &a.Target.Kind, &a.Target.ID, &a.Target.Name, &a.ChangesText, &a.Count, &a.Number, &a.KeyID, blob{&a.Seal})
}

func (t *tx) InsertActivity(ctx context.Context, entries ...account.Activity) error {
	rows := make([][]any, len(entries))
	for i, a := range entries {
		changes, err := json.Marshal(a.Changes)
		if err != nil {
			return fmt.Errorf("write an entry of the activity log: %w", err)
		}
		rows[i] = []any{
			micros(a.At), a.Actor.ID, a.Actor.Name, string(a.Actor.Credential.Kind), a.Actor.Credential.ID, a.Actor.ClientNetwork,
			string(a.Action), string(a.Target.Kind), a.Target.ID, a.Target.Name, string(changes), a.Count,
		}
	}
	return t.insert(ctx, `activity (at, actor_id, actor_name, credential, credential_id, source,
		                      action, target_kind, target_id, target_name, changes, count)`, rows)
}

func (r reader) Activity(ctx context.Context, q account.ActivityQuery) ([]account.StoredActivity, error) {
	statement, args := activityPage(r.dialect, q)
	return allOnce(ctx, r.queries, scanActivity, statement, args...)
}

// activityPage writes the statement of a page of the activity log. It asks only for
// what the query names, so that each form of it can use the index that is best for it: one
// that gives the entries in the order of the page. Any other would have all that match sorted
// for each page.
func activityPage(d *dialect, q account.ActivityQuery) (statement string, args []any) {
	var where conditions
	inOrder := d.unindexed
	at := inOrder + `at`
	if q.ByTime {
		at = `at`
	}
	if len(q.Actors) == 1 {
		where.add(`actor_id = ?`, q.Actors[0])
	} else if q.Actors != nil {
		where.add(inOrder + `actor_id IN ` + d.idList(where.bind(d.ids(q.Actors))))
	}
	if q.ActorID != 0 {
		where.add(`actor_id = ?`, q.ActorID)
	}
	if noun, isNoun := strings.CutSuffix(q.Action, "*"); isNoun && noun != "" {
		where.add(inOrder+`action >= ? AND `+inOrder+`action < ?`, noun, after(noun))
	} else if q.Action != "" {
		where.add(`action = ?`, q.Action)
	}
	switch {
	case q.TargetKind != "" && q.TargetID != 0:
		where.add(`target_kind = ? AND target_id = ?`, string(q.TargetKind), q.TargetID)
	case q.TargetKind != "":
		where.add(inOrder+`target_kind = ?`, string(q.TargetKind))
	case q.TargetID != 0:
		where.add(`target_id = ?`, q.TargetID)
	}
	if !q.From.IsZero() {
		where.add(at+` >= ?`, micros(q.From))
	}
	if !q.To.IsZero() {
		where.add(at+` < ?`, micros(q.To))
	}
	place, compare, direction := q.Backward, `<`, ` DESC`
	if q.Forward {
		place, compare, direction = q.After, `>`, ``
	}
	order := ` ORDER BY id` + direction
	if q.ByTime {
		order = ` ORDER BY at` + direction + `, id` + direction
	}
	switch {
	case place.ID == 0:
	case q.ByTime:
		where.add(`(at, id) `+compare+` (?, ?)`, micros(place.At), place.ID)
	default:
		where.add(`id `+compare+` ?`, place.ID)
	}
	return `SELECT ` + activityColumns + ` FROM activity` + where.text + order + ` LIMIT ` + where.bind(q.Limit), where.args
}

func (t *tx) CountFailedSignIn(ctx context.Context, f account.FailedSignIns) error {
	return t.run(ctx, `
		INSERT INTO failed_sign_ins (minute, source, user_id, count) VALUES ($1, $2, $3, $4)
		ON CONFLICT (minute, source, user_id) DO UPDATE SET count = failed_sign_ins.count + excluded.count`,
		micros(f.Minute), f.ClientNetwork, f.UserID, f.Count)
}

func scanFailedSignIns(row scanner) (f account.FailedSignIns, err error) {
	return f, row.Scan(micro{&f.Minute}, &f.ClientNetwork, &f.UserID, &f.Count)
}

func (r reader) FailedSignIns(ctx context.Context, before time.Time, limit int) ([]account.FailedSignIns, error) {
	return all(ctx, r.queries, scanFailedSignIns, `
		SELECT minute, source, user_id, count FROM failed_sign_ins
		WHERE minute < $1 ORDER BY minute, source, user_id LIMIT $2`, micros(before), limit)
}

func (t *tx) TakeFailedSignIns(ctx context.Context, before time.Time, limit int) ([]account.FailedSignIns, error) {
	taken, err := all(ctx, t.queries, scanFailedSignIns, `
		DELETE FROM failed_sign_ins WHERE (minute, source, user_id) IN (
			SELECT minute, source, user_id FROM failed_sign_ins
			WHERE minute < $1 ORDER BY minute, source, user_id LIMIT $2`+t.dialect.skipLocked+`)
		RETURNING minute, source, user_id, count`, micros(before), limit)
	slices.SortFunc(taken, func(a, b account.FailedSignIns) int { // they come in any order
		return cmp.Or(a.Minute.Compare(b.Minute), cmp.Compare(a.ClientNetwork, b.ClientNetwork), cmp.Compare(a.UserID, b.UserID))
	})
	return taken, err
}
