package main

type usersInviteCmd struct {
	User userArg `arg:"" help:"Id or e-mail address."`
}

// Help is the text below the usage line.
func (usersInviteCmd) Help() string {
	return `The message has a link with which the user chooses a password. It is good for a week and works once. The user must be active.

Examples:
  usher users invite ada@example.com
  usher users invite 18`
}

// Run has the server send the message.
func (cmd *usersInviteCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	u, err := cmd.User.find(a, c)
	if err != nil {
		return err
	}
	if err := c.InviteUser(a.ctx, u.ID); err != nil {
		return err
	}
	a.say("An invitation to %s is on its way.", u.Email)
	return nil
}
