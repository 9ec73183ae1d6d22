package e2e_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// commandResult holds the output and the exit code of a `usher` command.
type commandResult struct {
	Stdout, Stderr string
	ExitCode       int
}

// run runs a `usher` command against the server. The command authenticates with key, and has the server's environment
// variables.
func (s *server) run(t *testing.T, key string, arguments ...string) commandResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), defaultTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, usher, arguments...)
	cmd.Dir = t.TempDir()
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "USHER_") })
	cmd.Env = append(cmd.Env, s.options.Env...)
	cmd.Env = append(cmd.Env,
		"USHER_SERVER="+s.URL, "USHER_TOKEN="+key, "USHER_DATA="+s.Data, "USHER_CONFIG_DIR="+cmd.Dir)
	cmd.Env = append(cmd.Env, s.options.Env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil || ctx.Err() != nil {
		t.Fatalf("usher %s: %v\n%s", strings.Join(arguments, " "), err, &stderr)
	}
	return commandResult{Stdout: stdout.String(), Stderr: stderr.String(), ExitCode: cmd.ProcessState.ExitCode()}
}

// mustRun runs a command that must succeed, and returns its standard output.
func (s *server) mustRun(t *testing.T, key string, arguments ...string) string {
	t.Helper()
	result := s.run(t, key, arguments...)
	if result.ExitCode != 0 {
		t.Fatalf("usher %s exited with %d: %s%s",
			strings.Join(arguments, " "), result.ExitCode, result.Stdout, result.Stderr)
	}
	return result.Stdout
}

// mustFail runs a command that must fail with a message that contains reason.
func (s *server) mustFail(t *testing.T, key, reason string, arguments ...string) {
	t.Helper()
	result := s.run(t, key, arguments...)
	if result.ExitCode == 0 || !strings.Contains(result.Stderr, reason) {
		t.Errorf("usher %s exited with %d and wrote %q, want a failure with %q",
			strings.Join(arguments, " "), result.ExitCode, result.Stderr, reason)
	}
}
