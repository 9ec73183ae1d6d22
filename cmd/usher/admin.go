package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// adminCmd groups what an operator does to the data itself when nobody can sign
// in. Whoever can read the data directory may do it; the server may be running.
type adminCmd struct {
	Create        adminCreateCmd        `cmd:"" help:"Make an administrator."`
	ResetPassword adminResetPasswordCmd `cmd:"" help:"Set a user's password, to be changed at the next sign-in; ends all sessions and API keys."`
	Unlock        adminUnlockCmd        `cmd:"" help:"End every lock of a user."`
	EndSessions   adminEndSessionsCmd   `cmd:"" help:"End all sessions of a user."`
	EndKeys       adminEndKeysCmd       `cmd:"" help:"End all API keys of a user."`
}

// Help is the text below the usage line.
func (adminCmd) Help() string {
	return `These commands work on the data directory, or on the PostgreSQL database that
USHER_DATABASE_URL names, not through the server, for the day on which nobody can
sign in any more. The server may be running beside them.

Examples:
  usher admin reset-password admin@localhost
  usher admin create --data /var/lib/usher --name "Ada Lovelace" ada@example.com`
}

// dataFlags say where the data is.
type dataFlags struct {
	Data          string `default:"./usher-data" placeholder:"DIR" help:"Data directory of the server."`
	ServerKeyFile string `placeholder:"FILE" help:"File of the server key, instead of server.key in the data directory."`
}

// with opens the data and runs f on it.
func (d *dataFlags) with(a *app, f func(context.Context, *service.Service) error) error {
	settings := &config.Server{Data: d.Data, ServerKeyFile: d.ServerKeyFile}
	if err := settings.LoadSecrets(a.getenv, a.isSet); err != nil {
		return err
	}
	err := openData(a.ctx, settings, slog.New(slog.NewTextHandler(a.stderr, nil)), f)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return withHint(err, "there is no database in %s; name the data directory of the server with --data, or its database with USHER_DATABASE_URL", d.Data)
	case account.ErrorCode(err) == account.CodeNotFound:
		return withHint(errors.New("there is no user with this e-mail address"), "`usher users list` shows the users")
	}
	return explain(err, settings)
}

type adminCreateCmd struct {
	dataFlags
	passwordFlags
	Email string `arg:"" help:"E-mail address."`
	Name  string `default:"Administrator" help:"Name."`
}

// Run makes an administrator.
func (c *adminCreateCmd) Run(a *app) error {
	password, err := c.newPassword(a)
	if err != nil {
		return err
	}
	return c.with(a, func(ctx context.Context, s *service.Service) error {
		u, err := s.CreateAdministrator(ctx, account.NewUser{Email: c.Email, Name: c.Name, Password: password})
		if err == nil {
			fmt.Fprintf(a.stdout, "Created administrator %d, %s.\n", u.ID, u.Email)
		}
		return err
	})
}

type adminResetPasswordCmd struct {
	dataFlags
	passwordFlags
	Email string `arg:"" help:"E-mail address of the user."`
}

// Run sets a user's password.
func (c *adminResetPasswordCmd) Run(a *app) error {
	password, err := c.newPassword(a)
	if err != nil {
		return err
	}
	return c.with(a, func(ctx context.Context, s *service.Service) error {
		err := s.EmergencyReset(ctx, c.Email, password)
		if err == nil {
			fmt.Fprintf(a.stdout, "The password of %s is set; it must be changed at the next sign-in. All sessions and API keys have ended.\n", c.Email)
		}
		return err
	})
}

type adminUnlockCmd struct {
	dataFlags
	Email string `arg:"" help:"E-mail address of the user."`
}

// Run ends the locks of a user.
func (c *adminUnlockCmd) Run(a *app) error {
	return c.with(a, func(ctx context.Context, s *service.Service) error {
		err := s.EmergencyUnlock(ctx, c.Email)
		if err == nil {
			fmt.Fprintf(a.stdout, "Every lock of %s has ended.\n", c.Email)
		}
		return err
	})
}

type adminEndSessionsCmd struct {
	dataFlags
	Email string `arg:"" help:"E-mail address of the user."`
}

// Run ends the sessions of a user.
func (c *adminEndSessionsCmd) Run(a *app) error {
	return c.with(a, func(ctx context.Context, s *service.Service) error {
		err := s.EmergencyEndSessions(ctx, c.Email)
		if err == nil {
			fmt.Fprintf(a.stdout, "All sessions of %s have ended.\n", c.Email)
		}
		return err
	})
}

type adminEndKeysCmd struct {
	dataFlags
	Email string `arg:"" help:"E-mail address of the user."`
}

// Run ends the API keys of a user.
func (c *adminEndKeysCmd) Run(a *app) error {
	return c.with(a, func(ctx context.Context, s *service.Service) error {
		err := s.EmergencyEndKeys(ctx, c.Email)
		if err == nil {
			fmt.Fprintf(a.stdout, "All API keys of %s have ended.\n", c.Email)
		}
		return err
	})
}

// passwordFlags say where the new password of an emergency command comes from.
type passwordFlags struct {
	PasswordFile string `placeholder:"FILE" help:"File of the new password, - for standard input. Default: USHER_PASSWORD, USHER_PASSWORD_FILE, or a prompt."`
}

func (f passwordFlags) newPassword(a *app) (secret.Text, error) {
	return a.newPassword("USHER_PASSWORD", f.PasswordFile)
}
