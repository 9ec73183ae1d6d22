package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// apiKeyReader implements [account.APIKeyReader].
type apiKeyReader struct{ *querier }

// apiKeyWriter implements [account.APIKeyWriter].
type apiKeyWriter struct{ *txState }

var (
	_ account.APIKeyReader = apiKeyReader{}
	_ account.APIKeyWriter = apiKeyWriter{}
)

const selectAPIKey = `
	SELECT id, user_id, kind, name, hash, hint, key_id, sealed, permissions, created_at, expires_at, last_used_at
	FROM api_keys`

func scanAPIKey(row sqldb.Row) (k account.APIKey, err error) {
	return k, row.Scan(&k.ID, &k.UserID, &k.Kind, &k.Name, hashColumn{&k.Hash}, &k.Hint, &k.Sealed.KeyID, &k.Sealed.Box,
		permissionsColumn{&k.Permissions}, timeColumn{&k.Created}, timeColumn{&k.Expires}, timeColumn{&k.LastUsed})
}

func (r apiKeyReader) APIKey(ctx context.Context, id int64) (account.APIKey, error) {
	return one(ctx, r.querier, scanAPIKey, selectAPIKey+` WHERE id = $1`, id)
}

func (r apiKeyReader) APIKeyByHash(ctx context.Context, hash token.Hash) (account.APIKey, error) {
	return one(ctx, r.querier, scanAPIKey, selectAPIKey+` WHERE hash = $1`, hash[:])
}

func (r apiKeyReader) ContractKey(ctx context.Context, userID int64) (account.APIKey, error) {
	return one(ctx, r.querier, scanAPIKey, selectAPIKey+` WHERE user_id = $1 AND kind = 'contract'`, userID)
}

func (r apiKeyReader) APIKeysOf(ctx context.Context, userID int64) ([]account.APIKey, error) {
	return all(ctx, r.querier, scanAPIKey, selectAPIKey+` WHERE user_id = $1 ORDER BY id`, userID)
}

func (r apiKeyReader) OutdatedAPIKeys(
	ctx context.Context, keyID string, after int64, limit int,
) ([]account.APIKey, error) {
	return all(ctx, r.querier.cancellable(), scanAPIKey, selectAPIKey+`
		WHERE id > $1 AND key_id <> '' AND key_id <> $2 ORDER BY id LIMIT $3`, after, keyID, limit)
}

func (t apiKeyWriter) CountNamedKeys(ctx context.Context, userID int64, now time.Time) (int, error) {
	n, err := one(ctx, &t.querier, scanInt, `
		SELECT COUNT(*) FROM api_keys WHERE user_id = $1 AND kind = 'named' AND (expires_at = 0 OR expires_at > $2)`,
		userID, micros(now))
	return int(n), err
}

func (t apiKeyWriter) InsertAPIKey(ctx context.Context, k account.APIKey) (int64, error) {
	permissions, err := encodePermissions(k.Permissions)
	if err != nil {
		return 0, err
	}
	return one(ctx, &t.querier, scanInt, `
		INSERT INTO api_keys (user_id, kind, name, hash, hint, key_id, sealed, permissions,
		                      created_at, expires_at, last_used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`,
		k.UserID, string(k.Kind), k.Name, k.Hash[:], k.Hint, k.Sealed.KeyID, notNull(k.Sealed.Box), permissions,
		micros(k.Created), micros(k.Expires), micros(k.LastUsed))
}

func (t apiKeyWriter) SealAPIKey(ctx context.Context, id int64, sealed keyring.Sealed) error {
	return t.execOne(ctx, `UPDATE api_keys SET key_id = $2, sealed = $3 WHERE id = $1`,
		id, sealed.KeyID, notNull(sealed.Box))
}

