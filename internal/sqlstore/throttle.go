package sqlstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// throttleWriter implements [account.ThrottleWriter].
type throttleWriter struct{ *txState }

var _ account.ThrottleWriter = throttleWriter{}

const throttleColumns = `key, failures, pending, pending_since, window_failures, window_start,
		       streak, last_failure, locked_until`

func scanThrottle(row sqldb.Row) (t lockout.Counter, err error) {
	return t, row.Scan(&t.Key, &t.Failures, &t.Pending, timeColumn{&t.PendingSince},
		&t.WindowFailures, timeColumn{&t.WindowStart}, &t.Streak, timeColumn{&t.LastFailure}, timeColumn{&t.LockedUntil})
}

func (t throttleWriter) Throttle(ctx context.Context, key string) (lockout.Counter, error) {
	found, err := one(ctx, &t.querier, scanThrottle,
		`SELECT `+throttleColumns+` FROM sign_in_throttle WHERE key = $1`, key)
	if errors.Is(err, account.ErrNotFound) {
		return lockout.Counter{Key: key}, nil
	}
	return found, err
}

// LockThrottle reads a counter and locks its row. It inserts or updates the row to do so, since a SELECT can't lock a
// row that does not exist yet.
func (t throttleWriter) LockThrottle(ctx context.Context, key string) (lockout.Counter, error) {
	t.throttles = append(t.throttles, key)
	return one(ctx, &t.querier, scanThrottle, `
		INSERT INTO sign_in_throttle (key) VALUES ($1)
		ON CONFLICT (key) DO UPDATE SET key = excluded.key
		RETURNING `+throttleColumns, key)
}

// SaveThrottle fails with account.ErrNotFound for a counter that the transaction has not locked.
func (t throttleWriter) SaveThrottle(ctx context.Context, v lockout.Counter) error {
	if !slices.Contains(t.throttles, v.Key) {
		return account.ErrNotFound
	}
	if err := t.announceLock(ctx, v); err != nil {
		return err
	}
	return t.execDeferred(ctx, `
		UPDATE sign_in_throttle
		SET failures = $2, pending = $3, pending_since = $4, window_failures = $5, window_start = $6,
		    streak = $7, last_failure = $8, locked_until = $9
		WHERE key = $1`,
		v.Key, v.Failures, v.Pending, micros(v.PendingSince), v.WindowFailures, micros(v.WindowStart),
		v.Streak, micros(v.LastFailure), micros(v.LockedUntil))
}

// announceLock records that a lockout of a user begins. Every server then drops its cached JSON of the user, which
// shows the lockout. The user's sessions and API keys continue to work.
func (t throttleWriter) announceLock(ctx context.Context, v lockout.Counter) error {
	id, ok := lockedUser(v.Key)
	if !ok || v.LockedUntil.IsZero() {
		return nil
	}
	stored, err := t.Throttle(ctx, v.Key)
	if err != nil || stored.LockedUntil.Equal(v.LockedUntil) {
		return err
	}
	return t.changed(ctx, account.AuthUser, id)
}

func (t throttleWriter) DeleteThrottlesOf(ctx context.Context, subject string) error {
	// The range can use the index, and unlike LIKE it has no wildcards.
	return t.execDeferred(ctx, `DELETE FROM sign_in_throttle WHERE key >= $1 AND key < $2`, subject, after(subject))
}

// after returns the first text that is greater than every text with the prefix. The prefix is not empty.
func after(prefix string) string {
	return prefix[:len(prefix)-1] + string(prefix[len(prefix)-1]+1)
}

func (t throttleWriter) DeleteIdleThrottles(ctx context.Context, before, now time.Time, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM sign_in_throttle WHERE key IN (
			SELECT key FROM sign_in_throttle
			WHERE last_failure < $1 AND pending_since < $1 AND window_start < $1 AND locked_until < $2
			ORDER BY window_start LIMIT $3`+t.Dialect.SkipLocked+`)`,
		micros(before), micros(now), limit)
}

func (t throttleWriter) CountThrottles(ctx context.Context, prefix string) (int, error) {
	n, err := one(ctx, &t.querier, scanInt, `
		SELECT count(*) FROM sign_in_throttle WHERE key >= $1 AND key < $2`, prefix, after(prefix))
	return int(n), err
}

func (t throttleWriter) DeleteOldestThrottles(
	ctx context.Context, prefix string, now time.Time, limit int,
) (int, error) {
	return t.exec(ctx, `
		DELETE FROM sign_in_throttle WHERE key IN (
			SELECT key FROM sign_in_throttle WHERE key >= $1 AND key < $2 AND locked_until < $3
			ORDER BY CASE WHEN last_failure > window_start THEN last_failure ELSE window_start END, key DESC
			LIMIT $4`+t.Dialect.SkipLocked+`)`, prefix, after(prefix), micros(now), limit)
}

func (t throttleWriter) DeleteOutdatedThrottles(ctx context.Context, subject string, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM sign_in_throttle WHERE key IN (
			SELECT key FROM sign_in_throttle WHERE key >= $1 AND key < $2 AND NOT (key >= $3 AND key < $4)
			LIMIT $5`+t.Dialect.SkipLocked+`)`,
		lockout.UnknownPrefix, after(lockout.UnknownPrefix), subject, after(subject), limit)
}

func (t throttleWriter) IsKnownNetwork(
	ctx context.Context, userID int64, network string, since time.Time,
) (bool, error) {
	n, err := one(ctx, &t.querier, scanInt, `
		SELECT count(*) FROM known_sources WHERE user_id = $1 AND source = $2 AND last_at >= $3`,
		userID, network, micros(since))
	return n > 0, err
}

func (t throttleWriter) SaveKnownNetwork(ctx context.Context, userID int64, network string, now time.Time) error {
	return t.execDeferred(ctx, `
		INSERT INTO known_sources (user_id, source, last_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id, source) DO UPDATE SET last_at = excluded.last_at`, userID, network, micros(now))
}

func (t throttleWriter) DeleteKnownNetworks(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM known_sources WHERE (user_id, source) IN (
			SELECT user_id, source FROM known_sources WHERE last_at < $1
			ORDER BY last_at LIMIT $2`+t.Dialect.SkipLocked+`)`, micros(before), limit)
}
