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
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"usher": main})
}

const (
	scriptAdmin    = "admin@example.com"
	scriptPassword = "Correct-horse-7"
)

// TestScripts runs testdata/*.txtar, each with a server of its own that is wired as
// usher serve has it. A script finds it by USHER_SERVER, its data directory by
// USHER_DATA, and the administrator's password by ADMIN_PASSWORD.
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

func setupScript(env *testscript.Env) error {
	data := filepath.Join(env.WorkDir, "data")
	ctx, cancel := context.WithCancel(context.Background())
	p, err := newProgram(ctx, &config.Server{
		Listen: "127.0.0.1:0", Data: data,
		AdminEmail: scriptAdmin, AdminPassword: secret.New(scriptPassword),
		SMTP: config.SMTP{From: "usher@example.com", FromName: "Usher"},
	}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		cancel()
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(p.Run(ctx), p.Close()) }()
	env.Defer(func() {
		cancel()
		<-ended
	})
	env.Setenv("USHER_SERVER", p.URL.String())
	env.Setenv("USHER_DATA", data)
	env.Setenv("USHER_CONFIG_DIR", filepath.Join(env.WorkDir, "config"))
	env.Setenv("USHER_EMAIL", scriptAdmin)
	env.Setenv("ADMIN_PASSWORD", scriptPassword)
	env.Setenv("GORACE", "atexit_sleep_ms=0") // else the race detector keeps each command for a second
	return nil
}

// exits CODE COMMAND... runs a command that ends with this exit code.
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

// await PATTERN COMMAND... runs a command until its output matches.
func scriptAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await PATTERN COMMAND...")
	}
	pattern := regexp.MustCompile(args[0])
	for end := time.Now().Add(20 * time.Second); ; {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("no output matches %s", args[0])
		}
	}
}

// capture NAME PATTERN sets a variable to what the pattern's group matches in the last output.
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

// mode PERM FILE checks the permissions of a file.
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

// tamper SQL... runs a statement on the database, as somebody who has its file can.
func scriptTamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: tamper SQL...")
	}
	file := filepath.Join(ts.Getenv("USHER_DATA"), sqlstore.DatabaseFile)
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(strings.Join(args, " "))
	ts.Check(err)
}

// answer STATUS FILE makes USHER_SERVER one that answers every request with this,
// for answers that a real server gives rarely.
func scriptAnswer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: answer STATUS FILE")
	}
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	body := strings.TrimSpace(ts.ReadFile(args[1]))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "4c9f1c1e0d5b4d0f")
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	ts.Defer(server.Close)
	ts.Setenv("USHER_SERVER", server.URL)
}