func (t apiKeyWriter) ResealAPIKey(ctx context.Context, id int64, was, sealed keyring.Sealed) error {
	return t.execOne(ctx, `
		UPDATE api_keys SET key_id = $2, sealed = $3 WHERE id = $1 AND key_id = $4 AND sealed = $5`,
		id, sealed.KeyID, notNull(sealed.Box), was.KeyID, notNull(was.Box))
}

func (t apiKeyWriter) TouchAPIKey(ctx context.Context, id int64, lastUsed time.Time) error {
	return t.execDeferred(ctx, `
		UPDATE api_keys SET last_used_at = $2
		WHERE id = (SELECT id FROM api_keys WHERE id = $1 AND last_used_at < $2`+t.Dialect.SkipLocked+`)`,
		id, micros(lastUsed))
}

func (t apiKeyWriter) AddAPIKeyFailure(ctx context.Context, id int64) (int, error) {
	n, err := one(ctx, &t.querier, scanInt, `
		UPDATE api_keys SET failures = failures + 1 WHERE id = $1 RETURNING failures`, id)
	return int(n), err
}

func (t apiKeyWriter) ClearAPIKeyFailures(ctx context.Context, id int64) error {
	return t.execDeferred(ctx, `UPDATE api_keys SET failures = 0 WHERE id = $1`, id)
}

func (t apiKeyWriter) DeleteAPIKey(ctx context.Context, id int64) error {
	if err := t.changed(ctx, account.AuthKey, id); err != nil {
		return err
	}
	return t.execDeferred(ctx, `DELETE FROM api_keys WHERE id = $1`, id)
}

func (t apiKeyWriter) DeleteAPIKeysOf(ctx context.Context, userID int64) error {
	if err := t.changed(ctx, account.AuthUser, userID); err != nil {
		return err
	}
	return t.execDeferred(ctx, `DELETE FROM api_keys WHERE user_id = $1`, userID)
}

func (t apiKeyWriter) DeleteExpiredAPIKeys(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.exec(ctx, `
		DELETE FROM api_keys WHERE id IN (
			SELECT id FROM api_keys WHERE expires_at > 0 AND expires_at <= $1 LIMIT $2`+t.Dialect.SkipLocked+`)`,
		micros(before), limit)
}

// storedPermission is the JSON form of an API key's permission. Renaming its JSON fields needs a migration.
type storedPermission struct {
	Entity access.Entity `json:"entity"`
	Action access.Action `json:"action"`
	Scope  access.Scope  `json:"scope"`
	IDs    []int64       `json:"ids,omitempty"`
}

// encodePermissions returns the permissions of an API key as JSON. It returns "" for nil, which gives the key all
// permissions of its user. A key with an empty list has no permissions.
func encodePermissions(permissions []access.Permission) (string, error) {
	if permissions == nil {
		return "", nil
	}
	stored := make([]storedPermission, len(permissions))
	for i, p := range permissions {
		stored[i] = storedPermission(p)
	}
	text, err := json.Marshal(stored)
	if err != nil {
		return "", fmt.Errorf("encode the permissions of a key: %w", err)
	}
	return string(text), nil
}

// permissionsColumn scans a column with permissions that encodePermissions has encoded.
type permissionsColumn struct{ to *[]access.Permission }

// Scan implements [sql.Scanner].
func (c permissionsColumn) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return errors.New("stored permissions are not a text")
	}
	*c.to = nil
	if text == "" {
		return nil
	}
	var stored []storedPermission
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		return fmt.Errorf("decode the permissions of a key: %w", err)
	}
	*c.to = make([]access.Permission, len(stored))
	for i, p := range stored {
		(*c.to)[i] = access.Permission(p)
	}
	return nil
}

// hashColumn scans a column with the hash of a token.
type hashColumn struct{ to *token.Hash }

// Scan implements [sql.Scanner].
func (c hashColumn) Scan(value any) error {
	bytes, ok := value.([]byte)
	if !ok || len(bytes) != len(c.to) {
		return errors.New("a stored hash has another length")
	}
	copy(c.to[:], bytes)
	return nil
}
