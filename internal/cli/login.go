package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// LoginCmd is `usher login`.
type LoginCmd struct {
	Email        string `placeholder:"ADDRESS" help:"Your e-mail address. Asked for if it is not given."`
	PasswordFile string `placeholder:"FILE" help:"File of the password, - for standard input. Default: USHER_PASSWORD, or a prompt."`
}

// Help returns the text that --help shows below the usage line.
func (LoginCmd) Help() string {
	return `The session is kept in credentials.json in the directory usher of your configuration, or in
USHER_CONFIG_DIR, for your account alone. It ends at logout, after some hours without use, and after some
weeks at the latest, as the settings of the server say (by default 12 hours and 30 days).

Examples:
  usher login
  usher login --server https://usher.example.com --email ada@example.com
  usher login --email ada@example.com --password-file /run/secrets/password`
}

// Run signs in.
func (cmd *LoginCmd) Run(ctx context.Context, c *CLI) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	sessions, err := c.credentials()
	if err != nil {
		return err
	}
	email, err := cmd.email(ctx, c)
	if err != nil {
		return err
	}
	password, err := c.Secret(ctx, command.SecretSource{
		Name: "password", Question: "Password", Variable: "USHER_PASSWORD", Flag: "--password-file", File: cmd.PasswordFile,
	})
	if err != nil {
		return err
	}
	session, err := api.Login(ctx, email, password.Reveal())
	if err != nil {
		return err
	}
	if err := sessions.Save(api.BaseURL(), email, secret.New(session.Token), c.Now()); err != nil {
		return err
	}

	result := struct {
		Server            string `json:"server"`
		Email             string `json:"email"`
		NeedPasswordReset bool   `json:"needPasswordReset"`
	}{Server: api.BaseURL(), Email: email, NeedPasswordReset: session.NeedPasswordReset}
	text := fmt.Sprintf("Signed in to %s as %s.", result.Server, email)
	if err := c.Show(result, command.Table{Rows: [][]string{{text}}}); err != nil {
		return err
	}
	if session.NeedPasswordReset {
		c.Say("You have to change your password before anything else: usher password change")
	}
	return nil
}

func (cmd *LoginCmd) email(ctx context.Context, c *CLI) (string, error) {
	if cmd.Email != "" {
		return cmd.Email, nil
	}
	if c.Prompter == nil {
		return "", command.WithHint(command.UsageErrorf("there is no e-mail address, and no terminal to ask at"),
			"name it with --email or USHER_EMAIL")
	}
	email, err := c.Prompter.Line(ctx, "E-mail address")
	if err == nil && email == "" {
		err = errors.New("no e-mail address was typed")
	}
	return email, err
}

// LogoutCmd is `usher logout`.
type LogoutCmd struct{}

// Help returns the text that --help shows below the usage line.
func (LogoutCmd) Help() string {
	return `An API key that is given by --token-file or USHER_TOKEN continues to work.

Examples:
  usher logout
  usher logout --server https://usher.example.com`
}

// Run ends the session on the server and removes it from the file of sessions.
func (LogoutCmd) Run(ctx context.Context, c *CLI) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	credential, stored, err := c.token(ctx, api)
	if err != nil {
		return err
	}
	err = api.WithToken(credential.Reveal()).Logout(ctx)
	expired := stored && errors.Is(err, client.CodeUnauthorized)
	if err != nil && !expired {
		return err
	}
	if stored {
		sessions, err := c.credentials()
		if err != nil {
			return err
		}
		if err := sessions.Remove(api.BaseURL()); err != nil {
			return err
		}
	}
	if strings.HasPrefix(credential.Reveal(), string(token.APIKey)) {
		c.Say("An API key continues to work. `usher keys list` shows yours, and `usher keys delete ID` ends one.")
		return nil
	}
	c.Say("Signed out of %s.", api.BaseURL())
	return nil
}
