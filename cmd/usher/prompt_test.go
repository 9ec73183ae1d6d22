package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// person types one answer after another.
type person struct {
	answers []string
	asked   []string
}

func (p *person) Line(_ context.Context, question string) (string, error) {
	p.asked = append(p.asked, question)
	if len(p.answers) == 0 {
		return "", io.EOF
	}
	answer := p.answers[0]
	p.answers = p.answers[1:]
	return answer, nil
}

func (p *person) Secret(ctx context.Context, question string) (secret.Text, error) {
	answer, err := p.Line(ctx, question)
	return secret.New(answer), err
}

func TestNewPasswordAtATerminal(t *testing.T) {
	for _, test := range []struct {
		name    string
		answers []string
		want    string // of the error
	}{
		{"typed twice", []string{"Battery-staple-8", "Battery-staple-8"}, ""},
		{"typed differently", []string{"Battery-staple-8", "Battery-staple-9"}, "the two passwords are not the same"},
		{"against the rule", []string{"short"}, "the new password must have at least 12 characters"},
		{"nothing typed", []string{""}, "no new password was typed"},
		{"input ends", nil, "EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &person{answers: test.answers}
			a, _, _ := testApp(p)
			password, err := a.newPassword("USHER_NEW_PASSWORD", "")
			switch {
			case test.want == "" && (err != nil || password.Reveal() != test.answers[0] || len(p.asked) != 2):
				t.Errorf("got %q after %q, error %v", password.Reveal(), p.asked, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestNobodyIsAskedForWhatIsGiven(t *testing.T) {
	p := &person{}
	a, _, _ := testApp(p)
	a.getenv = func(name string) string { return map[string]string{"USHER_NEW_PASSWORD": "Battery-staple-8"}[name] }
	if _, err := a.newPassword("USHER_NEW_PASSWORD", ""); err != nil || len(p.asked) > 0 {
		t.Errorf("asked %q, error %v", p.asked, err)
	}
}

func TestLoginAsks(t *testing.T) {
	p := &person{answers: []string{"ada@example.com", "Battery-staple-8"}}
	a, _, stderr := testApp(p)
	a.getenv = func(name string) string {
		return map[string]string{"USHER_CONFIG_DIR": filepath.Join(t.TempDir(), "config")}[name]
	}
	if code := a.run([]string{"login", "--server", "http://127.0.0.1:1"}); code != exitFailure {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if got := strings.Join(p.asked, ", "); got != "E-mail address, Password" {
		t.Errorf("asked %s", got)
	}
}

// TestDeleteAsks: without a yes there is no request that could delete.
func TestDeleteAsks(t *testing.T) {
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
			p := &person{answers: []string{answer}}
			a, stdout, stderr := testApp(p)
			a.getenv = func(name string) string { return map[string]string{"USHER_TOKEN": "uss_EXAMPLE"}[name] }
			a.run([]string{"users", "delete", "18", "--server", url})
			if got := stdout.String() + stderr.String(); !strings.Contains(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			if asked := strings.Join(p.asked, ""); asked != "Delete user 18, Ada Lovelace <ada@example.com>? [y/N]" {
				t.Errorf("asked %q", asked)
			}
			if got := deleted.Load(); got != strings.HasPrefix(want, "Deleted") {
				t.Errorf("deleted: %v", got)
			}
		})
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
		text := generatePassword().Reveal()
		if len(text) != 23 || seen[text] {
			t.Errorf("made up %q", text)
		}
		seen[text] = true
	}
}
