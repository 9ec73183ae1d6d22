package command

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// maxSecret is the largest size of a secret's file in bytes. Passwords and tokens are much shorter.
const maxSecret = 64 << 10

// SecretSource describes where a secret comes from. The order is: the file of a flag, the environment variable,
// a prompt.
type SecretSource struct {
	Name     string // name in error messages: "password"
	Question string // text of the prompt: "Password"; "" if there is no prompt
	Variable string // environment variable, such as USHER_PASSWORD
	Flag     string // name of the flag: "--password-file"
	File     string // path from the flag or from the flag's variable; "-" is standard input
}

// Secret reads a secret, which is never empty. It fails with a usage error if both the file and the variable are
// given. Without either of them it asks the user, and fails with a usage error if there is no terminal.
func (e *Env) Secret(ctx context.Context, s SecretSource) (secret.Text, error) {
	value := e.Getenv(s.Variable)
	switch {
	case s.File != "" && value != "":
		return secret.Text{}, UsageErrorf("%s and %s (or %s_FILE) are both set; unset one", s.Variable, s.Flag, s.Variable)
	case s.File != "":
		return e.readSecret(s)
	case value != "":
		return secret.New(value), nil
	case e.Prompter == nil || s.Question == "":
		return secret.Text{}, WithHint(UsageErrorf("there is no %s, and no terminal to ask at", s.Name),
			"set %s, or name a file with %s", s.Variable, s.Flag)
	}
	text, err := e.Prompter.Secret(ctx, s.Question)
	if err == nil && text.Empty() {
		err = fmt.Errorf("no %s was typed", s.Name)
	}
	return text, err
}

// readSecret reads a secret from its file and removes the line end.
func (e *Env) readSecret(s SecretSource) (secret.Text, error) {
	in := e.Stdin
	if s.File != "-" {
		file, err := os.Open(s.File)
		if err != nil {
			return secret.Text{}, fmt.Errorf("read the %s: %w", s.Name, err)
		}
		defer file.Close()
		in = file
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxSecret+1))
	if err != nil {
		return secret.Text{}, fmt.Errorf("read the %s: %w", s.Name, err)
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r")
	if line == "" || len(raw) > maxSecret {
		return secret.Text{}, fmt.Errorf("the file of the %s is empty, or too large", s.Name)
	}
	return secret.New(line), nil
}

// NewPassword reads a new password from the file, from the environment variable, or from a prompt that asks
// twice. It fails if the password breaks the password rule of package account.
func (e *Env) NewPassword(ctx context.Context, variable, file string) (secret.Text, error) {
	flag := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(variable, "USHER_")), "_", "-")
	asks := file == "" && e.Getenv(variable) == "" && e.Prompter != nil
	password, err := e.Secret(ctx, SecretSource{
		Name: "new password", Question: "New password", Variable: variable, Flag: "--" + flag + "-file", File: file,
	})
	if err != nil {
		return secret.Text{}, err
	}
	if fault := account.CheckNewPassword(password); fault != "" {
		return secret.Text{}, WithHint(fmt.Errorf("the new password %s", fault), "a password needs %s", account.PasswordRule)
	}
	if asks {
		again, err := e.Prompter.Secret(ctx, "New password, again")
		if err != nil {
			return secret.Text{}, err
		}
		if !again.Equal(password) {
			return secret.Text{}, WithHint(errors.New("the two passwords are not the same"), "try again")
		}
	}
	return password, nil
}

// GeneratePassword returns a random password that meets the password rule and is easy to read aloud. It has 115
// bits of entropy.
func GeneratePassword() secret.Text {
	const (
		letters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789" // without look-alikes such as l and 1
		length  = 23
		group   = 6 // five letters and a hyphen
	)
	for {
		var text []byte
		for len(text) < length {
			if len(text)%group == group-1 {
				text = append(text, '-')
				continue
			}
			var b [1]byte
			_, _ = rand.Read(b[:]) // never fails
			// Skip bytes beyond the last multiple of len(letters). With them, the first letters would be more
			// likely.
			if i := int(b[0]); i < 256-256%len(letters) {
				text = append(text, letters[i%len(letters)])
			}
		}
		if password := secret.New(string(text)); account.CheckNewPassword(password) == "" {
			return password
		}
	}
}
