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

// maxSecret bounds a secret's file, in bytes; no password or token is that long.
const maxSecret = 64 << 10

// SecretSource says where a secret comes from: the file of a flag, else the environment variable, else a prompt.
type SecretSource struct {
	Name     string // "password"
	Question string // "Password"; "" for no prompt
	Variable string // USHER_PASSWORD
	Flag     string // "--password-file"
	File     string // value of that flag, or of its variable; "-" is standard input
}

// Secret reads a secret. It is never empty. A secret that is given twice, or missing without a terminal, is a
// usage error.
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

// readSecret reads the file of a secret without its line end.
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

// NewPassword reads a password to be set: from file, or the environment variable, or a prompt that asks for it
// twice. The password meets the password rule.
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

// GeneratePassword returns a random password of 115 bits that meets the password rule and is easy to read aloud.
func GeneratePassword() secret.Text {
	const (
		letters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789" // without look-alikes such as l and 1
		length  = 23
		group   = 6 // letters and a hyphen
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
			// Bytes beyond the last multiple of len(letters) would make some letters more likely.
			if i := int(b[0]); i < 256-256%len(letters) {
				text = append(text, letters[i%len(letters)])
			}
		}
		if password := secret.New(string(text)); account.CheckNewPassword(password) == "" {
			return password
		}
	}
}
