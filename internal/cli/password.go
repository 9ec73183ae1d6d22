package cli

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/command"
)

// PasswordCmd is `usher password`.
type PasswordCmd struct {
	Change   passwordChangeCmd   `cmd:"" help:"Change your own password."`
	Forgot   passwordForgotCmd   `cmd:"" help:"Request a message with a recovery token."`
	Retrieve passwordRetrieveCmd `cmd:"" help:"Set a new password with a recovery token."`
}

// newPasswordVariable is the environment variable with the password that a command sets. The password to sign in with
// is in USHER_PASSWORD.
const newPasswordVariable = "USHER_NEW_PASSWORD"

type passwordChangeCmd struct {
	PasswordFile    string `placeholder:"FILE" help:"File of the present password. Default: USHER_PASSWORD, or a prompt."`
	NewPasswordFile string `placeholder:"FILE" help:"File of the new password. Default: USHER_NEW_PASSWORD, or a prompt."`
	RevokeKeys      bool   `env:"-" help:"Also end all your API keys. Do so if somebody may have known the password."`
}

// Help returns the text that --help shows below the usage line.
func (passwordChangeCmd) Help() string {
	return `All your other sessions end; this one and, without --revoke-keys, your API keys continue to work. You get a
message about the change.

Examples:
  usher password change
  usher password change --revoke-keys
  usher password change --password-file old.txt --new-password-file new.txt`
}

// Run changes the password of the caller.
func (cmd *passwordChangeCmd) Run(ctx context.Context, c *CLI) error {
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	old, err := c.Secret(ctx, command.SecretSource{
		Name: "password", Question: "Password", Variable: "USHER_PASSWORD", Flag: "--password-file", File: cmd.PasswordFile,
	})
	if err != nil {
		return err
	}
	password, err := c.NewPassword(ctx, newPasswordVariable, cmd.NewPasswordFile)
	if err != nil {
		return err
	}
	if err := api.ChangePassword(ctx, old.Reveal(), password.Reveal()); err != nil {
		return err
	}
	c.Say("Your password is changed.")
	if !cmd.RevokeKeys {
		return nil
	}
	if err := api.Keys.RevokeAll(ctx, 0); err != nil {
		return err
	}
	c.Say("Your API keys have ended.")
	return nil
}

type passwordForgotCmd struct {
	Email string `arg:"" help:"E-mail address of the user."`
}

// Help returns the text that --help shows below the usage line.
func (passwordForgotCmd) Help() string {
	return `The answer is the same whether or not there is such a user. The token in the message works once, for 30
minutes.

Examples:
  usher password forgot ada@example.com`
}

// Run makes the server send a recovery message.
func (cmd *passwordForgotCmd) Run(ctx context.Context, c *CLI) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	if err := api.ForgottenPassword(ctx, cmd.Email); err != nil {
		return err
	}
	c.Say("If an active user has this address, a message with a token is on its way. Then: usher password retrieve")
	return nil
}

type passwordRetrieveCmd struct {
	RecoveryTokenFile string `placeholder:"FILE" help:"File of the token from the message. Default: USHER_RECOVERY_TOKEN, or a prompt."`
	NewPasswordFile   string `placeholder:"FILE" help:"File of the new password. Default: USHER_NEW_PASSWORD, or a prompt."`
}

// Help returns the text that --help shows below the usage line.
func (passwordRetrieveCmd) Help() string {
	return `Also lifts a lock, and ends all sessions and API keys of the user. It does not sign in.

Examples:
  usher password retrieve
  usher password retrieve --recovery-token-file token.txt --new-password-file new.txt`
}

// Run sets a new password with the token of a recovery message.
func (cmd *passwordRetrieveCmd) Run(ctx context.Context, c *CLI) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	token, err := c.Secret(ctx, command.SecretSource{
		Name: "recovery token", Question: "Recovery token", Variable: "USHER_RECOVERY_TOKEN",
		Flag: "--recovery-token-file", File: cmd.RecoveryTokenFile,
	})
	if err != nil {
		return err
	}
	password, err := c.NewPassword(ctx, newPasswordVariable, cmd.NewPasswordFile)
	if err != nil {
		return err
	}
	if err := api.RetrievePassword(ctx, token.Reveal(), password.Reveal()); err != nil {
		return err
	}
	c.Say("The new password is set. Sign in with it: usher login")
	return nil
}
