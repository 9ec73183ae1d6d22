package command

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// scriptedPrompter is a Prompter that returns the given answers in order.
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

// testEnv returns an environment without variables. There is no terminal if p is nil.
func testEnv(p Prompter) (e *Env, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return &Env{
		Stdin:     &bytes.Buffer{},
		Stdout:    stdout,
		Stderr:    stderr,
		LookupEnv: func(string) (string, bool) { return "", false },
		Now:       time.Now,
		Prompter:  p,
	}, stdout, stderr
}

func TestNewPasswordAtATerminal(t *testing.T) {
	for _, test := range []struct {
		name    string
		answers []string
		want    string // part of the error
	}{
		{"typed twice", []string{"Battery-staple-8", "Battery-staple-8"}, ""},
		{"typed differently", []string{"Battery-staple-8", "Battery-staple-9"}, "the two passwords are not the same"},
		{"against the rule", []string{"short"}, "the new password must have at least 12 characters"},
		{"nothing typed", []string{""}, "no new password was typed"},
		{"input ends", nil, "EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &scriptedPrompter{answers: test.answers}
			e, _, _ := testEnv(p)
			password, err := e.NewPassword(t.Context(), "USHER_NEW_PASSWORD", "")
			switch {
			case test.want == "" && (err != nil || password.Reveal() != test.answers[0] || len(p.questions) != 2):
				t.Errorf("got %q after %q, error %v", password.Reveal(), p.questions, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestNoPromptForAGivenPassword(t *testing.T) {
	p := &scriptedPrompter{}
	e, _, _ := testEnv(p)
	e.LookupEnv = func(name string) (string, bool) { return "Battery-staple-8", name == "USHER_NEW_PASSWORD" }
	if _, err := e.NewPassword(t.Context(), "USHER_NEW_PASSWORD", ""); err != nil || len(p.questions) > 0 {
		t.Errorf("asked %q, error %v", p.questions, err)
	}
}

func TestAskEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	release := make(chan struct{})
	defer close(release)
	var out bytes.Buffer
	_, err := ask(ctx, &out, "Password", func() (string, error) { <-release; return "", nil })
	if !errors.Is(err, context.Canceled) || out.String() != "Password: " {
		t.Errorf("asked %q, error %v", out.String(), err)
	}
}

func TestGeneratedPasswords(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		text := GeneratePassword().Reveal()
		if len(text) != 23 || seen[text] {
			t.Errorf("generated %q: not 23 characters, or a second time", text)
		}
		seen[text] = true
	}
}
