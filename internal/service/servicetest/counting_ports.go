package servicetest

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// The interfaces of [account.Store] and [account.Tx], wrapped so that some of their methods
// count their calls.
type (
	countingUserReader struct {
		account.UserReader
		*callCounter
	}
	countingRoleReader struct {
		account.RoleReader
		*callCounter
	}
	countingSessionReader struct {
		account.SessionReader
		*callCounter
	}
	countingAPIKeyReader struct {
		account.APIKeyReader
		*callCounter
	}
	countingOutboxReader struct {
		account.OutboxReader
		*callCounter
	}
	countingInstanceReader struct {
		account.InstanceReader
		*callCounter
	}
	countingThrottleWriter struct {
		account.ThrottleWriter
		*callCounter
		pending map[string]int // for each throttle key: the attempts that were pending when the throttle was read
	}
	countingActivityWriter struct {
		account.ActivityWriter
		*callCounter
	}
	countingSessionWriter struct {
		account.SessionWriter
		*callCounter
	}
	countingUserWriter struct {
		account.UserWriter
		*callCounter
	}
	countingOutboxWriter struct {
		account.OutboxWriter
		*callCounter
	}
)

func (r countingUserReader) User(ctx context.Context, id int64, now time.Time) (account.User, error) {
	defer r.record("User")
	return r.UserReader.User(ctx, id, now)
}

func (r countingUserReader) Credential(ctx context.Context, userID int64) (account.Credential, error) {
	defer r.record("Credential")
	return r.UserReader.Credential(ctx, userID)
}

func (r countingUserReader) CredentialByEmail(ctx context.Context, key account.EmailKey) (account.Credential, error) {
	defer r.record("CredentialByEmail")
	return r.UserReader.CredentialByEmail(ctx, key)
}

func (r countingUserReader) TakenEmails(ctx context.Context, keys []account.EmailKey) ([]account.EmailKey, error) {
	defer r.record("TakenEmails")
	return r.UserReader.TakenEmails(ctx, keys)
}

func (r countingRoleReader) RolesOf(ctx context.Context, userID int64) ([]access.Role, error) {
	defer r.record("RolesOf")
	return r.RoleReader.RolesOf(ctx, userID)
}

func (r countingSessionReader) Session(ctx context.Context, id int64) (account.Session, error) {
	defer r.record("Session")
	return r.SessionReader.Session(ctx, id)
}

func (r countingSessionReader) SessionByHash(ctx context.Context, hash token.Hash) (account.Session, error) {
	defer r.record("SessionByHash")
	return r.SessionReader.SessionByHash(ctx, hash)
}

func (r countingAPIKeyReader) APIKeyByHash(ctx context.Context, hash token.Hash) (account.APIKey, error) {
	defer r.record("APIKeyByHash")
	return r.APIKeyReader.APIKeyByHash(ctx, hash)
}

func (r countingOutboxReader) DueMail(ctx context.Context, now time.Time) (account.Mail, error) {
	defer r.record("DueMail")
	return r.OutboxReader.DueMail(ctx, now)
}

func (r countingInstanceReader) ServerKeys(ctx context.Context) ([]keyring.StoredKey, error) {
	defer r.record("ServerKeys")
	return r.InstanceReader.ServerKeys(ctx)
}

func (w countingThrottleWriter) Throttle(ctx context.Context, key string) (lockout.Counter, error) {
	defer w.record("Throttle")
	return w.ThrottleWriter.Throttle(ctx, key)
}

func (w countingThrottleWriter) LockThrottle(ctx context.Context, key string) (lockout.Counter, error) {
	defer w.record("LockThrottle")
	v, err := w.ThrottleWriter.LockThrottle(ctx, key)
	w.pending[key] = v.Pending
	return v, err
}

func (w countingThrottleWriter) SaveThrottle(ctx context.Context, v lockout.Counter) error {
	defer w.record("SaveThrottle")
	w.mu.Lock()
	w.reserved[v.Key] += max(v.Pending-w.pending[v.Key], 0)
	w.mu.Unlock()
	return w.ThrottleWriter.SaveThrottle(ctx, v)
}

func (w countingThrottleWriter) IsKnownNetwork(
	ctx context.Context, userID int64, clientNetwork string, since time.Time,
) (bool, error) {
	defer w.record("IsKnownNetwork")
	return w.ThrottleWriter.IsKnownNetwork(ctx, userID, clientNetwork, since)
}

func (w countingThrottleWriter) SaveKnownNetwork(
	ctx context.Context, userID int64, clientNetwork string, now time.Time,
) error {
	defer w.record("SaveKnownNetwork")
	return w.ThrottleWriter.SaveKnownNetwork(ctx, userID, clientNetwork, now)
}

func (w countingActivityWriter) CountFailedSignIn(ctx context.Context, f account.FailedSignIns) error {
	defer w.record("CountFailedSignIn")
	return w.ActivityWriter.CountFailedSignIn(ctx, f)
}

func (w countingActivityWriter) InsertActivity(ctx context.Context, entries ...account.Activity) error {
	defer w.record("InsertActivity")
	return w.ActivityWriter.InsertActivity(ctx, entries...)
}

func (w countingSessionWriter) InsertSession(ctx context.Context, s account.Session, hash token.Hash) (int64, error) {
	defer w.record("InsertSession")
	return w.SessionWriter.InsertSession(ctx, s, hash)
}

func (w countingUserWriter) SetPassword(
	ctx context.Context, userID int64, hash string, needReset bool, now time.Time,
) error {
	defer w.record("SetPassword")
	return w.UserWriter.SetPassword(ctx, userID, hash, needReset, now)
}

func (w countingOutboxWriter) InsertMail(ctx context.Context, m account.Mail) (int64, error) {
	defer w.record("InsertMail")
	return w.OutboxWriter.InsertMail(ctx, m)
}

func (w countingOutboxWriter) LockMail(ctx context.Context, id int64) (account.Mail, error) {
	defer w.record("LockMail")
	return w.OutboxWriter.LockMail(ctx, id)
}
