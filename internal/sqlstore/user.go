package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// lockedOut says whether a user is locked; $1 is the time at which the lock must
// still hold. The key of the counter is that of account's throttle for unknown
// sources. It is not joined: SQLite would plan the join anew for some ids, at half
// the cost of a read.
const lockedOut = `
	       COALESCE((SELECT t.locked_until > $1 FROM sign_in_throttle t WHERE t.key = 'u:' || u.id || '|new'), FALSE)`

// isLock says whether a counter t shows a user as locked at the time $1, and
// lockOwner is that user: lockedOut, seen from the counters. The first two conditions
// are, word by word, those of the index.
const (
	isLock    = `t.locked_until > 0 AND t.key LIKE 'u:%|new' AND t.locked_until > $1`
	lockOwner = `CAST(substr(t.key, 3, length(t.key) - 6) AS BIGINT)`
)

// lockedUser returns the user whom a counter shows as locked, as lockedOut does.
func lockedUser(key string) (id int64, ok bool) {
	text, of := strings.CutPrefix(key, "u:")
	text, unknown := strings.CutSuffix(text, "|new")
	id, err := strconv.ParseInt(text, 10, 64)
	return id, of && unknown && err == nil
}

// selectUser reads users; $1 is that of lockedOut.
const selectUser = `
	SELECT u.id, u.email, u.name, u.surname, u.department, u.biography, u.picture, u.provider, u.identifier,
	       u.active, u.need_password_reset, u.eula_version,` + lockedOut + `,
	       (SELECT string_agg(CAST(r.role_id AS TEXT), ',' ORDER BY r.role_id) FROM user_roles r WHERE r.user_id = u.id)
	FROM users u`

func scanUser(row scanner) (u account.User, err error) {
	var roles *string
	err = row.Scan(&u.ID, &u.Email, &u.Name, &u.Surname, &u.Department, &u.Biography, blob{&u.Picture}, &u.Provider, &u.Identifier,
		&u.Active, &u.NeedPasswordReset, &u.EULAVersion, &u.LockedOut, &roles)
	if err != nil || roles == nil {
		return u, err
	}
	for text := range strings.SplitSeq(*roles, ",") {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return u, fmt.Errorf("the roles of user %d: %w", u.ID, err)
		}
		u.RoleIDs = append(u.RoleIDs, id)
	}
	return u, nil
}

func (r reader) User(ctx context.Context, id int64, now time.Time) (account.User, error) {
	return one(ctx, r.queries, scanUser, selectUser+` WHERE u.id = $2`, micros(now), id)
}

func (r reader) UsersAfter(ctx context.Context, id int64, limit int, now time.Time) ([]account.User, error) {
	bytes := 0
	enough := func(u account.User) bool {
		bytes += len(u.Picture) + len(deref(u.Biography))
		return bytes >= pageBytes
	}
	return rowsOf(ctx, r.queries, r.db, scanUser, enough, selectUser+` WHERE u.id > $2 ORDER BY u.id LIMIT $3`, micros(now), id, limit)
}

// pageBytes is after how many bytes a page of users ends: many have no picture, or all
// may have large ones.
const pageBytes = 2 << 20

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

const selectCredential = `
	SELECT id, email, name, provider, password_hash, active, need_password_reset FROM users`

func scanCredential(row scanner) (c account.Credential, err error) {
	return c, row.Scan(&c.UserID, &c.Email, &c.Name, &c.Provider, &c.PasswordHash, &c.Active, &c.NeedPasswordReset)
}

func (r reader) Credential(ctx context.Context, userID int64) (account.Credential, error) {
	return one(ctx, r.queries, scanCredential, selectCredential+` WHERE id = $1`, userID)
}

func (r reader) CredentialByEmail(ctx context.Context, key account.EmailKey) (account.Credential, error) {
	return one(ctx, r.queries, scanCredential, selectCredential+` WHERE email_key = $1`, string(key))
}

func selectTaken(d *dialect) string {
	return `SELECT email_key FROM users WHERE email_key IN ` + d.textList("$1")
}

func (r reader) TakenEmails(ctx context.Context, keys []account.EmailKey) ([]account.EmailKey, error) {
	return all(ctx, r.queries, func(row scanner) (key account.EmailKey, err error) { return key, row.Scan(&key) },
		selectTaken(r.dialect), jsonTexts(keys))
}

