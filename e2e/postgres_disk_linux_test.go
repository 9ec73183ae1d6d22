package e2e_test

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestPostgresReadOnly makes PostgreSQL read-only while a server uses it, and then writable again.
func TestPostgresReadOnly(t *testing.T) {
	t.Parallel()
	cluster := startPostgres(t)
	s := startServer(t, options{Flags: []string{"--metrics"}, Env: onPostgres(cluster, "postgres")})
	key := s.signInAdmin(t)
	ada := s.addUser(t, key, "Ada", "ada@example.com", "Correct-horse-7")
	execSQL(t, cluster, "postgres", "UPDATE sessions SET last_seen_at = last_seen_at - 3600000000")

	execSQL(t, cluster, "postgres",
		"ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
	eventually(t, "PostgreSQL is read-only", func() bool {
		return s.do(t, "PATCH", "/api/users/"+formatID(ada), key, fields{"name": "Ada"}).Status != http.StatusOK
	})
	s.wantChangesRefused(t, key, ada, "The database is read-only just now. Nothing was changed; try again.")
	if n := s.log.count("the last use of a credential was not kept"); n > 0 {
		t.Errorf("the log repeats the failure for %d reads, although it has logged that changes are refused", n)
	}
	execSQL(t, cluster, "postgres", "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")
	s.wantChangesAccepted(t, key, ada)
}

// TestPostgresDiskFull fills the disk that holds PostgreSQL's tables. Changes that fit into existing pages succeed.
// Changes that don't fit are refused and have no partial effect.
func TestPostgresDiskFull(t *testing.T) {
	t.Parallel()
	cluster := startPostgres(t)
	small := filepath.Join(cluster.Dir, "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	d := mountDiskAt(t, small, 64<<20)
	owner, err := os.Stat(cluster.Data())
	if err != nil {
		t.Fatal(err)
	}
	postgresUser := owner.Sys().(*syscall.Stat_t)
	if err := os.Chown(small, int(postgresUser.Uid), int(postgresUser.Gid)); err != nil {
		t.Fatal(err)
	}
	tables := filepath.Join(small, "tables")
	if err := os.Mkdir(tables, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(tables, int(postgresUser.Uid), int(postgresUser.Gid)); err != nil {
		t.Fatal(err)
	}
	execSQL(t, cluster, "postgres",
		"CREATE TABLESPACE small LOCATION '"+tables+"'", "CREATE DATABASE accounts TABLESPACE small")
	t.Cleanup(func() { // runs before the disk is unmounted
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := startServer(t, options{Flags: []string{"--metrics"}, Env: onPostgres(cluster, "accounts")})
	key := s.signInAdmin(t)
	ada := s.addUser(t, key, "Ada", "ada@example.com", "Correct-horse-7")
	n, lastAccepted := 0, ""
	write := func() answer {
		n++
		noise := make([]byte, 3000) // incompressible
		_, _ = rand.Read(noise)
		text := base64.StdEncoding.EncodeToString(noise)
		a := s.do(t, "PATCH", "/api/users/"+formatID(ada), key, fields{"biography": text})
		if a.Status == http.StatusOK {
			lastAccepted = text
		}
		return a
	}
	d.fill(t, 0)
	a := write()
	for n < 2000 && a.Status == http.StatusOK {
		a = write()
	}
	a.wantUnavailable(t, s, "a change", diskFullMessage)
	stored := s.do(t, "GET", "/api/users/"+formatID(ada), key, nil).want(t, http.StatusOK)
	if got := decode[struct{ Biography string }](t, stored); got.Biography != lastAccepted {
		t.Error("a refused change was stored")
	}
	d.free(t)
	eventually(t, "changes are accepted", func() bool { return write().Status == http.StatusOK })
	s.addUser(t, key, "New", "new@example.com", "Correct-horse-7")
}
