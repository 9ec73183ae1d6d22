package sqlstore_test

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// firstSchema is data as the first schema had it: a user that is signed in, and
// one message of which the numbers show that others were there before it.
const firstSchema = `
INSERT INTO roles (id, name, description) VALUES (1, 'Global Administrator', ''), (2, 'User', '');
INSERT INTO users (id, email, email_key, name, surname, provider, identifier, password_hash, active, eula_version, created_at, updated_at)
VALUES (7, 'Ada@Example.org', 'ada@example.org', 'Ada', 'Lovelace', 'tenable', 'Ada@Example.org', 'hash', 1, -1, 1, 1);
INSERT INTO user_roles (user_id, role_id) VALUES (7, 2);
INSERT INTO sessions (user_id, hash, source, device, created_at, last_seen_at) VALUES (7, zeroblob(32), 'home', 'test', 1, 1);
INSERT INTO outbox (id, kind, state, address, source, user_id, recipient, key_id, sealed, attempts, created_at, next_attempt_at, expires_at, finished_at, last_error)
VALUES (40, 'recovery', 'delivered', '', 'home', 7, 'Ada@Example.org', '', x'', 1, 1, 1, 1, 1, ''),
       (41, 'recovery', 'requested', 'ada@example.org', 'home', NULL, '', '', x'', 0, 1, 1, 1, 0, '');
DELETE FROM outbox WHERE id = 41;`

// atFirstSchema makes a database of the first schema with data in it.
func atFirstSchema(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	db, err := sqlstore.SQLiteAt(t.Context(), dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(firstSchema)
	wantErr(t, "the data", err, nil)
	wantErr(t, "Close", db.Close(), nil)
	return dir
}

func TestUpgradeKeepsData(t *testing.T) {
	dir := atFirstSchema(t)
	s := openDir(t, dir)
	u := get[account.User](t)(s.User(t.Context(), 7, now))
	want(t, "address", u.Email, "Ada@Example.org")
	want(t, "roles", len(u.RoleIDs), 1)
	want(t, "session", get[account.Session](t)(s.Session(t.Context(), 1)).UserID, 7)
	want(t, "message", get[account.Mail](t)(s.Mail(t.Context(), 40)).State, account.MailDelivered)
	want(t, "the next message", insertMail(t, s, requestedMail()).ID, 42)
	db := bare(t, dir)
	want(t, "sorted by", texts(t, db, "SELECT sort_name FROM users")[0], "ada")
	want(t, "searched in", texts(t, db, "SELECT search_text FROM users")[0], "ada lovelace ada@example.org")
	want(t, "names of roles", len(texts(t, db, "SELECT name_key FROM roles WHERE name_key IN ('user', 'global administrator')")), 2)
	want(t, "faulty references", len(texts(t, db, "PRAGMA foreign_key_check")), 0)
}

// What was there before an upgrade is kept beside it, and can be opened by the
// release that made it.
func TestUpgradeKeepsACopy(t *testing.T) {
	dir := atFirstSchema(t)
	open(t, dir)
	path := filepath.Join(dir, sqlstore.DatabaseFile+".schema-1")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "mode", info.Mode(), fs.FileMode(0o600))
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	want(t, "schema", texts(t, db, "SELECT max(version_id) FROM goose_db_version")[0], "1")
	want(t, "users", texts(t, db, "SELECT email FROM users")[0], "Ada@Example.org")
	want(t, "integrity", texts(t, db, "PRAGMA integrity_check")[0], "ok")
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A new database has nothing to copy, and neither has one that is up to date.
func TestNoCopyWithoutUpgrade(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		open(t, dir)
	}
	if copies, _ := filepath.Glob(filepath.Join(dir, "*.schema-*")); len(copies) > 0 {
		t.Errorf("copies: %v", copies)
	}
}

// open opens the database of a directory as a server does, and closes it.
func open(t *testing.T, dir string) {
	t.Helper()
	s, err := sqlstore.OpenSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, "Close", s.Close(), nil)
}
