package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/config"
)

// The hash of "Correct-Horse-1", as bcrypt has it at its lowest cost.
const importHash = "$2a$04$bkxuduh4QEpJBMFTfF6NBOxIyK3a9qSJ2tL0k4RYpmtc.29B5aNGy"

// importBench is a server, and a file of users with hashes.
type importBench struct {
	t      *testing.T
	client *client.Client
	url    string // through which the command reaches the server
	cut    atomic.Int64
	file   string
}

// newImportBench runs a server. Once cut is set, so many more batches go through,
// and then none.
func newImportBench(t *testing.T, users int) *importBench {
	b := &importBench{t: t, file: filepath.Join(t.TempDir(), "users.csv")}
	b.cut.Store(1 << 40)
	p := openProgram(t, config.Server{Listen: "127.0.0.1:0"}, io.Discard)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(p.Run(ctx), p.Close()) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: p.URL.Host})
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/rows") && b.cut.Add(-1) < 0 {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(between.Close)
	b.url = between.URL

	c, err := client.New(p.URL.String())
	if err != nil {
		t.Fatal(err)
	}
	in, err := c.Login(t.Context(), scriptAdmin, scriptPassword)
	if err != nil {
		t.Fatal(err)
	}
	b.client = c.WithToken(in.Token)

	var text bytes.Buffer
	text.WriteString("name,email,password_hash,active\n")
	for i := range users {
		fmt.Fprintf(&text, "User %d,user%d@example.org,%s,true\n", i, i, importHash)
	}
	if err := os.WriteFile(b.file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("USHER_SERVER", b.url)
	t.Setenv("USHER_TOKEN", in.Token)
	t.Setenv("USHER_CONFIG_DIR", t.TempDir())
	return b
}

// usher runs a command and returns its exit code and what it wrote.
func (b *importBench) usher(args ...string) (code int, out string) {
	b.t.Helper()
	a, stdout, stderr := testApp(nil)
	a.ctx, a.getenv, a.now = b.t.Context(), os.Getenv, time.Now
	code = a.run(args)
	return code, stdout.String() + stderr.String()
}

// users returns how many users there are, and how many of them are active.
func (b *importBench) users() (all, active int) {
	b.t.Helper()
	for u, err := range b.client.AllUsers(b.t.Context()) {
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
	b := newImportBench(t, users)
	if code, out := b.usher("users", "import", b.file); code != exitOK || !strings.Contains(out, "Created 2500 users.") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if all, active := b.users(); all != users+1 || active != all {
		t.Errorf("%d users, %d of them active", all, active)
	}
	if _, err := b.client.Login(t.Context(), "user2499@example.org", "Correct-Horse-1"); err != nil {
		t.Error(err)
	}
}

// An import that is interrupted leaves nobody who can sign in, and says how it can
// go on, or be taken back.
func TestInterruptedImport(t *testing.T) {
	const users = 2500
	b := newImportBench(t, users)
	interrupt := func() (id string) {
		t.Helper()
		b.cut.Store(3 + 2) // the batches of the check, and two more
		code, out := b.usher("users", "import", b.file)
		b.cut.Store(1 << 40)
		_, id, found := strings.Cut(out, "--undo ")
		id, _, _ = strings.Cut(id, "`")
		if code != exitFailure || !found || !strings.Contains(out, b.file+" --resume "+id) {
			t.Fatalf("exit code %d: %s", code, out)
		}
		if all, active := b.users(); all != 2001 || active != 1 {
			t.Fatalf("in the middle: %d users, %d of them active", all, active)
		}
		return id
	}
	if code, out := b.usher("users", "import", "--undo", interrupt()); code != exitOK {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if all, _ := b.users(); all != 1 {
		t.Errorf("%d users are left", all)
	}
	if code, out := b.usher("users", "import", b.file, "--resume", interrupt()); code != exitOK || !strings.Contains(out, "Created 2500 users.") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if all, active := b.users(); all != users+1 || active != all {
		t.Errorf("%d users, %d of them active", all, active)
	}
}

// An import is resumed with its own file alone, and a refusal changes nothing. A
// fault that turns up later undoes it, and the command says so.
func TestResumeWithAnotherFile(t *testing.T) {
	b := newImportBench(t, 2500)
	b.cut.Store(3 + 2) // the batches of the check, and two more
	if code, out := b.usher("users", "import", b.file); code != exitFailure {
		t.Fatalf("exit code %d: %s", code, out)
	}
	b.cut.Store(1 << 40)
	own, err := os.ReadFile(b.file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(own), "\n")
	// The check was the import 1.
	for _, test := range []struct{ name, text, want string }{
		{"a shorter one", strings.Join(lines[:3], ""), "the file has 2 rows, the import 2000 already: it is another file"},
		{"of strangers", strings.ReplaceAll(string(own), "@example.org", "@example.net"), "the user on line 2 is none of the import's: it is another file"},
		{"in another order", lines[0] + lines[1] + strings.Join(lines[3:], ""), "the user on line 2001 is none of the import's: it is another file"},
		{"with an active user", strings.Replace(string(own), "user0@example.org", scriptAdmin, 1), "the user on line 2 is none of the import's"},
		{"with a fault", string(own) + "Zoe,zoe,,true\n", "has 1 fault; the import 2 is as it was"},
		{"that is empty", "", "has 1 fault"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "other.csv")
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if code, out := b.usher("users", "import", file, "--resume", "2"); code != exitFailure || !strings.Contains(out, test.want) {
				t.Errorf("exit code %d: %s\nwant %s", code, out, test.want)
			}
			if all, active := b.users(); all != 2001 || active != 1 {
				t.Errorf("%d users, %d of them active", all, active)
			}
		})
	}

	file := filepath.Join(t.TempDir(), "taken.csv")
	if err := os.WriteFile(file, []byte(string(own)+"Root,"+scriptAdmin+",,true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out := b.usher("users", "import", file, "--resume", "2")
	if code != exitFailure || !strings.Contains(out, "has 1 fault; the import 2 was undone, and none of its users is left") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if all, _ := b.users(); all != 1 {
		t.Errorf("%d users are left", all)
	}
}

func TestMeter(t *testing.T) {
	for _, test := range []struct {
		name     string
		from, of int
		want     string
	}{
		{"of a check", 0, 0, "done 3000 users, 750 a second\n"},
		{"of a new import", 0, 12000, "done 3000 users, 750 a second, 25 %\n"},
		{"of a resumed one", 2000, 12000, "done 3000 users, 250 a second, 25 %\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, _, stderr := testApp(nil)
			now := time.Unix(0, 0)
			a.stderrIsTerminal, a.now = true, func() time.Time { return now }
			m := a.newMeter("done", "user", test.from, test.of)
			m.tell(2500) // too soon
			now = now.Add(4 * time.Second)
			m.tell(3000)
			if got := stderr.String(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
