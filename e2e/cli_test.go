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

// said is what a command of usher has written, and how it ended.
type said struct {
	Out, Err string
	Code     int
}

// run runs usher with a credential against a server.
func (s *server) run(t *testing.T, key string, arguments ...string) said {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, usher, arguments...)
	cmd.Dir = t.TempDir()
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "USHER_") })
	cmd.Env = append(cmd.Env, "USHER_SERVER="+s.URL, "USHER_TOKEN="+key, "USHER_DATA="+s.Data, "USHER_CONFIG_DIR="+cmd.Dir)
	cmd.Env = append(cmd.Env, s.options.Env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil || ctx.Err() != nil {
		t.Fatalf("usher %s: %v\n%s", strings.Join(arguments, " "), err, &stderr)
	}
	return said{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// usher is run for a command that must succeed, and returns what it wrote.
func (s *server) usher(t *testing.T, key string, arguments ...string) string {
	t.Helper()
	did := s.run(t, key, arguments...)
	if did.Code != 0 {
		t.Fatalf("usher %s exited with %d: %s%s", strings.Join(arguments, " "), did.Code, did.Out, did.Err)
	}
	return did.Out
}

// refuse is run for a command that must fail, and say why.
func (s *server) refuse(t *testing.T, key, why string, arguments ...string) {
	t.Helper()
	did := s.run(t, key, arguments...)
	if did.Code == 0 || !strings.Contains(did.Err, why) {
		t.Errorf("usher %s exited with %d and said %q, want a failure with %q", strings.Join(arguments, " "), did.Code, did.Err, why)
	}
}
