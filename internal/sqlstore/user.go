package sqlstore

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// userReader implements [account.UserReader].
type userReader struct{ *querier }

// userWriter implements [account.UserWriter].
type userWriter struct{ *txState }

var (
	_ account.UserReader = userReader{}
	_ account.UserWriter = userWriter{}
)

// lockedOut is an SQL expression for whether user u is locked at the time $1. It reads the counter of the user's failed
// sign-ins from unknown networks. It is a subquery, because SQLite would plan a statement with a join again for some
// ids.
const lockedOut = `
	       COALESCE((SELECT t.locked_until > $1 FROM sign_in_throttle t WHERE t.key = 'u:' || u.id || '|new'), FALSE)`

// isLock is the condition that counter t locks a user at the time $1, and lockOwner is the id of that user. lockedOut
// finds the lock of a user; these two find the user of a lock. The first two conditions repeat those of the partial
// index, since SQLite would not use the index otherwise.
const (
	isLock    = `t.locked_until > 0 AND t.key LIKE 'u:%|new' AND t.locked_until > $1`
	lockOwner = `CAST(substr(t.key, 3, length(t.key) - 6) AS BIGINT)`
)

// lockedUser returns the id of the user whom the counter with this key locks. ok is false if the counter locks no user.
// The format of the key is that in lockedOut.
func lockedUser(key string) (id int64, ok bool) {
	text, isUser := strings.CutPrefix(key, "u:")
	text, isNew := strings.CutSuffix(text, "|new")
	id, err := strconv.ParseInt(text, 10, 64)
	return id, isUser && isNew && err == nil
}

// selectUser is the beginning of the statements that read users. $1 is the time for lockedOut.
const selectUser = `
	SELECT u.id, u.email, u.name, u.surname, u.department, u.biography, u.picture, u.provider, u.identifier,
	       u.active, u.need_password_reset, u.eula_version,` + lockedOut + `,
	       (SELECT string_agg(CAST(r.role_id AS TEXT), ',' ORDER BY r.role_id) FROM user_roles r WHERE r.user_id = u.id)
	FROM users u`