func (t *tx) InsertUser(ctx context.Context, u account.User, key account.EmailKey, passwordHash string, now time.Time) (int64, error) {
	ids, err := t.InsertUsers(ctx, []account.StoredUser{{User: u, Key: key, PasswordHash: passwordHash}}, now)
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

func (t *tx) InsertUsers(ctx context.Context, users []account.StoredUser, now time.Time) ([]int64, error) {
	rows := make([][]any, len(users))
	for i, u := range users {
		rows[i] = []any{
			u.Email, string(u.Key), u.SortName(), u.SearchText(), u.Name, u.Surname, u.Department, u.Biography, u.Picture,
			string(u.Provider), u.Identifier, u.PasswordHash, u.Active, u.NeedPasswordReset, u.EULAVersion, micros(now), micros(now),
		}
	}
	made, err := insertReturning(ctx, t.queries, scanUserKey, `
		users (email, email_key, sort_name, search_text, name, surname, department, biography, picture,
		       provider, identifier, password_hash, active, need_password_reset, eula_version, created_at, updated_at)`, rows, `id, email_key`)
	if err != nil {
		return nil, err
	}
	idOf := make(map[account.EmailKey]int64, len(made)) // rows come back in any order
	for _, m := range made {
		idOf[m.key] = m.id
	}
	ids := make([]int64, len(users))
	var roles [][]any
	for i, u := range users {
		ids[i] = idOf[u.Key]
		roles = append(roles, userRoles(ids[i], u.RoleIDs)...)
	}
	return ids, t.insertUserRoles(ctx, roles)
}

// userKey is what tells which user got an id.
type userKey struct {
	id  int64
	key account.EmailKey
}

func scanUserKey(row scanner) (k userKey, err error) { return k, row.Scan(&k.id, &k.key) }

func userRoles(userID int64, roleIDs []int64) [][]any {
	rows := make([][]any, len(roleIDs))
	for i, id := range roleIDs {
		rows[i] = []any{userID, id}
	}
	return rows
}

// insertUserRoles fails at once where a role is gone.
func (t *tx) insertUserRoles(ctx context.Context, rows [][]any) error {
	return eachInsert(`user_roles (user_id, role_id)`, rows, func(statement string, args []any) error {
		_, err := t.exec(ctx, statement, args...)
		return err
	})
}

// UpdateUser leaves a column with an index alone where it stays as it was: SQLite would
// write the index all the same, and has to find its page among those of all users.
func (t *tx) UpdateUser(ctx context.Context, was, u account.User, key account.EmailKey, now time.Time) error {
	if err := t.changed(ctx, account.AuthUser, u.ID); err != nil {
		return err
	}
	values := conditions{args: []any{
		u.ID, u.Name, u.Surname, u.Department, u.Biography, u.Picture, string(u.Provider),
		u.Identifier, u.Active, u.EULAVersion, micros(now), u.SearchText(),
	}}
	set := `
		UPDATE users SET name = $2, surname = $3, department = $4, biography = $5, picture = $6, provider = $7,
		                 identifier = $8, active = $9, eula_version = $10, updated_at = $11, search_text = $12`
	if u.Name != was.Name {
		set += `, sort_name = ` + values.bind(u.SortName())
	}
	if u.Email != was.Email {
		set += `, email = ` + values.bind(u.Email) + `, email_key = ` + values.bind(string(key))
	}
	return t.runOne(ctx, set+` WHERE id = $1`, values.args...)
}

func (t *tx) SetPassword(ctx context.Context, userID int64, hash string, needReset bool, now time.Time) error {
	if err := t.changed(ctx, account.AuthUser, userID); err != nil {
		return err
	}
	return t.runOne(ctx, `
		UPDATE users SET password_hash = $2, need_password_reset = $3, updated_at = $4 WHERE id = $1`,
		userID, hash, needReset, micros(now))
}

func (t *tx) SetUserRoles(ctx context.Context, userID int64, roleIDs []int64) error {
	if err := t.changed(ctx, account.AuthUser, userID); err != nil {
		return err
	}
	if err := t.run(ctx, `DELETE FROM user_roles WHERE user_id = $1`, userID); err != nil {
		return err
	}
	return t.insertUserRoles(ctx, userRoles(userID, roleIDs))
}

func (t *tx) DeleteUser(ctx context.Context, id int64) error {
	if err := t.changed(ctx, account.AuthUser, id); err != nil {
		return err
	}
	for _, entity := range access.OwnedByUser {
		if err := t.forgetID(ctx, entity, id); err != nil {
			return err
		}
	}
	return t.runOne(ctx, `DELETE FROM users WHERE id = $1`, id)
}

func (t *tx) CountAdministrators(ctx context.Context) (int, error) {
	n, err := one(ctx, t.queries, scanInt, `
		SELECT count(*) FROM user_roles r JOIN users u ON u.id = r.user_id
		WHERE r.role_id = $1 AND u.active AND u.provider = 'tenable' AND u.password_hash <> ''`, access.AdministratorRole)
	return int(n), err
}
