package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// prompter asks a person.
type prompter interface {
	// Line asks for a line of text.
	Line(ctx context.Context, question string) (string, error)
	// Secret asks for a line that is not shown while it is typed.
	Secret(ctx context.Context, question string) (secret.Text, error)
}

// maxSecret is more than any password or token has, in bytes.
const maxSecret = 64 << 10

// source is where a secret comes from, in this order: the file of a flag, the
// variable, a prompt.
type source struct {
	what     string // "password"
	question string // "Password"; "" to ask nobody
	variable string // USHER_PASSWORD
	flag     string // "--password-file"
	file     string // value of that flag, or of its variable; "-" is standard input
}

// secret reads a secret. It is never empty.
func (a *app) secret(s source) (secret.Text, error) {
	value := a.getenv(s.variable)
	switch {
	case s.file != "" && value != "":
		return secret.Text{}, usage("%s and %s (or %s_FILE) are both set; unset one", s.variable, s.flag, s.variable)
	case s.file != "":
		return a.secretFile(s)
	case value != "":
		return secret.New(value), nil
	case a.prompt == nil || s.question == "":
		return secret.Text{}, withHint(usage("there is no %s, and no terminal to ask at", s.what),
			"set %s, or name a file with %s", s.variable, s.flag)
	}
	text, err := a.prompt.Secret(a.ctx, s.question)
	if err == nil && text.Empty() {
		err = fmt.Errorf("no %s was typed", s.what)
	}
	return text, err
}

func (a *app) secretFile(s source) (secret.Text, error) {
	in := a.stdin
	if s.file != "-" {
		file, err := os.Open(s.file)
		if err != nil {
			return secret.Text{}, fmt.Errorf("read the %s: %w", s.what, err)
		}
		defer file.Close()
		in = file
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxSecret+1))
	if err != nil {
		return secret.Text{}, fmt.Errorf("read the %s: %w", s.what, err)
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r")
	if line == "" || len(raw) > maxSecret {
		return secret.Text{}, fmt.Errorf("the file of the %s is empty, or too large", s.what)
	}
	return secret.New(line), nil
}

// newPassword reads a password that is to be set, from the file given, the variable, or
// a person, who types it twice. It meets the password rule.
func (a *app) newPassword(variable, file string) (secret.Text, error) {
	flag := "--" + strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(variable, "USHER_")), "_", "-") + "-file"
	asks := file == "" && a.getenv(variable) == "" && a.prompt != nil
	password, err := a.secret(source{what: "new password", question: "New password", variable: variable, flag: flag, file: file})
	if err != nil {
		return secret.Text{}, err
	}
	if fault := account.CheckNewPassword(password); fault != "" {
		return secret.Text{}, withHint(fmt.Errorf("the new password %s", fault), "a password needs %s", account.PasswordRule)
	}
	if asks {
		again, err := a.prompt.Secret(a.ctx, "New password, again")
		if err != nil {
			return secret.Text{}, err
		}
		if !again.Equal(password) {
			return secret.Text{}, withHint(errors.New("the two passwords are not the same"), "try again")
		}
	}
	return password, nil
}

// terminal asks at the terminal that a person sits at.
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
		_ = term.Restore(fd, before) // an interrupt would leave the terminal mute
	}
	fmt.Fprintln(t.out)
	return text, err
}

// ask reads an answer, or gives up when ctx ends.
func ask[T any](ctx context.Context, out io.Writer, question string, read func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	fmt.Fprintf(out, "%s: ", question)
	answers := make(chan answer, 1)
	go func() {
		value, err := read()
		answers <- answer{value, err}
	}()
	select {
	case got := <-answers:
		return got.value, got.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
