package sqlstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

const throttleColumns = `key, failures, pending, pending_since, window_failures, window_start, streak, last_failure, locked_until`

func scanThrottle(row scanner) (t throttle.Counter, err error) {
	return t, row.Scan(&t.Key, &t.Failures, &t.Pending, micro{&t.PendingSince},
		&t.WindowFailures, micro{&t.WindowStart}, &t.Streak, micro{&t.LastFailure}, micro{&t.LockedUntil})
}

func (t *tx) Throttle(ctx context.Context, key string) (throttle.Counter, error) {
	found, err := one(ctx, t.queries, scanThrottle,
		`SELECT `+throttleColumns+` FROM sign_in_throttle WHERE key = $1`, key)
	if errors.Is(err, account.ErrNotFound) {
		return throttle.Counter{Key: key}, nil
	}
	return found, err
}

// LockThrottle writes the row to read it: the write is what holds it against
// others, on every engine and whether it was there or not.
func (t *tx) LockThrottle(ctx context.Context, key string) (throttle.Counter, error) {
	t.throttles = append(t.throttles, key)
	return one(ctx, t.queries, scanThrottle, `
		INSERT INTO sign_in_throttle (key) VALUES ($1)
		ON CONFLICT (key) DO UPDATE SET key = excluded.key
		RETURNING `+throttleColumns, key)
}

// SaveThrottle fails at once for a counter that was not locked.
func (t *tx) SaveThrottle(ctx context.Context, v throttle.Counter) error {
	if !slices.Contains(t.throttles, v.Key) {
		return account.ErrNotFound
	}
	if err := t.changedLock(ctx, v); err != nil {
		return err
	}
	return t.run(ctx, `
		UPDATE sign_in_throttle
		SET failures = $2, pending = $3, pending_since = $4, window_failures = $5, window_start = $6,
		    streak = $7, last_failure = $8, locked_until = $9
		WHERE key = $1`,
		v.Key, v.Failures, v.Pending, micros(v.PendingSince), v.WindowFailures, micros(v.WindowStart),
		v.Streak, micros(v.LastFailure), micros(v.LockedUntil))
}

// changedLock tells of a lock that begins: users are shown with it. Sessions and
// keys go on.
func (t *tx) changedLock(ctx context.Context, v throttle.Counter) error {
	id, ok := lockedUser(v.Key)
	if !ok || v.LockedUntil.IsZero() {
		return nil
	}
	was, err := t.Throttle(ctx, v.Key)
	if err != nil || was.LockedUntil.Equal(v.LockedUntil) {
		return err
	}
	return t.changed(ctx, account.AuthUser, id)
}

func (t *tx) DeleteThrottlesOf(ctx context.Context, subject string) error {
	// A range, not LIKE: it uses the index, and a subject has no wildcard.
	return t.run(ctx, `DELETE FROM sign_in_throttle WHERE key >= $1 AND key < $2`, subject, after(subject))
}

// after returns the first text that is greater than every text with the prefix.
func after(prefix string) string {
	return prefix[:len(prefix)-1] + string(prefix[len(prefix)-1]+1)
}

func (t *tx) DeleteIdleThrottles(ctx context.Context, before, now time.Time, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM sign_in_throttle WHERE key IN (
			SELECT key FROM sign_in_throttle
			WHERE last_failure < $1 AND pending_since < $1 AND window_start < $1 AND locked_until < $2
			ORDER BY window_start LIMIT $3`+t.dialect.skipLocked+`)`,
		micros(before), micros(now), limit)
}

// unknown selects the counters of addresses without an account.
const unknown = `key >= 'x:' AND key < 'x;'`

func (t *tx) CountUnknownThrottles(ctx context.Context) (int, error) {
	n, err := one(ctx, t.queries, scanInt, `SELECT count(*) FROM sign_in_throttle WHERE `+unknown)
	return int(n), err
}

func (t *tx) DeleteUnknownThrottles(ctx context.Context, now time.Time, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM sign_in_throttle WHERE key IN (
			SELECT key FROM sign_in_throttle WHERE `+unknown+` AND locked_until < $1
			ORDER BY last_failure, key DESC LIMIT $2`+t.dialect.skipLocked+`)`, micros(now), limit)
}

func (t *tx) IsKnownNetwork(ctx context.Context, userID int64, source string, since time.Time) (bool, error) {
	n, err := one(ctx, t.queries, scanInt, `
		SELECT count(*) FROM known_sources WHERE user_id = $1 AND source = $2 AND last_at >= $3`, userID, source, micros(since))
	return n > 0, err
}

func (t *tx) SaveKnownNetwork(ctx context.Context, userID int64, source string, now time.Time) error {
	return t.run(ctx, `
		INSERT INTO known_sources (user_id, source, last_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id, source) DO UPDATE SET last_at = excluded.last_at`, userID, source, micros(now))
}

func (t *tx) DeleteKnownNetworks(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM known_sources WHERE (user_id, source) IN (
			SELECT user_id, source FROM known_sources WHERE last_at < $1
			ORDER BY last_at LIMIT $2`+t.dialect.skipLocked+`)`, micros(before), limit)
}
