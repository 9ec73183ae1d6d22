package main

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/server"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"usher": main})
}

const (
	scriptAdmin    = "admin@example.com"
	scriptPassword = "Correct-horse-7"
)

// TestScripts runs testdata/*.txtar, each with a server of its own, wired as by usher serve. The script's variables are
// USHER_SERVER, the server's URL; USHER_DATA, its data directory; and ADMIN_PASSWORD, the administrator's password.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup:               setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   scriptExits,
			"await":   scriptAwait,
			"capture": scriptCapture,
			"mode":    scriptMode,
			"answer":  scriptAnswer,
			"tamper":  scriptTamper,
		},
	})
}

// openServer opens a server with its data in a directory.
func openServer(ctx context.Context, data string) (*server.Server, error) {
	return server.Open(ctx, server.Options{
		Settings: &config.Server{
			Listen:        "127.0.0.1:0",
			Data:          data,
			AdminEmail:    scriptAdmin,
			AdminPassword: secret.New(scriptPassword),
			SMTP:          config.SMTP{From: "usher@example.com", FromName: "Usher"},
		},
		Version: "test",
		Log:     slog.New(slog.DiscardHandler),
	})
}

// setupScript starts the server of a script.
func setupScript(env *testscript.Env) error {
	data := filepath.Join(env.WorkDir, "data")
	ctx, cancel := context.WithCancel(context.Background())
	s, err := openServer(ctx, data)
	if err != nil {
		cancel()
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(s.Run(ctx), s.Close()) }()
	env.Defer(func() {
		cancel()
		<-ended
	})
	env.Setenv("USHER_SERVER", s.URL().String())
	env.Setenv("USHER_DATA", data)
	env.Setenv("USHER_CONFIG_DIR", filepath.Join(env.WorkDir, "config"))
	env.Setenv("USHER_EMAIL", scriptAdmin)
	env.Setenv("ADMIN_PASSWORD", scriptPassword)
	env.Setenv("GORACE", "atexit_sleep_ms=0") // else the race detector delays the end of each command by a second
	return nil
}

// scriptExits implements exits CODE COMMAND...: it runs a command, and checks its exit code.
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want := args[0]; strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}

// scriptAwait implements await PATTERN COMMAND...: it repeats a command until its standard output matches; negated,
// until it fails and its standard error matches.
func scriptAwait(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: [!] await PATTERN COMMAND...")
	}
	stream := "stdout"
	if neg {
		stream = "stderr"
	}
	pattern := regexp.MustCompile(args[0])
	for end := time.Now().Add(20 * time.Second); ; {
		err := ts.Exec(args[1], args[2:]...)
		if (err != nil) == neg && pattern.MatchString(ts.ReadFile(stream)) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("no output matches %s", args[0])
		}
	}
}

// scriptCapture implements capture NAME PATTERN: it sets a variable to the pattern's group in the last output.
func scriptCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME PATTERN")
	}
	match := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if match == nil {
		ts.Fatalf("nothing matches %s", args[1])
	}
	ts.Setenv(args[0], match[1])
}

// scriptMode implements mode PERM FILE: it checks the permissions of a file.
func scriptMode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode PERM FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := strconv.FormatUint(uint64(info.Mode().Perm()), 8); got != args[0] {
		ts.Fatalf("%s has the mode %s, want %s", args[1], got, args[0])
	}
}

// scriptTamper implements tamper SQL...: it runs a statement on the database, as an attacker with access to its file
// can.
func scriptTamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: tamper SQL...")
	}
	file := filepath.Join(ts.Getenv("USHER_DATA"), sqlite.DatabaseFile)
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(strings.Join(args, " "))
	ts.Check(err)
}

// scriptAnswer implements answer STATUS FILE: it makes USHER_SERVER a server that answers every request with the
// status and the file, for answers that a real server gives rarely.
func scriptAnswer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: answer STATUS FILE")
	}
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	body := strings.TrimSpace(ts.ReadFile(args[1]))
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "4c9f1c1e0d5b4d0f")
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	ts.Defer(fake.Close)
	ts.Setenv("USHER_SERVER", fake.URL)
}
