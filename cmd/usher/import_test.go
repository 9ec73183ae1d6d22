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
	const users = 5000
	b := newImportBench(t, users)
	if code, out := b.usher("users", "import", b.file); code != exitOK || !strings.Contains(out, "Created 5000 users.") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if all, active := b.users(); all != users+1 || active != all {
		t.Errorf("%d users, %d of them active", all, active)
	}
	if _, err := b.client.Login(t.Context(), "user4999@example.org", "Correct-Horse-1"); err != nil {
		t.Error(err)
	}
}

// An import that is interrupted leaves nobody who can sign in, and says how it can
// go on, or be taken back.
func TestInterruptedImport(t *testing.T) {
	const users = 3500
	b := newImportBench(t, users)
	interrupt := func() (id string) {
		t.Helper()
		b.cut.Store(4 + 2) // the batches of the check, and two more
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
	if code, out := b.usher("users", "import", b.file, "--resume", interrupt()); code != exitOK || !strings.Contains(out, "Created 3500 users.") {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if all, active := b.users(); all != users+1 || active != all {
		t.Errorf("%d users, %d of them active", all, active)
	}
}
