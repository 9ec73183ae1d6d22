package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImportSurvivesCrash kills the server in the middle of an import. The command
// line goes on with it at the next server; afterwards every user is there, once.
func TestImportSurvivesCrash(t *testing.T) {
	t.Parallel()
	const (
		batch    = 500
		users    = 4 * batch
		hash     = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$c29tZXNhbHQxMjM0NTY3OA" // of no password that is known
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
	admin := s.admin(t)
	id := into[struct{ ID int64 }](t, s.do(t, "POST", "/api/imports", admin, fields{"dryRun": false}).want(t, http.StatusCreated)).ID
	resource := "/api/imports/" + number(id)
	s.do(t, "POST", resource+"/rows", admin, rows(1)).want(t, http.StatusOK)
	s.refuseSignIn(t, email(1), password) // nobody of an import can before it is finished
	sending := make(chan error)
	go func() {
		defer close(sending)
		_, err := s.try("POST", resource+"/rows", admin, rows(1+batch))
		sending <- err
	}()
	s.kill(t)
	<-sending

	s = s.again(t)
	state := into[struct {
		State string
		Rows  int
	}](t, s.do(t, "GET", resource, admin, nil).want(t, http.StatusOK))
	if state.State != "open" || state.Rows != batch && state.Rows != 2*batch {
		t.Errorf("after the crash the import is %s and has %d rows", state.State, state.Rows)
	}
	// A client that got no answer sends the same rows again, which does no harm.
	s.do(t, "POST", resource+"/rows", admin, rows(1)).want(t, http.StatusOK)
	wantText(t, "the command line", s.usher(t, admin, "users", "import", path, "--resume", number(id)), fmt.Sprintf("Created %d users.", users))

	emails := map[string]int{}
	for _, u := range into[[]user](t, s.do(t, "GET", "/api/users", admin, nil).want(t, http.StatusOK)) {
		emails[u.Email]++
		if !u.Active {
			t.Fatalf("%s is not active", u.Email)
		}
	}
	for n := 1; n <= users; n++ {
		if emails[email(n)] != 1 {
			t.Fatalf("%s is there %d times", email(n), emails[email(n)])
		}
	}
	s.signIn(t, email(1), password)
	s.refuse(t, admin, "finished", "users", "import", path, "--resume", number(id))

	// An import that is given up leaves nobody.
	id = into[struct{ ID int64 }](t, s.do(t, "POST", "/api/imports", admin, fields{"dryRun": false}).want(t, http.StatusCreated)).ID
	s.do(t, "POST", "/api/imports/"+number(id)+"/rows", admin,
		fields{"first": 1, "users": []fields{{"name": "Late", "email": "late@example.com", "active": true}}}).want(t, http.StatusOK)
	s.usher(t, admin, "users", "import", "--undo", number(id))
	if n := len(into[[]user](t, s.do(t, "GET", "/api/users", admin, nil).want(t, http.StatusOK))); n != users+1 {
		t.Errorf("%d users are there, want %d", n, users+1)
	}
	s.stop(t)
	checkDatabase(t, s.Data)
}
