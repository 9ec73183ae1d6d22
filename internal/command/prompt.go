package command

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Prompter asks the user questions.
type Prompter interface {
	// Line asks a question and returns the line that the user types.
	Line(ctx context.Context, question string) (string, error)
	// Secret asks a question and returns the line that the user types. The terminal doesn't
	// show it.
	Secret(ctx context.Context, question string) (secret.Text, error)
}

// terminal is a Prompter that asks at the terminal of the process.
type terminal struct {
	in    *os.File
	out   io.Writer
	lines *bufio.Reader
}

func (t *terminal) Line(ctx context.Context, question string) (string, error) {
	if t.lines == nil {
		t.lines = bufio.NewReader(t.in)
	}
	return ask(ctx, t.out, question, func() (string, error) {
		line, err := t.lines.ReadString('\n')
		return strings.TrimSpace(line), err
	})
}

func (t *terminal) Secret(ctx context.Context, question string) (secret.Text, error) {
	fd := int(t.in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return secret.Text{}, err
	}
	text, err := ask(ctx, t.out, question, func() (secret.Text, error) {
		raw, err := term.ReadPassword(fd)
		return secret.New(string(raw)), err
	})
	if err != nil {
		_ = term.Restore(fd, before) // otherwise the terminal would show no input after an interrupt
	}
	fmt.Fprintln(t.out)
	return text, err
}

// ask writes the question and returns the result of read. It fails when ctx ends before read
// returns.
func ask[T any](ctx context.Context, out io.Writer, question string, read func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	fmt.Fprintf(out, "%s: ", question)
	answers := make(chan answer, 1)
	go func() {
		value, err := read()
		answers <- answer{value: value, err: err}
	}()
	select {
	case got := <-answers:
		return got.value, got.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
