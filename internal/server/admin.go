package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// AdminCmd groups the emergency commands. They work directly on the data, for the case that no administrator can sign
// in. Anyone who can read the data directory may run them. The server may be running.
type AdminCmd struct {
	Create        adminCreateCmd        `cmd:"" help:"Create an administrator."`
	ResetPassword adminResetPasswordCmd `cmd:"" help:"Set a user's password, to be changed at the next sign-in; ends all sessions and API keys."`
	Unlock        adminUnlockCmd        `cmd:"" help:"Lift all locks of a user."`
	EndSessions   adminEndSessionsCmd   `cmd:"" help:"End all sessions of a user."`
	EndKeys       adminEndKeysCmd       `cmd:"" help:"End all API keys of a user."`
}

// Help returns the text that --help shows below the usage line.
func (AdminCmd) Help() string {
	return `These commands work on the data directory, or on the PostgreSQL database that
USHER_DATABASE_URL names, not through the server, for the day on which no one can
sign in any more. The server may be running.

Examples:
  usher admin reset-password admin@localhost
  usher admin create --data /var/lib/usher --name "Ada Lovelace" ada@example.com`
}

// dataFlags are the flags that say where the data and the server key are.
type dataFlags struct {
	Data          string `default:"./usher-data" placeholder:"DIR" help:"Data directory of the server."`
	ServerKeyFile string `placeholder:"FILE" help:"File of the server key, instead of server.key in the data directory."`
}

// withData opens the data and calls f with a service on that data.
func (d *dataFlags) withData(
	ctx context.Context, e *command.Env, f func(context.Context, *service.Service) error,
) error {
	settings, err := d.settings(e)
	if err != nil {
		return err
	}
	err = openData(ctx, settings, slog.New(slog.NewTextHandler(e.Stderr, nil)), f)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return command.WithHint(err,
			"there is no database in %s; name the data directory of the server with --data, "+
				"or its database with USHER_DATABASE_URL", d.Data)
	case account.ErrorCode(err) == account.CodeNotFound:
		return command.WithHint(errors.New("there is no user with this e-mail address"), "`usher users list` shows the users")
	}
	return explain(err, settings)
}

// change opens the data and calls f with a service on that data. If f succeeds, it writes the formatted message.
func (d *dataFlags) change(
	ctx context.Context, e *command.Env, f func(context.Context, *service.Service) error, format string, args ...any,
) error {
	if err := d.withData(ctx, e, f); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.Stdout, format+"\n", args...)
	return err
}

type adminCreateCmd struct {
	dataFlags
	passwordFlags
	Email string `arg:"" help:"E-mail address."`
	Name  string `default:"Administrator" help:"Name."`
}

// Run creates an administrator.
func (cmd *adminCreateCmd) Run(ctx context.Context, e *command.Env) error {
	password, err := cmd.newPassword(ctx, e)
	if err != nil {
		return err
	}
	return cmd.withData(ctx, e, func(ctx context.Context, s *service.Service) error {
		u, err := s.CreateAdministrator(ctx, account.NewUser{
			Email: cmd.Email, Profile: account.Profile{Name: cmd.Name}, Password: password,
		})
		if err == nil {
			fmt.Fprintf(e.Stdout, "Created administrator %d, %s.\n", u.ID, u.Email)
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
func (cmd *adminResetPasswordCmd) Run(ctx context.Context, e *command.Env) error {
	password, err := cmd.newPassword(ctx, e)
	if err != nil {
		return err
	}
	return cmd.change(ctx, e, func(ctx context.Context, s *service.Service) error {
		return s.EmergencyReset(ctx, cmd.Email, password)
	}, "The password of %s is set; it must be changed at the next sign-in. All sessions and API keys have ended.",
		cmd.Email)
}

type adminUnlockCmd struct {
	dataFlags
	Email string `arg:"" help:"E-mail address of the user."`
}

// Run unlocks a user's account.
func (cmd *adminUnlockCmd) Run(ctx context.Context, e *command.Env) error {
	return cmd.change(ctx, e, func(ctx context.Context, s *service.Service) error {
		return s.EmergencyUnlock(ctx, cmd.Email)
	}, "Every lock of %s has ended.", cmd.Email)
}

type adminEndSessionsCmd struct {
	dataFlags
	Email string `arg:"" help:"E-mail address of the user."`
}

// Run ends the sessions of a user.
func (cmd *adminEndSessionsCmd) Run(ctx context.Context, e *command.Env) error {
	return cmd.change(ctx, e, func(ctx context.Context, s *service.Service) error {
		return s.EmergencyEndSessions(ctx, cmd.Email)
	}, "All sessions of %s have ended.", cmd.Email)
}

type adminEndKeysCmd struct {
	dataFlags
	Email string `arg:"" help:"E-mail address of the user."`
}

// Run revokes the API keys of a user.
func (cmd *adminEndKeysCmd) Run(ctx context.Context, e *command.Env) error {
	return cmd.change(ctx, e, func(ctx context.Context, s *service.Service) error {
		return s.EmergencyEndKeys(ctx, cmd.Email)
	}, "All API keys of %s have ended.", cmd.Email)
}

// passwordFlags has the flag that says where an emergency command reads the new password from.
type passwordFlags struct {
	PasswordFile string `placeholder:"FILE" help:"File of the new password, - for standard input. Default: USHER_PASSWORD, USHER_PASSWORD_FILE, or a prompt."`
}

func (f passwordFlags) newPassword(ctx context.Context, e *command.Env) (secret.Text, error) {
	return e.NewPassword(ctx, "USHER_PASSWORD", f.PasswordFile)
}
