package main

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

type usersCreateCmd struct {
	Name       string  `env:"-" required:"" placeholder:"TEXT" help:"First name, or the only one."`
	Email      string  `env:"-" required:"" placeholder:"ADDRESS" help:"E-mail address to sign in with."`
	Surname    *string `env:"-" placeholder:"TEXT" help:"Family name."`
	Department *string `env:"-" placeholder:"TEXT" help:"Part of the organisation."`
	Biography  *string `env:"-" placeholder:"TEXT" help:"Free text."`
	Active     bool    `env:"-" help:"Let the user sign in. Without it the user is there, but inactive."`

	GeneratePassword bool   `env:"-" xor:"password" help:"Make a password up and show it, this once."`
	NewPasswordFile  string `xor:"password" placeholder:"FILE" help:"File of the password, - for standard input. Default: USHER_NEW_PASSWORD, or a prompt."`
}

// Help is the text below the usage line.
func (usersCreateCmd) Help() string {
	return `The user gets the default roles; ` + "`usher users roles`" + ` gives others.

Examples:
  usher users create --name Ada --surname Lovelace --email ada@example.com --active
  usher users create --name Ada --email ada@example.com --active --generate-password`
}

// Run creates a user.
func (cmd *usersCreateCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	var password secret.Text
	if cmd.GeneratePassword {
		password = generatePassword()
	} else if password, err = a.newPassword(newPasswordVariable, cmd.NewPasswordFile); err != nil {
		return err
	}
	users, err := c.CreateUsers(a.ctx, []client.NewUser{{
		Name:       cmd.Name,
		Email:      cmd.Email,
		Password:   password.Reveal(),
		Surname:    cmd.Surname,
		Department: cmd.Department,
		Biography:  cmd.Biography,
		Active:     cmd.Active,
	}})
	if err != nil {
		return err
	}
	if !cmd.Active {
		defer a.say("The user is not active. Let the user sign in with: usher users update %d --active", users[0].ID)
	}
	if !cmd.GeneratePassword {
		return a.show(users[0], userTable(users[0]))
	}
	t := userTable(users[0])
	t.rows = append(t.rows, []string{"password", password.Reveal()})
	return a.show(struct {
		client.User
		Password string `json:"password"`
	}{users[0], password.Reveal()}, t)
}

// generatePassword makes a password of 115 random bits that is easy to read aloud.
func generatePassword() secret.Text {
	const letters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789" // without those that look alike
	for {
		var text []byte
		for len(text) < 23 {
			if len(text)%6 == 5 {
				text = append(text, '-')
				continue
			}
			var b [1]byte
			_, _ = rand.Read(b[:]) // never fails
			if i := int(b[0]); i < 256-256%len(letters) {
				text = append(text, letters[i%len(letters)])
			}
		}
		if password := secret.New(string(text)); account.CheckNewPassword(password) == "" {
			return password
		}
	}
}

type usersUpdateCmd struct {
	User       userArg  `arg:"" help:"Id or e-mail address."`
	Name       *string  `env:"-" placeholder:"TEXT" help:"First name, or the only one."`
	Surname    *string  `env:"-" placeholder:"TEXT" help:"Family name."`
	Email      *string  `env:"-" placeholder:"ADDRESS" help:"E-mail address to sign in with."`
	Department *string  `env:"-" placeholder:"TEXT" help:"Part of the organisation."`
	Biography  *string  `env:"-" placeholder:"TEXT" help:"Free text."`
	Clear      []string `env:"-" enum:"surname,department,biography,picture" placeholder:"FIELD" help:"Empty these fields: ${enum}."`
	Active     *bool    `env:"-" negatable:"" help:"Let the user sign in, or no more: that ends all sessions, and API keys rest until then."`
	Unlock     bool     `env:"-" help:"End the lock that too many failed sign-ins have set."`

	ResetPassword   bool   `env:"-" xor:"password" help:"Set a password, which the user has to change: USHER_NEW_PASSWORD, or a prompt. Ends all sessions and API keys."`
	NewPasswordFile string `env:"-" xor:"password" placeholder:"FILE" help:"The same, with the password in a file, - for standard input."`
	KeepKeys        bool   `env:"-" help:"With a new password: let the API keys go on."`
}

// Help is the text below the usage line.
func (usersUpdateCmd) Help() string {
	return `What is not named stays as it is. All changes are made, or none.

Examples:
  usher users update ada@example.com --department Engines --clear biography
  usher users update 18 --no-active
  usher users update 18 --unlock --reset-password`
}

// Run changes a user.
func (cmd *usersUpdateCmd) Run(a *app) error {
	update := client.UserUpdate{Name: cmd.Name, Email: cmd.Email, Active: cmd.Active, Unlock: cmd.Unlock, KeepKeys: cmd.KeepKeys}
	set(&update.Surname, cmd.Surname)
	set(&update.Department, cmd.Department)
	set(&update.Biography, cmd.Biography)
	for _, field := range cmd.Clear {
		switch field {
		case "surname":
			update.Surname = client.Clear[string]()
		case "department":
			update.Department = client.Clear[string]()
		case "biography":
			update.Biography = client.Clear[string]()
		case "picture":
			update.Picture = client.Clear[client.Picture]()
		}
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	u, err := cmd.User.find(a, c)
	if err != nil {
		return err
	}
	if cmd.ResetPassword || cmd.NewPasswordFile != "" {
		password, err := a.newPassword(newPasswordVariable, cmd.NewPasswordFile)
		if err != nil {
			return err
		}
		update.Password = new(password.Reveal())
	}
	if u, err = c.UpdateUser(a.ctx, u.ID, update); err != nil {
		return err
	}
	return a.show(u, userTable(u))
}

func set(field *client.Change[string], value *string) {
	if value != nil {
		*field = client.Set(*value)
	}
}

// Validate refuses a command line that changes nothing, or one field in two ways.
func (cmd *usersUpdateCmd) Validate() error {
	given := map[string]bool{"surname": cmd.Surname != nil, "department": cmd.Department != nil, "biography": cmd.Biography != nil}
	for _, field := range cmd.Clear {
		if given[field] {
			return fmt.Errorf("--%s and --clear %s are both given", field, field)
		}
	}
	if cmd.KeepKeys && !cmd.ResetPassword && cmd.NewPasswordFile == "" {
		return errors.New("--keep-keys goes with --reset-password or --new-password-file")
	}
	nothing := cmd.Name == nil && cmd.Surname == nil && cmd.Email == nil && cmd.Department == nil && cmd.Biography == nil &&
		len(cmd.Clear) == 0 && cmd.Active == nil && !cmd.Unlock && !cmd.ResetPassword && cmd.NewPasswordFile == ""
	if nothing {
		return errors.New("there is nothing to change")
	}
	return nil
}
