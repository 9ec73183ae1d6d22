package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// scriptedPrompter answers the questions of a command with the given answers, in order.
type scriptedPrompter struct {
	answers   []string
	questions []string
}

func (p *scriptedPrompter) Line(_ context.Context, question string) (string, error) {
	p.questions = append(p.questions, question)
	if len(p.answers) == 0 {
		return "", io.EOF
	}
	answer := p.answers[0]
	p.answers = p.answers[1:]
	return answer, nil
}

func (p *scriptedPrompter) Secret(ctx context.Context, question string) (secret.Text, error) {
	answer, err := p.Line(ctx, question)
	return secret.New(answer), err
}

func TestLoginPrompts(t *testing.T) {
	p := &scriptedPrompter{answers: []string{"ada@example.com", "Battery-staple-8"}}
	e, _, stderr := testEnv(p, map[string]string{"USHER_CONFIG_DIR": filepath.Join(t.TempDir(), "config")})
	if code := run(t.Context(), e, []string{"login", "--server", "http://127.0.0.1:1"}); code != command.ExitFailure {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if got := strings.Join(p.questions, ", "); got != "E-mail address, Password" {
		t.Errorf("asked %s", got)
	}
}

// TestDeletePrompts answers the question whether to delete a user. Unless the answer is yes, no request to delete is
// sent.
func TestDeletePrompts(t *testing.T) {
	for answer, want := range map[string]string{
		"":      "nothing was deleted",
		"n":     "nothing was deleted",
		"yess":  "nothing was deleted",
		"y":     "Deleted user 18",
		"YES":   "Deleted user 18",
		"never": "nothing was deleted",
	} {
		t.Run(answer, func(t *testing.T) {
			url, deleted := oneUserServer(t)
			p := &scriptedPrompter{answers: []string{answer}}
			e, stdout, stderr := testEnv(p, map[string]string{"USHER_TOKEN": "uss_EXAMPLE"})
			run(t.Context(), e, []string{"users", "delete", "18", "--server", url})
			if got := stdout.String() + stderr.String(); !strings.Contains(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			if asked := strings.Join(p.questions, ""); asked != "Delete user 18, Ada Lovelace <ada@example.com>? [y/N]" {
				t.Errorf("asked %q", asked)
			}
			if got := deleted.Load(); got != strings.HasPrefix(want, "Deleted") {
				t.Errorf("deleted: %v", got)
			}
		})
	}
}
