package sqlstore

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// outboxReader implements [account.OutboxReader].
type outboxReader struct{ *querier }

// outboxWriter implements [account.OutboxWriter].
type outboxWriter struct{ *txState }

var (
	_ account.OutboxReader = outboxReader{}
	_ account.OutboxWriter = outboxWriter{}
)

const selectMail = `
	SELECT id, kind, state, address, source, COALESCE(user_id, 0), recipient, key_id, sealed,
	       attempts, created_at, next_attempt_at, expires_at, finished_at, last_error
	FROM outbox`

func scanMail(row sqldb.Row) (m account.Mail, err error) {
	return m, row.Scan(&m.ID, &m.Kind, &m.State, &m.Address, &m.ClientNetwork, &m.UserID, &m.Recipient,
		&m.Sealed.KeyID, &m.Sealed.Box, &m.Attempts, timeColumn{&m.Created}, timeColumn{&m.NextAttempt},
		timeColumn{&m.Expires}, timeColumn{&m.Finished}, &m.LastError)
}

// mailValues returns the values of the columns after the id, in the order of the statements below.
func mailValues(m account.Mail) []any {
	var user *int64
	if m.UserID != 0 {
		user = &m.UserID
	}
	return []any{
		string(m.Kind), string(m.State), m.Address, m.ClientNetwork, user, m.Recipient, m.Sealed.KeyID, notNull(m.Sealed.Box),
		m.Attempts, micros(m.Created), micros(m.NextAttempt), micros(m.Expires), micros(m.Finished), m.LastError,
	}
}

func (r outboxReader) Mails(ctx context.Context, limit int) ([]account.Mail, error) {
	return all(ctx, r.querier, scanMail, selectMail+` ORDER BY id DESC LIMIT $1`, limit)
}

func (r outboxReader) Mail(ctx context.Context, id int64) (account.Mail, error) {
	return one(ctx, r.querier, scanMail, selectMail+` WHERE id = $1`, id)
}

func (r outboxReader) OutdatedMails(
	ctx context.Context, keyID string, after int64, limit int,
) ([]account.Mail, error) {
	return all(ctx, r.querier.cancellable(), scanMail, selectMail+`
		WHERE id > $1 AND key_id <> '' AND key_id <> $2 ORDER BY id LIMIT $3`, after, keyID, limit)
}

const selectDueMail = selectMail + `
	WHERE state IN ('requested', 'ready') AND next_attempt_at <= $1 ORDER BY next_attempt_at, id LIMIT 1`

func (r outboxReader) DueMail(ctx context.Context, now time.Time) (account.Mail, error) {
	return one(ctx, r.querier, scanMail, selectDueMail, micros(now))
}

func (t outboxWriter) LockDueMail(ctx context.Context, now time.Time) (account.Mail, error) {
	return one(ctx, &t.querier, scanMail, selectDueMail+t.Dialect.SkipLocked, micros(now))
}

func (t outboxWriter) LockMail(ctx context.Context, id int64) (account.Mail, error) {
	return one(ctx, &t.querier, scanMail, selectMail+` WHERE id = $1`+t.Dialect.LockRow, id)
}

func (t outboxWriter) ResealMail(ctx context.Context, id int64, was, sealed keyring.Sealed) error {
	return t.execOne(ctx, `UPDATE outbox SET key_id = $2, sealed = $3 WHERE id = $1 AND key_id = $4 AND sealed = $5`,
		id, sealed.KeyID, notNull(sealed.Box), was.KeyID, notNull(was.Box))
}

func (t outboxWriter) InsertMail(ctx context.Context, m account.Mail) (int64, error) {
	return one(ctx, &t.querier, scanInt, `
		INSERT INTO outbox (kind, state, address, source, user_id, recipient, key_id, sealed,
		                    attempts, created_at, next_attempt_at, expires_at, finished_at, last_error)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id`, mailValues(m)...)
}

func (t outboxWriter) UpdateMail(ctx context.Context, m, before account.Mail) error {
	return t.execOne(ctx, `
		UPDATE outbox
		SET kind = $1, state = $2, address = $3, source = $4, user_id = $5, recipient = $6, key_id = $7, sealed = $8,
		    attempts = $9, created_at = $10, next_attempt_at = $11, expires_at = $12, finished_at = $13, last_error = $14
		WHERE id = $15 AND state = $16 AND attempts = $17`,
		append(mailValues(m), m.ID, string(before.State), before.Attempts)...)
}

func (t outboxWriter) DeleteMail(ctx context.Context, id int64) error {
	return t.execDeferred(ctx, `DELETE FROM outbox WHERE id = $1`, id)
}

func (t outboxWriter) CountMails(
	ctx context.Context, userID int64, kind account.MailKind, since time.Time,
) (int, error) {
	n, err := one(ctx, &t.querier, scanInt, `
		SELECT count(*) FROM outbox WHERE user_id = $1 AND kind = $2 AND created_at > $3`,
		userID, string(kind), micros(since))
	return int(n), err
}

func (t outboxWriter) DeleteFinishedMails(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM outbox WHERE id IN (
			SELECT id FROM outbox WHERE state IN ('delivered', 'failed') AND finished_at < $1
			ORDER BY finished_at LIMIT $2`+t.Dialect.SkipLocked+`)`, micros(before), limit)
}

func (t outboxWriter) DeleteExcessRequests(ctx context.Context, keep, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM outbox WHERE id IN (
			SELECT id FROM outbox WHERE state = 'requested'
			ORDER BY id DESC LIMIT $1 OFFSET $2`+t.Dialect.SkipLocked+`)`, limit, keep)
}
