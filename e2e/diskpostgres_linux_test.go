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

// TestPostgresReadOnly makes PostgreSQL read-only under a server, and writable again.
func TestPostgresReadOnly(t *testing.T) {
	t.Parallel()
	cluster := startPostgres(t)
	s := startServer(t, options{Flags: []string{"--metrics"}, Env: onPostgres(cluster, "postgres")})
	key := s.admin(t)
	ada := s.addUser(t, key, "Ada", "ada@example.com", "Correct-horse-7")
	execute(t, cluster, "postgres", "UPDATE sessions SET last_seen_at = last_seen_at - 3600000000")

	execute(t, cluster, "postgres", "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
	within(t, "PostgreSQL is read-only", func() bool {
		return s.do(t, "PATCH", "/api/users/"+number(ada), key, fields{"name": "Ada"}).Status != http.StatusOK
	})
	s.refusesChanges(t, key, ada, "The database is read-only just now. Nothing was changed; try again.")
	if n := s.log.told("the last use of a credential was not kept"); n > 0 {
		t.Errorf("the log tells at each of %d reads what it has told", n)
	}
	execute(t, cluster, "postgres", "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")
	s.takesChanges(t, key, ada)
}

// TestPostgresDiskFull fills the disk that PostgreSQL keeps the tables on. Where a
// page has room small changes go on; the others are refused, and nothing of them
// is kept.
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
	who := owner.Sys().(*syscall.Stat_t)
	if err := os.Chown(small, int(who.Uid), int(who.Gid)); err != nil {
		t.Fatal(err)
	}
	tables := filepath.Join(small, "tables")
	if err := os.Mkdir(tables, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(tables, int(who.Uid), int(who.Gid)); err != nil {
		t.Fatal(err)
	}
	execute(t, cluster, "postgres", "CREATE TABLESPACE small LOCATION '"+tables+"'", "CREATE DATABASE accounts TABLESPACE small")
	t.Cleanup(func() { // before the disk is unmounted
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	s := startServer(t, options{Flags: []string{"--metrics"}, Env: onPostgres(cluster, "accounts")})
	key := s.admin(t)
	ada := s.addUser(t, key, "Ada", "ada@example.com", "Correct-horse-7")
	n, kept := 0, ""
	write := func() answer {
		n++
		noise := make([]byte, 3000) // which cannot be compressed
		_, _ = rand.Read(noise)
		text := base64.StdEncoding.EncodeToString(noise)
		a := s.do(t, "PATCH", "/api/users/"+number(ada), key, fields{"biography": text})
		if a.Status == http.StatusOK {
			kept = text
		}
		return a
	}
	d.fill(t, 0)
	a := write()
	for n < 2000 && a.Status == http.StatusOK {
		a = write()
	}
	a.wantRefused(t, s, "a change", diskFull)
	got := into[struct{ Biography string }](t, s.do(t, "GET", "/api/users/"+number(ada), key, nil).want(t, http.StatusOK))
	if got.Biography != kept {
		t.Error("a change that was refused is there")
	}
	d.free(t)
	within(t, "changes are taken", func() bool { return write().Status == http.StatusOK })
	s.addUser(t, key, "New", "new@example.com", "Correct-horse-7")
}
