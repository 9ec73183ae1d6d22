package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// importHash is the bcrypt hash of "Correct-Horse-1", with the lowest cost so that tests are fast.
const importHash = "$2a$04$bkxuduh4QEpJBMFTfF6NBOxIyK3a9qSJ2tL0k4RYpmtc.29B5aNGy"

// importFixture is a server, a proxy in front of it that can break connections, and a file of users to import.
type importFixture struct {
	t           *testing.T
	client      *client.Client
	token       string
	proxyURL    string       // URL that the command uses as its server
	batchesLeft atomic.Int64 // batches that the proxy still forwards; then it breaks connections
	file        string
}

// unlimited is a number of batches that no test reaches, so the proxy breaks no connection.
const unlimited = 1 << 40

// newImportFixture starts a server and a proxy, and writes a file with the given number of users.
func newImportFixture(t *testing.T, users int) *importFixture {
	b := &importFixture{t: t, file: filepath.Join(t.TempDir(), "users.csv")}
	b.batchesLeft.Store(unlimited)
	s, err := openServer(t.Context(), filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(s.Run(ctx), s.Close()) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.URL().Host})
	proxyServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/rows") && b.batchesLeft.Add(-1) < 0 {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(proxyServer.Close)
	b.proxyURL = proxyServer.URL

	c, err := client.New(s.URL().String())
	if err != nil {
		t.Fatal(err)
	}
	session, err := c.Login(t.Context(), scriptAdmin, scriptPassword)
	if err != nil {
		t.Fatal(err)
	}
	b.client, b.token = c.WithToken(session.Token), session.Token

	var text bytes.Buffer
	text.WriteString("name,email,password_hash,active\n")
	for i := range users {
		fmt.Fprintf(&text, "User %d,user%d@example.org,%s,true\n", i, i, importHash)
	}
	if err := os.WriteFile(b.file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("USHER_SERVER", b.proxyURL) // kong reads the environment of the process, not testEnv
	return b
}

// usher runs a command and returns its exit code and its output.
func (b *importFixture) usher(args ...string) (code int, out string) {
	b.t.Helper()
	e, stdout, stderr := testEnv(nil, map[string]string{"USHER_TOKEN": b.token, "USHER_CONFIG_DIR": b.t.TempDir()})
	code = run(b.t.Context(), e, args)
	return code, stdout.String() + stderr.String()
}

// want runs a command. The test fails unless the exit code is code and the output contains text.
func (b *importFixture) want(t *testing.T, code int, text string, args ...string) {
	t.Helper()
	if got, out := b.usher(args...); got != code || !strings.Contains(out, text) {
		t.Fatalf("exit code %d, want %d, and %q in\n%s", got, code, text, out)
	}
}

// users returns the number of all users on the server, and the number of active ones.
func (b *importFixture) users() (all, active int) {
	b.t.Helper()
	for u, err := range b.client.Users.All(b.t.Context()) {
		if err != nil {
			b.t.Fatal(err)
		}
		if all++; u.Active {
			active++
		}
	}
	return all, active
}

func TestImportOfThousands(t *testing.T) {
	const users = 2500 // three batches
	b := newImportFixture(t, users)
	b.want(t, command.ExitOK, "Created 2500 users.", "users", "import", b.file)
	if all, active := b.users(); all != users+1 || active != all {
		t.Errorf("%d users, %d of them active", all, active)
	}
	if _, err := b.client.Login(t.Context(), "user2499@example.org", "Correct-Horse-1"); err != nil {
		t.Error(err)
	}
}

// TestInterruptedImport breaks the connection during an import. The new users then can't sign in, and the output shows
// the commands that undo and resume the import.
func TestInterruptedImport(t *testing.T) {
	const users = 2500
	b := newImportFixture(t, users)
	interrupt := func() (id string) {
		t.Helper()
		b.batchesLeft.Store(3 + 2) // three batches for the check, then two of the import
		code, out := b.usher("users", "import", b.file)
		b.batchesLeft.Store(unlimited)
		_, id, found := strings.Cut(out, "--undo ")
		id, _, _ = strings.Cut(id, "`")
		if code != command.ExitFailure || !found || !strings.Contains(out, b.file+" --resume "+id) {
			t.Fatalf("exit code %d: %s", code, out)
		}
		if all, active := b.users(); all != 2001 || active != 1 {
			t.Fatalf("after the interruption: %d users, %d of them active", all, active)
		}
		return id
	}
	b.want(t, command.ExitOK, "is undone", "users", "import", "--undo", interrupt())
	if all, _ := b.users(); all != 1 {
		t.Errorf("%d users are left", all)
	}
	b.want(t, command.ExitOK, "Created 2500 users.", "users", "import", b.file, "--resume", interrupt())
	if all, active := b.users(); all != users+1 || active != all {
		t.Errorf("%d users, %d of them active", all, active)
	}
}

// TestResumeWithAnotherFile resumes an interrupted import with other files. The command refuses them and changes
// nothing. If only the server can find the fault of a file, the import is undone instead, and the output says so.
func TestResumeWithAnotherFile(t *testing.T) {
	b := newImportFixture(t, 2500)
	b.batchesLeft.Store(3 + 2) // three batches for the check, then two of the import
	if code, out := b.usher("users", "import", b.file); code != command.ExitFailure {
		t.Fatalf("exit code %d: %s", code, out)
	}
	b.batchesLeft.Store(unlimited)
	own, err := os.ReadFile(b.file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(own), "\n")
	// The dry run of the check had the id 1, so the interrupted import has the id 2.
	for _, test := range []struct{ name, text, want string }{
		{"a shorter one", strings.Join(lines[:3], ""),
			"the file has 2 rows, the import 2000 already: it is another file"},
		{"of other users", strings.ReplaceAll(string(own), "@example.org", "@example.net"),
			"the user on line 2 is none of the import's: it is another file"},
		{"in another order", lines[0] + lines[1] + strings.Join(lines[3:], ""),
			"the user on line 2001 is none of the import's: it is another file"},
		{"with an active user", strings.Replace(string(own), "user0@example.org", scriptAdmin, 1),
			"the user on line 2 is none of the import's"},
		{"with a fault", string(own) + "Zoe,zoe,,true\n", "has 1 fault; the import 2 is as it was"},
		{"that is empty", "", "has 1 fault"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "other.csv")
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			b.want(t, command.ExitFailure, test.want, "users", "import", file, "--resume", "2")
			if all, active := b.users(); all != 2001 || active != 1 {
				t.Errorf("%d users, %d of them active", all, active)
			}
		})
	}

	file := filepath.Join(t.TempDir(), "taken.csv")
	if err := os.WriteFile(file, []byte(string(own)+"Root,"+scriptAdmin+",,true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.want(t, command.ExitFailure, "has 1 fault; the import 2 was undone, and none of its users is left",
		"users", "import", file, "--resume", "2")
	if all, _ := b.users(); all != 1 {
		t.Errorf("%d users are left", all)
	}
}
