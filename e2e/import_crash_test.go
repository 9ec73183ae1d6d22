package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImportSurvivesCrash kills the server during an import. After the restart the command line resumes the import. In
// the end every user exists exactly once.
func TestImportSurvivesCrash(t *testing.T) {
	t.Parallel()
	const (
		batch    = 500
		users    = 4 * batch
		hash     = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$c29tZXNhbHQxMjM0NTY3OA" // of an unknown password
		password = "Analytical-1"
	)
	email := func(n int) string { return fmt.Sprintf("user-%d@example.com", n) }
	var file strings.Builder
	file.WriteString("name,email,password_hash,password,active\n")
	fmt.Fprintf(&file, "First,%s,,%s,true\n", email(1), password)
	for n := 2; n <= users; n++ {
		fmt.Fprintf(&file, "Some,%s,%q,,true\n", email(n), hash)
	}
	path := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	rows := func(first int) fields {
		var list []fields
		for n := first; n < first+batch; n++ {
			row := fields{"name": "Some", "email": email(n), "passwordHash": hash, "active": true}
			if n == 1 {
				row = fields{"name": "First", "email": email(n), "password": password, "active": true}
			}
			list = append(list, row)
		}
		return fields{"first": first, "users": list}
	}

	s := startServer(t, options{})
	admin := s.signInAdmin(t)
	id := beginImport(t, s, admin)
	resource := "/api/imports/" + formatID(id)
	s.do(t, "POST", resource+"/rows", admin, rows(1)).want(t, http.StatusOK)
	s.wantSignInRefused(t, email(1), password) // imported users stay inactive until the import is finished
	sent := make(chan error)
	go func() {
		defer close(sent)
		_, err := s.try("POST", resource+"/rows", admin, rows(1+batch))
		sent <- err
	}()
	s.kill(t)
	<-sent

	s = s.restart(t)
	state := decode[struct {
		State string
		Rows  int
	}](t, s.do(t, "GET", resource, admin, nil).want(t, http.StatusOK))
	if state.State != "open" || state.Rows != batch && state.Rows != 2*batch {
		t.Errorf("after the crash the import is %s and has %d rows", state.State, state.Rows)
	}
	// A client that got no response repeats its request, which is idempotent.
	s.do(t, "POST", resource+"/rows", admin, rows(1)).want(t, http.StatusOK)
	wantContains(t, "the output of usher users import",
		s.mustRun(t, admin, "users", "import", path, "--resume", formatID(id)), fmt.Sprintf("Created %d users.", users))

	emails := map[string]int{}
	for _, u := range decode[[]user](t, s.do(t, "GET", "/api/users", admin, nil).want(t, http.StatusOK)) {
		emails[u.Email]++
		if !u.Active {
			t.Fatalf("%s is not active", u.Email)
		}
	}
	for n := 1; n <= users; n++ {
		if emails[email(n)] != 1 {
			t.Fatalf("%s exists %d times", email(n), emails[email(n)])
		}
	}
	s.signIn(t, email(1), password)
	s.mustFail(t, admin, "finished", "users", "import", path, "--resume", formatID(id))

	// Undoing an import leaves none of its users.
	id = beginImport(t, s, admin)
	row := fields{"first": 1, "users": []fields{{"name": "Late", "email": "late@example.com", "active": true}}}
	s.do(t, "POST", "/api/imports/"+formatID(id)+"/rows", admin, row).want(t, http.StatusOK)
	s.mustRun(t, admin, "users", "import", "--undo", formatID(id))
	if n := len(decode[[]user](t, s.do(t, "GET", "/api/users", admin, nil).want(t, http.StatusOK))); n != users+1 {
		t.Errorf("there are %d users, want %d", n, users+1)
	}
	s.stop(t)
	checkDatabase(t, s.Data)
}

// beginImport begins an import and returns the import's id.
func beginImport(t *testing.T, s *server, key string) int64 {
	t.Helper()
	a := s.do(t, "POST", "/api/imports", key, fields{"dryRun": false}).want(t, http.StatusCreated)
	return decode[struct{ ID int64 }](t, a).ID
}
