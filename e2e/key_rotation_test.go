package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // reads the database without Usher's code

	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
	"github.com/seed-3a99a2fe/usher/internal/pgtest"
)

// keyRotation is a rotation of the server key under test, with data that the former key has sealed.
type keyRotation struct {
	servers     []*server
	db          *sql.DB
	tables      string   // query for the tables with a column key_id
	keyFiles    []string // of the servers
	admin       string   // session token of the administrator
	contractKey string
	smtp        *mailtest.Server
	former      string // id of the key before the rotation
	change      func(statement string)
}

// listedKey is a key in the output of `usher key list`.
type listedKey struct {
	ID, State string
	Held      bool
}

// prepare writes sealed data of every kind through the first server.
func (r *keyRotation) prepare(t *testing.T) {
	t.Helper()
	s := r.servers[0]
	r.admin = s.signInAdmin(t)
	r.smtp = mailtest.Start(t, mailtest.Options{TLS: mail.StartTLS, Username: smtpUsername, Password: smtpPassword})
	r.smtp.Refuse(mailtest.Mail, 451)
	s.do(t, "PATCH", "/api/application-settings", r.admin, mailServerSettings(t, r.smtp, smtpPassword)).
		want(t, http.StatusOK)
	s.do(t, "PATCH", "/api/ldap-configuration", r.admin, fields{
		"url": "ldaps://directory.example.com", "searchUserDN": "cn=usher", "searchUserPassword": "Never-shown-1",
	}).want(t, http.StatusOK)
	s.do(t, "POST", "/api/api-key", r.admin, nil).want(t, http.StatusOK)
	r.contractKey = r.readContractKey(t, s)
	s.requestRecovery(t, adminEmail)
	eventually(t, "the messages wait", func() bool {
		waiting := slices.DeleteFunc(s.outbox(t, r.admin), func(m outboxMail) bool { return m.LastError == nil })
		return len(waiting) == 2 // the other one is about the contract key
	})
	for i := range 300 {
		s.do(t, "PATCH", "/api/users/1", r.admin, fields{"name": "Admin " + strconv.Itoa(i)}).want(t, http.StatusOK)
	}
	r.awaitSealed(t)
	keys := r.keys(t)
	r.former = keys[len(keys)-1].ID
	uses := r.uses(t, r.former)
	for _, table := range []string{
		"activity", "activity_chain", "activity_checkpoints", "api_keys", "outbox", "setting_secrets",
	} {
		if uses[table] == 0 {
			t.Errorf("the key seals nothing in %s", table)
		}
	}
}

// readContractKey returns the administrator's contract key.
func (r *keyRotation) readContractKey(t *testing.T, s *server) string {
	t.Helper()
	return string(s.do(t, "GET", "/api/api-key", r.admin, nil).want(t, http.StatusOK).Body)
}

// awaitSealed waits until all entries of the activity log are sealed.
func (r *keyRotation) awaitSealed(t *testing.T) {
	t.Helper()
	eventually(t, "all entries are sealed", func() bool {
		var n int
		err := r.db.QueryRow(`SELECT count(*) FROM activity WHERE number = 0`).Scan(&n)
		return err == nil && n == 0
	})
}

// uses counts the rows that a key seals, by their table.
func (r *keyRotation) uses(t *testing.T, id string) map[string]int {
	t.Helper()
	rows, err := r.db.Query(r.tables)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	uses := map[string]int{}
	for rows.Next() {
		var table string
		var n int
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		if err := r.db.QueryRow(`SELECT count(*) FROM `+table+` WHERE key_id = $1`, id).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			uses[table] = n
		}
	}
	return uses
}

// keys returns the server keys that `usher key list` shows.
func (r *keyRotation) keys(t *testing.T) (keys []listedKey) {
	t.Helper()
	out := r.servers[0].mustRun(t, "", "key", "list", "--output", "json")
	if err := json.Unmarshal([]byte(out), &keys); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return keys
}

// killAt starts a rotation and kills it when a key of the database has the state.
func (r *keyRotation) killAt(t *testing.T, state string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), defaultTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, usher, "key", "rotate")
	cmd.Dir = t.TempDir()
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "USHER_") })
	cmd.Env = append(append(cmd.Env, r.servers[0].options.Env...), "USHER_DATA="+r.servers[0].Data)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a key is "+state, func() bool {
		var n int
		err := r.db.QueryRow(`SELECT count(*) FROM key_checks WHERE state = $1`, state).Scan(&n)
		return err == nil && n > 0
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Errorf("the rotation ended before it was killed at %q", state)
	}
}

// verify runs `usher audit verify`.
func (r *keyRotation) verify(t *testing.T) {
	t.Helper()
	r.awaitSealed(t)
	compared := 0
	for _, s := range r.servers {
		out := s.mustRun(t, "", "audit", "verify")
		if strings.Contains(out, "The log continues from the checkpoint kept outside the database.") {
			compared++
		}
	}
	if compared == 0 { // a server that has not made a checkpoint yet has none
		t.Error("no server has a checkpoint that the log was compared with")
	}
}

