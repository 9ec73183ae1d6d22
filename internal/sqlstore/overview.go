package sqlstore

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// The statements of the overview page. Each count has its own index. The index is partial if the count covers only a
// few of the rows. The statements repeat the conditions of the partial indexes, since SQLite would not use the indexes
// otherwise.
const (
	countUsers = `
	SELECT (SELECT count(*) FROM users),
	       (SELECT count(*) FROM users WHERE NOT active),
	       (SELECT count(*) FROM users WHERE need_password_reset)`

	countLocked = `SELECT count(*) FROM sign_in_throttle t WHERE ` + isLock

	// selectLocked selects locked users. CROSS JOIN makes SQLite begin with the few locks, not with all users.
	selectLocked = `
	SELECT u.id, u.name, u.email, t.locked_until
	FROM sign_in_throttle t CROSS JOIN users u
	WHERE ` + isLock + ` AND u.id = ` + lockOwner + `
	ORDER BY t.locked_until DESC, t.key DESC LIMIT $2`

	// countSignIns counts successful and failed sign-ins in intervals of $2 microseconds, from $1 until $3. It reads
	// each interval as a range of the index, since GROUP BY would sort all entries. It adds the failures in
	// failed_sign_ins, which are not in the log yet.
	countSignIns = `
	WITH RECURSIVE units (begun) AS (
	     SELECT CAST($1 AS BIGINT) UNION ALL SELECT begun + $2 FROM units WHERE begun + $2 < $3)
	SELECT begun,
	       (SELECT CAST(COALESCE(sum(a.count), 0) AS BIGINT) FROM activity a
	        WHERE a.action = 'session.create' AND ` + signIns + ` AND a.at >= begun AND a.at < begun + $2),
	       (SELECT CAST(COALESCE(sum(a.count), 0) AS BIGINT) FROM activity a
	        WHERE a.action = 'session.refuse' AND ` + signIns + ` AND a.at >= begun AND a.at < begun + $2) +
	       (SELECT CAST(COALESCE(sum(f.count), 0) AS BIGINT) FROM failed_sign_ins f
	        WHERE f.minute >= begun AND f.minute < begun + $2)
	FROM units`
	signIns = `a.action IN ('session.create', 'session.refuse')` // the condition of the partial index

	isWaiting = `state IN ('requested', 'ready')`
	isLate    = isWaiting + ` AND last_error <> ''`

	countMail = `
	SELECT (SELECT count(*) FROM outbox WHERE ` + isWaiting + `),
	       (SELECT count(*) FROM outbox WHERE ` + isLate + `),
	       (SELECT count(*) FROM outbox WHERE state = 'failed' AND finished_at >= $1),
	       COALESCE((SELECT min(created_at) FROM outbox WHERE ` + isWaiting + `), 0),
	       COALESCE((SELECT last_error FROM outbox WHERE ` + isLate + ` ORDER BY id DESC LIMIT 1),
	                (SELECT last_error FROM outbox WHERE state = 'failed' AND finished_at >= $1
	                 ORDER BY finished_at DESC LIMIT 1), '')`
)

func (r userReader) CountUsers(ctx context.Context) (account.UserCounts, error) {
	return one(ctx, r.cancellable(), func(row sqldb.Row) (c account.UserCounts, err error) {
		err = row.Scan(&c.Total, &c.Inactive, &c.MustChangePassword)
		c.Active = c.Total - c.Inactive
		return c, err
	}, countUsers)
}

func (r userReader) LockedUsers(ctx context.Context, now time.Time, limit int) (account.LockedUsers, error) {
	n, err := one(ctx, r.cancellable(), scanInt, countLocked, micros(now))
	if err != nil {
		return account.LockedUsers{}, err
	}
	first, err := all(ctx, r.cancellable(), func(row sqldb.Row) (u account.LockedUser, err error) {
		return u, row.Scan(&u.ID, &u.Name, &u.Email, timeColumn{&u.Until})
	}, selectLocked, micros(now), limit)
	return account.LockedUsers{Count: int(n), First: first}, err
}

func (r activityReader) SignIns(ctx context.Context, from, to time.Time) ([]account.SignInCount, error) {
	return all(ctx, r.cancellable(), func(row sqldb.Row) (c account.SignInCount, err error) {
		return c, row.Scan(timeColumn{&c.Begin}, &c.Succeeded, &c.Failed)
	}, countSignIns, micros(from), account.SignInInterval.Microseconds(), micros(to))
}

func (r outboxReader) CountOutbox(ctx context.Context, failedSince time.Time) (account.MailCounts, error) {
	return one(ctx, r.cancellable(), func(row sqldb.Row) (c account.MailCounts, err error) {
		return c, row.Scan(&c.Waiting, &c.Late, &c.Failed, timeColumn{&c.Oldest}, &c.LastError)
	}, countMail, micros(failedSince))
}
