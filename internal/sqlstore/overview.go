package sqlstore

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Each number is counted by an index of its own, and those of few by one that has
// these few alone. Conditions are, word by word, those of the indexes.
const (
	countUsers = `
	SELECT (SELECT count(*) FROM users),
	       (SELECT count(*) FROM users WHERE NOT active),
	       (SELECT count(*) FROM users WHERE need_password_reset)`

	countLocked = `SELECT count(*) FROM sign_in_throttle t WHERE ` + isLock

	// The join is in the order of the words: SQLite would begin with the users.
	selectLocked = `
	SELECT u.id, u.name, u.email, t.locked_until
	FROM sign_in_throttle t CROSS JOIN users u
	WHERE ` + isLock + ` AND u.id = ` + lockOwner + `
	ORDER BY t.locked_until DESC, t.key DESC LIMIT $2`

	// Each time is looked up in the index: grouping all entries would sort them.
	// Failures of the last minute are not in the log yet.
	countSignIns = `
	WITH RECURSIVE units (begun) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT begun + $2 FROM units WHERE begun + $2 < $3)
	SELECT begun,
	       (SELECT CAST(COALESCE(sum(a.count), 0) AS BIGINT) FROM activity a
	        WHERE a.action = 'session.create' AND ` + signIns + ` AND a.at >= begun AND a.at < begun + $2),
	       (SELECT CAST(COALESCE(sum(a.count), 0) AS BIGINT) FROM activity a
	        WHERE a.action = 'session.refuse' AND ` + signIns + ` AND a.at >= begun AND a.at < begun + $2) +
	       (SELECT CAST(COALESCE(sum(f.count), 0) AS BIGINT) FROM failed_sign_ins f
	        WHERE f.minute >= begun AND f.minute < begun + $2)
	FROM units`
	signIns = `a.action IN ('session.create', 'session.refuse')` // the index has it

	isWaiting = `state IN ('requested', 'ready')`
	isLate    = isWaiting + ` AND last_error <> ''`

	countMail = `
	SELECT (SELECT count(*) FROM outbox WHERE ` + isWaiting + `),
	       (SELECT count(*) FROM outbox WHERE ` + isLate + `),
	       (SELECT count(*) FROM outbox WHERE state = 'failed' AND finished_at >= $1),
	       COALESCE((SELECT min(created_at) FROM outbox WHERE ` + isWaiting + `), 0),
	       COALESCE((SELECT last_error FROM outbox WHERE ` + isLate + ` ORDER BY id DESC LIMIT 1),
	                (SELECT last_error FROM outbox WHERE state = 'failed' AND finished_at >= $1 ORDER BY finished_at DESC LIMIT 1), '')`
)

func (r reader) CountUsers(ctx context.Context) (account.UserCounts, error) {
	return one(ctx, r.atLength(), func(row scanner) (c account.UserCounts, err error) {
		err = row.Scan(&c.Total, &c.Inactive, &c.MustChangePassword)
		c.Active = c.Total - c.Inactive
		return c, err
	}, countUsers)
}

func (r reader) LockedUsers(ctx context.Context, now time.Time, limit int) (account.LockedUsers, error) {
	n, err := one(ctx, r.atLength(), scanInt, countLocked, micros(now))
	if err != nil {
		return account.LockedUsers{}, err
	}
	first, err := all(ctx, r.atLength(), func(row scanner) (u account.LockedUser, err error) {
		return u, row.Scan(&u.ID, &u.Name, &u.Email, micro{&u.Until})
	}, selectLocked, micros(now), limit)
	return account.LockedUsers{Count: int(n), First: first}, err
}

func (r reader) SignIns(ctx context.Context, from, to time.Time) ([]account.SignInCount, error) {
	return all(ctx, r.atLength(), func(row scanner) (c account.SignInCount, err error) {
		return c, row.Scan(micro{&c.Begin}, &c.Succeeded, &c.Failed)
	}, countSignIns, micros(from), account.SignInUnit.Microseconds(), micros(to))
}

func (r reader) CountOutbox(ctx context.Context, failedSince time.Time) (account.MailCounts, error) {
	return one(ctx, r.atLength(), func(row scanner) (c account.MailCounts, err error) {
		return c, row.Scan(&c.Waiting, &c.Late, &c.Failed, micro{&c.Oldest}, &c.LastError)
	}, countMail, micros(failedSince))
}

// Health tells how the database is.
func (s *Store) Health(ctx context.Context) (account.DatabaseHealth, error) {
	h := account.DatabaseHealth{Engine: s.queries.dialect.name}
	begun := time.Now()
	if err := s.Ping(ctx); err != nil {
		return h, err
	}
	h.ReadTook = time.Since(begun)
	if trouble := s.Trouble(); trouble != nil {
		h.Refused = trouble.Message
	}
	return one(ctx, s.atLength(), func(row scanner) (account.DatabaseHealth, error) {
		return h, row.Scan(&h.Bytes, &h.Schema)
	}, `SELECT `+s.queries.dialect.size+`, (SELECT max(version_id) FROM goose_db_version)`)
}
