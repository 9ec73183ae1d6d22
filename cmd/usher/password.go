package main

type passwordCmd struct {
	Change   passwordChangeCmd   `cmd:"" help:"Change your own password."`
	Forgot   passwordForgotCmd   `cmd:"" help:"Have a message with a recovery token sent."`
	Retrieve passwordRetrieveCmd `cmd:"" help:"Set a new password with a recovery token."`
}

// newPasswordVariable is where every command that sets a password through a server
// looks for it. It is not USHER_PASSWORD, the one to sign in with.
const newPasswordVariable = "USHER_NEW_PASSWORD"

type passwordChangeCmd struct {
	PasswordFile    string `placeholder:"FILE" help:"File of the password as it is. Default: USHER_PASSWORD, or a prompt."`
	NewPasswordFile string `placeholder:"FILE" help:"File of the new password. Default: USHER_NEW_PASSWORD, or a prompt."`
}

// Help is the text below the usage line.
func (passwordChangeCmd) Help() string {
	return `All your other sessions end; this one and your API keys go on.

Examples:
  usher password change
  usher password change --password-file old.txt --new-password-file new.txt`
}

// Run changes the password of the caller.
func (cmd *passwordChangeCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	old, err := a.secret(source{what: "password", question: "Password", variable: "USHER_PASSWORD", flag: "--password-file", file: cmd.PasswordFile})
	if err != nil {
		return err
	}
	password, err := a.newPassword(newPasswordVariable, cmd.NewPasswordFile)
	if err != nil {
		return err
	}
	if err := c.ChangePassword(a.ctx, old.Reveal(), password.Reveal()); err != nil {
		return err
	}
	a.say("Your password is changed.")
	return nil
}

type passwordForgotCmd struct {
	Email string `arg:"" help:"E-mail address of the user."`
}

// Help is the text below the usage line.
func (passwordForgotCmd) Help() string {
	return `The answer is the same whether or not there is such a user. The token in the message is good once, for 30 minutes.

Examples:
  usher password forgot ada@example.com`
}

// Run asks for a recovery message.
func (cmd *passwordForgotCmd) Run(a *app) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	if err := c.ForgottenPassword(a.ctx, cmd.Email); err != nil {
		return err
	}
	a.say("If an active user has this address, a message with a token is on its way. Then: usher password retrieve")
	return nil
}

type passwordRetrieveCmd struct {
	RecoveryTokenFile string `placeholder:"FILE" help:"File of the token from the message. Default: USHER_RECOVERY_TOKEN, or a prompt."`
	NewPasswordFile   string `placeholder:"FILE" help:"File of the new password. Default: USHER_NEW_PASSWORD, or a prompt."`
}

// Help is the text below the usage line.
func (passwordRetrieveCmd) Help() string {
	return `It lifts a lock, and ends all sessions and API keys of the user, but does not sign in.

Examples:
  usher password retrieve
  usher password retrieve --recovery-token-file token.txt --new-password-file new.txt`
}

// Run sets a new password.
func (cmd *passwordRetrieveCmd) Run(a *app) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	token, err := a.secret(source{what: "recovery token", question: "Recovery token", variable: "USHER_RECOVERY_TOKEN", flag: "--recovery-token-file", file: cmd.RecoveryTokenFile})
	if err != nil {
		return err
	}
	password, err := a.newPassword(newPasswordVariable, cmd.NewPasswordFile)
	if err != nil {
		return err
	}
	if err := c.RetrievePassword(a.ctx, token.Reveal(), password.Reveal()); err != nil {
		return err
	}
	a.say("The new password is set. Sign in with it: usher login")
	return nil
}
