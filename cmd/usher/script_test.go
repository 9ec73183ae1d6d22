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

// TestScripts runs the scripts in testdata/*.txtar. Each has a real server of its own. A script can use the variables
// USHER_SERVER (URL of the server), USHER_DATA (its data directory) and ADMIN_PASSWORD (password of the administrator).
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

// openServer opens a server whose data directory is data.
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

// setupScript starts the server for a script.
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
	env.Setenv("GORACE", "atexit_sleep_ms=0") // else the race detector delays each exit by a second
	return nil
}

// scriptExits implements the script command "exits CODE COMMAND...". It runs a command and checks its exit code.
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

// scriptAwait implements the script command "await PATTERN COMMAND...". It repeats a command until the command succeeds
// and its standard output matches. With "!" it repeats until the command fails and its standard error matches.
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

// scriptCapture implements the script command "capture NAME PATTERN". It matches PATTERN with the last standard output,
// and sets the variable NAME to the text of the pattern's first group.
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

// scriptMode implements the script command "mode PERM FILE". It checks the permissions of a file.
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

// scriptTamper implements the script command "tamper SQL...". It runs an SQL statement on the database file, like an
// attacker who has access to that file.
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

// scriptAnswer implements the script command "answer STATUS FILE". It points USHER_SERVER to a fake server, which
// answers every request with this status and the content of the file. Scripts use it for answers that a real server
// rarely gives.
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
