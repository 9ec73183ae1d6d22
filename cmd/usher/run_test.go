package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// testEnv returns an environment for a command, with these variables. If p is nil, the command has no terminal.
func testEnv(p command.Prompter, variables map[string]string) (e *command.Env, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return &command.Env{
		Version: "test",
		Stdin:   &bytes.Buffer{},
		Stdout:  stdout,
		Stderr:  stderr,
		LookupEnv: func(name string) (string, bool) {
			value, ok := variables[name]
			return value, ok
		},
		Now:      time.Now,
		Prompter: p,
	}, stdout, stderr
}

// oneUserServer starts a server that knows only the user with id 18. deleted becomes true when that user is deleted.
func oneUserServer(t *testing.T) (url string, deleted *atomic.Bool) {
	deleted = &atomic.Bool{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/users/18", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"id":18,"name":"Ada","surname":"Lovelace","email":"ada@example.com",`+
			`"provider":"tenable","identifier":"ada@example.com","department":null,"biography":null,"active":true,`+
			`"picture":null,"lockedOut":false,"eulaVersion":-1,"roles":[2]}`)
	})
	mux.HandleFunc("DELETE /api/users/18", func(w http.ResponseWriter, _ *http.Request) {
		deleted.Store(true)
		w.WriteHeader(http.StatusNoContent)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, deleted
}

func TestReport(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want string
		code int
	}{
		{"success", nil, "", command.ExitOK},
		{"failure", errors.New("no\x1b"), "usher: no�\n", command.ExitFailure},
		{
			"with a hint", command.WithHint(errors.New("no"), "do %s", "this"),
			"usher: no\nhint: do this\n", command.ExitFailure,
		},
		{
			"usage with a hint", command.WithHint(command.UsageErrorf("no"), "do this"),
			"usher: no\nhint: do this\n", command.ExitUsage,
		},
		{
			"two details",
			&client.Error{
				StatusCode: 400, Code: client.CodeInvalid, Message: "Not valid.",
				Details: []client.Detail{{Path: "/0/email", Message: "is in use"}, {Path: "", Message: "must be a list"}},
			},
			"usher: Not valid.\n  email: is in use\n  must be a list\nhint: correct what is named above and try again\n",
			command.ExitFailure,
		},
		{
			"a wrapped answer",
			fmt.Errorf("list: %w", &client.Error{
				StatusCode: 503, Code: client.CodeUnavailable, Message: "Busy.", RetryAfter: 2 * time.Second,
			}),
			"usher: Busy.\nhint: try again in 2s\n", command.ExitFailure,
		},
		{
			"an unknown code", &client.Error{StatusCode: 409, Code: "NEW", Message: "No."},
			"usher: No.\n", command.ExitFailure,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, _, stderr := testEnv(nil, nil)
			if code := report(t.Context(), cli.New(e, &cli.Flags{}), "", test.err); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if got := stderr.String(); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