func scanUser(row sqldb.Row) (u account.User, err error) {
	var roles *string
	err = row.Scan(&u.ID, &u.Email, &u.Name, &u.Surname, &u.Department, &u.Biography, bytesColumn{&u.Picture},
		&u.Provider, &u.Identifier, &u.Active, &u.NeedPasswordReset, &u.EULAVersion, &u.LockedOut, &roles)
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

func (r userReader) User(ctx context.Context, id int64, now time.Time) (account.User, error) {
	return one(ctx, r.querier, scanUser, selectUser+` WHERE u.id = $2`, micros(now), id)
}

func (r userReader) UsersAfter(ctx context.Context, id int64, limit int, now time.Time) ([]account.User, error) {
	bytes := 0
	enough := func(u account.User) bool {
		bytes += len(u.Picture) + len(deref(u.Biography))
		return bytes >= maxPageBytes
	}
	return allUntil(ctx, r.querier, scanUser, enough, selectUser+` WHERE u.id > $2 ORDER BY u.id LIMIT $3`,
		micros(now), id, limit)
}

// maxPageBytes is the size of pictures and biographies at which UsersAfter ends a page. It limits the memory that a
// page of large pictures takes.
const maxPageBytes = 2 << 20

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

const selectCredential = `
	SELECT id, email, name, provider, password_hash, active, need_password_reset FROM users`

func scanCredential(row sqldb.Row) (c account.Credential, err error) {
	return c, row.Scan(&c.UserID, &c.Email, &c.Name, &c.Provider, &c.PasswordHash, &c.Active, &c.NeedPasswordReset)
}

func (r userReader) Credential(ctx context.Context, userID int64) (account.Credential, error) {
	return one(ctx, r.querier, scanCredential, selectCredential+` WHERE id = $1`, userID)
}

func (r userReader) CredentialByEmail(ctx context.Context, key account.EmailKey) (account.Credential, error) {
	return one(ctx, r.querier, scanCredential, selectCredential+` WHERE email_key = $1`, string(key))
}

func selectTakenEmails(d *sqldb.Dialect) string {
	return `SELECT email_key FROM users WHERE email_key IN ` + d.TextList("$1")
}

func (r userReader) TakenEmails(ctx context.Context, keys []account.EmailKey) ([]account.EmailKey, error) {
	return all(ctx, r.querier, func(row sqldb.Row) (key account.EmailKey, err error) { return key, row.Scan(&key) },
		selectTakenEmails(r.Dialect), encodeTexts(keys))
}

func (t userWriter) InsertUser(
	ctx context.Context, u account.User, key account.EmailKey, passwordHash string, now time.Time,
) (int64, error) {
	ids, err := t.InsertUsers(ctx, []account.StoredUser{{User: u, Key: key, PasswordHash: passwordHash}}, now)
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

func (t userWriter) InsertUsers(ctx context.Context, users []account.StoredUser, now time.Time) ([]int64, error) {
	rows := make([][]any, len(users))
	for i, u := range users {
		rows[i] = []any{
			u.Email, string(u.Key), u.SortName(), u.SearchText(), u.Name, u.Surname, u.Department, u.Biography, u.Picture,
			string(u.Provider), u.Identifier, u.PasswordHash, u.Active, u.NeedPasswordReset, u.EULAVersion,
			micros(now), micros(now),
		}
	}
	inserted, err := insertReturning(ctx, &t.querier, scanUserKey, `
		users (email, email_key, sort_name, search_text, name, surname, department, biography, picture,
		       provider, identifier, password_hash, active, need_password_reset, eula_version, created_at, updated_at)`,
		rows, `id, email_key`)
	if err != nil {
		return nil, err
	}
	idOf := make(map[account.EmailKey]int64, len(inserted)) // RETURNING has no order
	for _, k := range inserted {
		idOf[k.key] = k.id
	}
	ids := make([]int64, len(users))
	var roles [][]any
	for i, u := range users {
		ids[i] = idOf[u.Key]
		roles = append(roles, userRoles(ids[i], u.RoleIDs)...)
	}
	return ids, t.insertUserRoles(ctx, roles)
}

// userKey is a row that InsertUsers gets back: the id of a new user and the key of the user's address.
type userKey struct {
	id  int64
	key account.EmailKey
}

func scanUserKey(row sqldb.Row) (k userKey, err error) { return k, row.Scan(&k.id, &k.key) }

func userRoles(userID int64, roleIDs []int64) [][]any {
	rows := make([][]any, len(roleIDs))
	for i, id := range roleIDs {
		rows[i] = []any{userID, id}
	}
	return rows
}

// insertUserRoles inserts pairs of a user and a role. It does not defer its statements. So it returns
// account.ErrReferenced itself if a role does not exist, and no later statement does.
func (t userWriter) insertUserRoles(ctx context.Context, rows [][]any) error {
	return eachInsert(`user_roles (user_id, role_id)`, rows, func(statement string, args []any) error {
		_, err := t.exec(ctx, statement, args...)
		return err
	})
}

// UpdateUser leaves out indexed columns that have not changed. SQLite would otherwise read and update the pages of
// their indexes.
func (t userWriter) UpdateUser(ctx context.Context, before, u account.User, key account.EmailKey, now time.Time) error {
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
	if u.Name != before.Name {
		set += `, sort_name = ` + values.bind(u.SortName())
	}
	if u.Email != before.Email {
		set += `, email = ` + values.bind(u.Email) + `, email_key = ` + values.bind(string(key))
	}
	return t.execOne(ctx, set+` WHERE id = $1`, values.args...)
}

func (t userWriter) SetPassword(ctx context.Context, userID int64, hash string, needReset bool, now time.Time) error {
	if err := t.changed(ctx, account.AuthUser, userID); err != nil {
		return err
	}
	return t.execOne(ctx, `
		UPDATE users SET password_hash = $2, need_password_reset = $3, updated_at = $4 WHERE id = $1`,
		userID, hash, needReset, micros(now))
}

func (t userWriter) SetUserRoles(ctx context.Context, userID int64, roleIDs []int64) error {
	if err := t.changed(ctx, account.AuthUser, userID); err != nil {
		return err
	}
	if err := t.execDeferred(ctx, `DELETE FROM user_roles WHERE user_id = $1`, userID); err != nil {
		return err
	}
	return t.insertUserRoles(ctx, userRoles(userID, roleIDs))
}

func (t userWriter) DeleteUser(ctx context.Context, id int64) error {
	if err := t.changed(ctx, account.AuthUser, id); err != nil {
		return err
	}
	for _, entity := range access.OwnedByUser {
		if err := t.removeListedID(ctx, entity, id); err != nil {
			return err
		}
	}
	return t.execOne(ctx, `DELETE FROM users WHERE id = $1`, id)
}

func (t userWriter) CountAdministrators(ctx context.Context) (int, error) {
	n, err := one(ctx, &t.querier, scanInt, `
		SELECT count(*) FROM user_roles r JOIN users u ON u.id = r.user_id
		WHERE r.role_id = $1 AND u.active AND u.provider = 'tenable' AND u.password_hash <> ''`, access.AdministratorRole)
	return int(n), err
}

// userOrder is an ORDER BY clause that an index supports, and the condition for the rows after a pagination cursor.
// $KEY and $ID stand for the fields of the cursor. Texts are compared by their bytes.
type userOrder struct{ by, after string }

var userOrders = map[account.UserSort]userOrder{
	account.SortByID:        {"u.id", "u.id > $ID"},
	account.SortByIDDown:    {"u.id DESC", "u.id < $ID"},
	account.SortByName:      {"u.sort_name, u.id", "(u.sort_name, u.id) > ($KEY, $ID)"},
	account.SortByNameDown:  {"u.sort_name DESC, u.id DESC", "(u.sort_name, u.id) < ($KEY, $ID)"},
	account.SortByEmail:     {"u.email_key", "u.email_key > $KEY"},
	account.SortByEmailDown: {"u.email_key DESC", "u.email_key < $KEY"},
}

// likeEscaper escapes the wildcards of a LIKE pattern.
var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func (r userReader) FindUsers(ctx context.Context, q account.UserQuery) ([]account.User, error) {
	statement, args := userPage(r.Dialect, q)
	return allUnprepared(ctx, r.querier, scanUser, statement, args...)
}

// userPage returns the statement for a page of users, and its parameter values.
func userPage(d *sqldb.Dialect, q account.UserQuery) (statement string, args []any) {
	where := conditions{args: []any{micros(q.Now)}} // $1 is the time for lockedOut
	if !q.All {
		where.add("u.id IN " + d.IDList(where.bind(d.IDs(q.IDs))))
	}
	order := userOrders[q.Sort]
	if q.After != nil {
		where.add(os.Expand(order.after, func(name string) string {
			if name == "KEY" {
				return where.bind(q.After.Key)
			}
			return where.bind(q.After.ID)
		}))
	}
	if id := q.Filter.RoleID; id != nil {
		where.add("u.id IN (SELECT user_id FROM user_roles WHERE role_id = ?)", *id)
	}
	if active := q.Filter.Active; active != nil {
		if *active {
			where.add("u.active")
		} else {
			where.add("NOT u.active") // the condition of the partial indexes
		}
	}
	switch locked := q.Filter.Locked; {
	case locked == nil:
	case *locked: // begin with the locks, which are few
		where.add("u.id IN (SELECT " + lockOwner + " FROM sign_in_throttle t WHERE " + isLock + ")")
	default:
		where.add("NOT" + lockedOut)
	}
	if provider := q.Filter.Provider; provider != nil {
		where.add("u.provider = ?", string(*provider))
	}
	for _, word := range q.Words {
		where.add(`u.search_text LIKE ? ESCAPE '\'`, "%"+likeEscaper.Replace(word)+"%")
	}
	return selectUser + where.text + " ORDER BY " + order.by + " LIMIT " + where.bind(q.Limit), where.args
}
