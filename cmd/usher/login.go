package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

type loginCmd struct {
	Email        string `placeholder:"ADDRESS" help:"Your e-mail address. Asked for if it is not given."`
	PasswordFile string `placeholder:"FILE" help:"File of the password, - for standard input. Default: USHER_PASSWORD, or a prompt."`
}

// Help is the text below the usage line.
func (loginCmd) Help() string {
	return `The session is kept in credentials.json in the directory usher of your configuration, or in USHER_CONFIG_DIR,
for your account alone. It ends at logout, after some hours without use, and after some weeks at the latest, as the settings of the server say
(12 hours and 30 days unless somebody changed them).

Examples:
  usher login
  usher login --server https://usher.example.com --email ada@example.com
  usher login --email ada@example.com --password-file /run/secrets/password`
}

// Run signs in.
func (cmd *loginCmd) Run(a *app) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	sessions, err := a.credentials()
	if err != nil {
		return err
	}
	email, err := cmd.email(a)
	if err != nil {
		return err
	}
	password, err := a.secret(source{what: "password", question: "Password", variable: "USHER_PASSWORD", flag: "--password-file", file: cmd.PasswordFile})
	if err != nil {
		return err
	}
	session, err := c.Login(a.ctx, email, password.Reveal())
	if err != nil {
		return err
	}
	if err := sessions.put(c.BaseURL(), email, secret.New(session.Token), a.now()); err != nil {
		return err
	}

	result := struct {
		Server            string `json:"server"`
		Email             string `json:"email"`
		NeedPasswordReset bool   `json:"needPasswordReset"`
	}{c.BaseURL(), email, session.NeedPasswordReset}
	text := fmt.Sprintf("Signed in to %s as %s.", result.Server, email)
	if err := a.show(result, table{rows: [][]string{{text}}}); err != nil {
		return err
	}
	if session.NeedPasswordReset {
		a.say("You have to change your password before anything else: usher password change")
	}
	return nil
}

func (cmd *loginCmd) email(a *app) (string, error) {
	if cmd.Email != "" {
		return cmd.Email, nil
	}
	if a.prompt == nil {
		return "", withHint(usage("there is no e-mail address, and no terminal to ask at"), "name it with --email or USHER_EMAIL")
	}
	email, err := a.prompt.Line(a.ctx, "E-mail address")
	if err == nil && email == "" {
		err = errors.New("no e-mail address was typed")
	}
	return email, err
}

type logoutCmd struct{}

// Help is the text below the usage line.
func (logoutCmd) Help() string {
	return `An API key that is given by --token-file or USHER_TOKEN goes on to work.

Examples:
  usher logout
  usher logout --server https://usher.example.com`
}

// Run ends the session.
func (logoutCmd) Run(a *app) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	given, stored, err := a.token(c)
	if err != nil {
		return err
	}
	err = c.WithToken(given.Reveal()).Logout(a.ctx)
	ended := stored && errors.Is(err, client.CodeUnauthorized) // by itself, so there is nothing left but to forget it
	if err != nil && !ended {
		return err
	}
	if stored {
		sessions, err := a.credentials()
		if err != nil {
			return err
		}
		if err := sessions.remove(c.BaseURL()); err != nil {
			return err
		}
	}
	if strings.HasPrefix(given.Reveal(), string(token.APIKey)) {
		a.say("An API key goes on to work. `usher keys list` shows yours, and `usher keys delete ID` ends one.")
		return nil
	}
	a.say("Signed out of %s.", c.BaseURL())
	return nil
}

type whoamiCmd struct{}

// Help is the text below the usage line.
func (whoamiCmd) Help() string {
	return `Examples:
  usher whoami
  usher whoami --output json
  USHER_TOKEN_FILE=/run/secrets/api-key usher whoami`
}

// Run shows the caller.
func (whoamiCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	me, err := c.Whoami(a.ctx)
	if err != nil {
		return err
	}
	t := table{rows: [][]string{
		{"id", strconv.FormatInt(me.ID, 10)},
		{"name", fullName(me.Name, me.Surname)},
		{"e-mail", me.Email},
		{"signed in by", string(me.Provider)},
		{"department", orDash(me.Department)},
	}}
	for _, role := range me.Roles {
		t.rows = append(t.rows, []string{"role", fmt.Sprintf("%d, %s", role.ID, role.Name)})
		for _, text := range permissionTexts(role.Permissions) {
			t.rows = append(t.rows, []string{"", text})
		}
	}
	return a.show(me, t)
}

// permissionTexts tells permissions in words, those on the same things together:
// "user (all): read, edit".
func permissionTexts(permissions []client.Permission) []string {
	var order []string
	actions := map[string][]string{}
	for _, p := range permissions {
		on := p.EntityName + " (" + scopeText(p) + ")"
		if actions[on] == nil {
			order = append(order, on)
		}
		actions[on] = append(actions[on], p.Action)
	}
	for i, on := range order {
		order[i] = on + ": " + strings.Join(actions[on], ", ")
	}
	return order
}

func scopeText(p client.Permission) string {
	switch {
	case p.DynamicID != nil:
		return "own"
	case p.EntityIDs != nil:
		return idList(p.EntityIDs)
	}
	return "all"
}