// wantWorking checks that the servers use the data as before.
func (r *keyRotation) wantWorking(t *testing.T) {
	t.Helper()
	for i, s := range r.servers {
		if got := r.readContractKey(t, s); got != r.contractKey {
			t.Errorf("server %d returns another contract key", i)
		}
		s.do(t, "PATCH", "/api/users/1", r.admin, fields{"name": "Admin"}).want(t, http.StatusOK)
	}
}

// finish checks the data after the rotation and after a restart of all servers with the new key alone.
func (r *keyRotation) finish(t *testing.T) {
	t.Helper()
	r.wantWorking(t)
	if uses := r.uses(t, r.former); len(uses) > 0 {
		t.Errorf("the former key still seals %v", uses)
	}
	for i, s := range r.servers {
		s.stop(t)
		r.servers[i] = s.restart(t)
	}
	r.wantWorking(t)
	r.verify(t)
	for _, k := range r.keys(t) {
		if k.Held != (k.State == "current") {
			t.Errorf("the key %s is %s, and held: %v", k.ID, k.State, k.Held)
		}
	}
	r.smtp.Refuse(mailtest.Mail, 0)
	r.change(`UPDATE outbox SET next_attempt_at = 0 WHERE state = 'ready'`) // after many attempts the next one is late
	r.smtp.WaitForMessage(t, 2)                                             // sent with the stored password
}

// serverKeys returns the lines of a key file.
func serverKeys(t *testing.T, path string) []string {
	t.Helper()
	return strings.Fields(readFile(t, path))
}

// TestRotateServerKey rotates the key of a running server on SQLite. The command is killed twice before it succeeds.
func TestRotateServerKey(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{Env: []string{"USHER_DATABASE_URL_FILE="}}) // SQLite, whatever engine the tests run on
	db := openDatabase(t, s.Data)
	defer db.Close()
	r := &keyRotation{
		servers: []*server{s}, db: db,
		tables: `SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'key_id'`,
	}
	r.change = func(statement string) { tamper(t, s.Data, statement) }
	file := filepath.Join(s.Data, "server.key")
	r.prepare(t)
	former := serverKeys(t, file)
	r.killAt(t, "announced")
	r.wantWorking(t)
	r.verify(t)
	r.killAt(t, "retiring")
	r.wantWorking(t)
	r.verify(t)
	if keys := serverKeys(t, file); len(keys) != 2 || keys[0] != former[0] {
		t.Errorf("during the rotation the file has %d keys", len(keys))
	}
	out := s.mustRun(t, "", "key", "rotate")
	wantContains(t, "key rotate", out, r.former+", opens nothing any more")
	if keys := serverKeys(t, file); len(keys) != 1 || keys[0] == former[0] {
		t.Errorf("after the rotation the file has %d keys", len(keys))
	}
	if retired := serverKeys(t, file+".retired"); !slices.Equal(retired, former) {
		t.Error("the former key was not kept for backups")
	}
	for _, path := range []string{file, file + ".retired"} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	r.finish(t)

	// With the former key alone, no server starts.
	r.servers[0].stop(t)
	if err := os.WriteFile(file, []byte(former[0]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantContains(t, "the output", startFailure(t, r.servers[0].options), "a backup from before a rotation needs")
}

// TestRotateServerKeyOfReplicas rotates the key of two running servers on PostgreSQL, whose key files the operator
// changes.
func TestRotateServerKeyOfReplicas(t *testing.T) {
	t.Parallel()
	cluster, name := pgtest.NewDatabase(t)
	r := &keyRotation{
		tables: `SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'key_id'`,
	}
	write := func(path string, keys ...string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(strings.Join(keys, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const next = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="
	for range 2 {
		path := filepath.Join(t.TempDir(), "key")
		write(path, serverKey)
		r.keyFiles = append(r.keyFiles, path)
		r.servers = append(r.servers, startServer(t, options{Env: []string{
			"USHER_DATABASE_URL=" + cluster.URL(name), "USHER_SERVER_KEY_FILE=" + path,
		}}))
	}
	var err error
	if r.db, err = sql.Open("pgx", cluster.SocketURL(name)); err != nil {
		t.Fatal(err)
	}
	defer r.db.Close()
	r.change = func(statement string) { execSQL(t, cluster, name, statement) }
	r.prepare(t)
	s := r.servers[0]
	s.mustFail(t, "", "append one", "key", "rotate")
	write(r.keyFiles[0], serverKey, next)
	s.mustFail(t, "", "not every server has the new key: ", "key", "rotate")
	r.wantWorking(t)
	write(r.keyFiles[1], serverKey, next)
	s.mustFail(t, "", "2 of 3 have answered", "key", "rotate", "--servers", "3")
	r.killAt(t, "retiring")
	r.wantWorking(t)
	r.verify(t)
	wantContains(t, "key rotate", s.mustRun(t, "", "key", "rotate", "--servers", "2"), "on every server")
	r.wantWorking(t)
	for _, path := range r.keyFiles {
		write(path, next)
	}
	r.finish(t)
	s.mustFail(t, "", "append one", "key", "rotate")
}
