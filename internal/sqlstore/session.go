package sqlstore

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

const selectSession = `SELECT id, user_id, created_at, last_seen_at, source, device FROM sessions`

func scanSession(row scanner) (s account.Session, err error) {
	return s, row.Scan(&s.ID, &s.UserID, micro{&s.Created}, micro{&s.LastSeen}, &s.ClientNetwork, &s.Device)
}

func (r reader) Session(ctx context.Context, id int64) (account.Session, error) {
	return one(ctx, r.queries, scanSession, selectSession+` WHERE id = $1`, id)
}

func (r reader) SessionByHash(ctx context.Context, hash token.Hash) (account.Session, error) {
	return one(ctx, r.queries, scanSession, selectSession+` WHERE hash = $1`, hash[:])
}

func (r reader) SessionsOf(ctx context.Context, userID int64, created, lastSeen time.Time, limit int) ([]account.Session, error) {
	return all(ctx, r.queries, scanSession, `
		SELECT id, user_id, created_at, last_seen_at, source, device FROM (
			SELECT * FROM sessions WHERE user_id = $1 AND created_at > $2 AND last_seen_at > $3 ORDER BY id DESC LIMIT $4) newest
		ORDER BY id`, userID, micros(created), micros(lastSeen), limit)
}

func (t *tx) InsertSession(ctx context.Context, s account.Session, hash token.Hash) (int64, error) {
	return one(ctx, t.queries, scanInt, `
		INSERT INTO sessions (user_id, hash, source, device, created_at, last_seen_at)
		VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
		s.UserID, hash[:], s.ClientNetwork, s.Device, micros(s.Created), micros(s.LastSeen))
}

func (t *tx) SetSessionHash(ctx context.Context, id int64, before, hash token.Hash) error {
	if err := t.changed(ctx, account.AuthSession, id); err != nil {
		return err
	}
	_, err := one(ctx, t.queries, scanInt, `UPDATE sessions SET hash = $3 WHERE id = $1 AND hash = $2 RETURNING id`, id, before[:], hash[:])
	return err
}

func (t *tx) TouchSession(ctx context.Context, id int64, lastSeen time.Time) error {
	return t.run(ctx, `
		UPDATE sessions SET last_seen_at = $2
		WHERE id = (SELECT id FROM sessions WHERE id = $1 AND last_seen_at < $2`+t.dialect.skipLocked+`)`, id, micros(lastSeen))
}

func (t *tx) AddSessionFailure(ctx context.Context, id int64) (int, error) {
	n, err := one(ctx, t.queries, scanInt, `
		UPDATE sessions SET failures = failures + 1 WHERE id = $1 RETURNING failures`, id)
	return int(n), err
}

func (t *tx) DeleteSession(ctx context.Context, id int64) error {
	if err := t.changed(ctx, account.AuthSession, id); err != nil {
		return err
	}
	return t.run(ctx, `DELETE FROM sessions WHERE id = $1`, id)
}

func (t *tx) DeleteSessionsOf(ctx context.Context, userID, spare int64) error {
	if err := t.changed(ctx, account.AuthUser, userID); err != nil {
		return err
	}
	return t.run(ctx, `DELETE FROM sessions WHERE user_id = $1 AND id <> $2`, userID, spare)
}

func (t *tx) DeleteExpiredSessions(ctx context.Context, created, lastSeen time.Time, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM sessions WHERE id IN (
			SELECT id FROM (SELECT id FROM sessions WHERE created_at <= $1 ORDER BY created_at LIMIT $3`+t.dialect.skipLocked+`) old
			UNION
			SELECT id FROM (SELECT id FROM sessions WHERE last_seen_at <= $2 ORDER BY last_seen_at LIMIT $3`+t.dialect.skipLocked+`) idle
			LIMIT $3)`,
		micros(created), micros(lastSeen), limit)
}
