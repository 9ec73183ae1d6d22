package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// sessionReader implements [account.SessionReader].
type sessionReader struct{ *querier }

// sessionWriter implements [account.SessionWriter].
type sessionWriter struct{ *txState }

var (
	_ account.SessionReader = sessionReader{}
	_ account.SessionWriter = sessionWriter{}
)

const selectSession = `SELECT id, user_id, created_at, last_seen_at, source, device FROM sessions`

func scanSession(row sqldb.Row) (s account.Session, err error) {
	return s, row.Scan(&s.ID, &s.UserID, timeColumn{&s.Created}, timeColumn{&s.LastSeen}, &s.ClientNetwork, &s.Device)
}

func (r sessionReader) Session(ctx context.Context, id int64) (account.Session, error) {
	return one(ctx, r.querier, scanSession, selectSession+` WHERE id = $1`, id)
}

func (r sessionReader) SessionByHash(ctx context.Context, hash token.Hash) (account.Session, error) {
	return one(ctx, r.querier, scanSession, selectSession+` WHERE hash = $1`, hash[:])
}

func (r sessionReader) SessionsOf(
	ctx context.Context, userID int64, created, lastSeen time.Time, limit int,
) ([]account.Session, error) {
	return all(ctx, r.querier, scanSession, `
		SELECT id, user_id, created_at, last_seen_at, source, device FROM (
			SELECT * FROM sessions WHERE user_id = $1 AND created_at > $2 AND last_seen_at > $3 ORDER BY id DESC LIMIT $4) newest
		ORDER BY id`, userID, micros(created), micros(lastSeen), limit)
}

func (t sessionWriter) InsertSession(ctx context.Context, s account.Session, hash token.Hash) (int64, error) {
	return one(ctx, &t.querier, scanInt, `
		INSERT INTO sessions (user_id, hash, source, device, created_at, last_seen_at)
		VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
		s.UserID, hash[:], s.ClientNetwork, s.Device, micros(s.Created), micros(s.LastSeen))
}

func (t sessionWriter) SetSessionHash(ctx context.Context, id int64, oldHash, newHash token.Hash) error {
	if err := t.changed(ctx, account.AuthSession, id); err != nil {
		return err
	}
	_, err := one(ctx, &t.querier, scanInt, `UPDATE sessions SET hash = $3 WHERE id = $1 AND hash = $2 RETURNING id`,
		id, oldHash[:], newHash[:])
	return err
}

func (t sessionWriter) TouchSession(ctx context.Context, id int64, lastSeen time.Time) error {
	return t.execDeferred(ctx, `
		UPDATE sessions SET last_seen_at = $2
		WHERE id = (SELECT id FROM sessions WHERE id = $1 AND last_seen_at < $2`+t.Dialect.SkipLocked+`)`,
		id, micros(lastSeen))
}

func (t sessionWriter) AddSessionFailure(ctx context.Context, id int64) (int, error) {
	n, err := one(ctx, &t.querier, scanInt, `
		UPDATE sessions SET failures = failures + 1 WHERE id = $1 RETURNING failures`, id)
	return int(n), err
}

func (t sessionWriter) DeleteSession(ctx context.Context, id int64) error {
	if err := t.changed(ctx, account.AuthSession, id); err != nil {
		return err
	}
	return t.execDeferred(ctx, `DELETE FROM sessions WHERE id = $1`, id)
}

func (t sessionWriter) DeleteSessionsOf(ctx context.Context, userID, spare int64) error {
	if err := t.changed(ctx, account.AuthUser, userID); err != nil {
		return err
	}
	return t.execDeferred(ctx, `DELETE FROM sessions WHERE user_id = $1 AND id <> $2`, userID, spare)
}

func (t sessionWriter) LimitSessions(ctx context.Context, userID int64, most, limit int) ([]int64, error) {
	ids, err := all(ctx, &t.querier, scanInt, `
		DELETE FROM sessions WHERE id IN (
			SELECT id FROM sessions WHERE user_id = $1 ORDER BY id DESC LIMIT $3 OFFSET $2) RETURNING id`,
		userID, most, limit)
	if err != nil {
		return nil, err
	}
	slices.Sort(ids) // RETURNING has no order
	for _, id := range ids {
		if err := t.changed(ctx, account.AuthSession, id); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func (t sessionWriter) DeleteExpiredSessions(ctx context.Context, created, lastSeen time.Time, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM sessions WHERE id IN (
			SELECT id FROM (
				SELECT id FROM sessions WHERE created_at <= $1 ORDER BY created_at LIMIT $3`+t.Dialect.SkipLocked+`) old
			UNION
			SELECT id FROM (
				SELECT id FROM sessions WHERE last_seen_at <= $2 ORDER BY last_seen_at LIMIT $3`+t.Dialect.SkipLocked+`) idle
			LIMIT $3)`,
		micros(created), micros(lastSeen), limit)
}
