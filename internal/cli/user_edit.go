package cli

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/profile"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

type usersCreateCmd struct {
	Name  string `env:"-" required:"" placeholder:"TEXT" help:"First name, or the only one."`
	Email string `env:"-" required:"" placeholder:"ADDRESS" help:"E-mail address to sign in with."`
	profile.Texts
	Active bool `env:"-" help:"Let the user sign in. Without it the user is created inactive."`

	GeneratePassword bool   `env:"-" xor:"password" help:"Generate a password and show it, this once."`
	NewPasswordFile  string `xor:"password" placeholder:"FILE" help:"File of the password, - for standard input. Default: USHER_NEW_PASSWORD, or a prompt."`
}

// Help returns the text that --help shows below the usage line.
func (usersCreateCmd) Help() string {
	return `The user gets the default roles; ` + "`usher users roles`" + ` gives others.

Examples:
  usher users create --name Ada --surname Lovelace --email ada@example.com --active
  usher users create --name Ada --email ada@example.com --active --generate-password`
}

// Run creates a user.
func (cmd *usersCreateCmd) Run(ctx context.Context, c *CLI) error {
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	var password secret.Text
	if cmd.GeneratePassword {
		password = command.GeneratePassword()
	} else if password, err = c.NewPassword(ctx, newPasswordVariable, cmd.NewPasswordFile); err != nil {
		return err
	}
	u := client.NewUser{Name: cmd.Name, Email: cmd.Email, Password: password.Reveal(), Active: cmd.Active}
	cmd.SetInNewUser(&u)
	users, err := api.Users.Create(ctx, []client.NewUser{u})
	if err != nil {
		return err
	}
	if !cmd.Active {
		defer c.Say("The user is not active. Let the user sign in with: usher users update %d --active", users[0].ID)
	}
	t := profile.Table(users[0])
	if !cmd.GeneratePassword {
		return c.Show(users[0], t)
	}
	t.Rows = append(t.Rows, []string{"password", password.Reveal()})
	return c.Show(struct {
		client.User
		Password string `json:"password"`
	}{User: users[0], Password: password.Reveal()}, t)
}

type usersUpdateCmd struct {
	User  string  `arg:"" help:"Id or e-mail address."`
	Name  *string `env:"-" placeholder:"TEXT" help:"First name, or the only one."`
	Email *string `env:"-" placeholder:"ADDRESS" help:"E-mail address to sign in with."`
	profile.Changes
	Active *bool `env:"-" negatable:"" help:"Let the user sign in. --no-active ends all sessions, and the API keys stop working until the user is active again."`
	Unlock bool  `env:"-" help:"Lift the lock that too many failed sign-ins have set."`

	ResetPassword   bool   `env:"-" xor:"password" help:"Set a password, which the user has to change: USHER_NEW_PASSWORD, or a prompt. Ends all sessions and API keys."`
	NewPasswordFile string `env:"-" xor:"password" placeholder:"FILE" help:"The same, with the password in a file, - for standard input."`
	KeepKeys        bool   `env:"-" help:"With a new password: keep the API keys."`
}

// Help returns the text that --help shows below the usage line.
func (usersUpdateCmd) Help() string {
	return `Fields that are not named keep their values. All changes are made, or none.

Examples:
  usher users update ada@example.com --department Engines --clear biography
  usher users update 18 --no-active
  usher users update 18 --unlock --reset-password`
}

// Run changes a user.
func (cmd *usersUpdateCmd) Run(ctx context.Context, c *CLI) error {
	update := cmd.update()
	api, u, err := c.signInForUser(ctx, cmd.User)
	if err != nil {
		return err
	}
	if cmd.ResetPassword || cmd.NewPasswordFile != "" {
		password, err := c.NewPassword(ctx, newPasswordVariable, cmd.NewPasswordFile)
		if err != nil {
			return err
		}
		update.Password = new(password.Reveal())
	}
	if u, err = api.Users.Update(ctx, u.ID, update); err != nil {
		return err
	}
	return c.Show(u, profile.Table(u))
}

// update returns the changes that the flags ask for, except for the password.
func (cmd *usersUpdateCmd) update() client.UserUpdate {
	update := client.UserUpdate{
		Name:     cmd.Name,
		Email:    cmd.Email,
		Active:   cmd.Active,
		Unlock:   cmd.Unlock,
		KeepKeys: cmd.KeepKeys,
	}
	cmd.SetInUpdate(&update)
	return update
}

// Validate refuses a command line that changes nothing, or that sets and clears the same field.
func (cmd *usersUpdateCmd) Validate() error {
	if err := cmd.CheckConflicts(); err != nil {
		return err
	}
	if cmd.KeepKeys && !cmd.ResetPassword && cmd.NewPasswordFile == "" {
		return errors.New("--keep-keys goes with --reset-password or --new-password-file")
	}
	unchanged := cmd.Name == nil && cmd.Email == nil && !cmd.HasChanges() && cmd.Active == nil && !cmd.Unlock &&
		!cmd.ResetPassword && cmd.NewPasswordFile == ""
	if unchanged {
		return errors.New("there is nothing to change")
	}
	return nil
}
