package server

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
)

// explain adds a hint to an error: what the operator can do so that the server starts, or that the emergency command
// succeeds.
func explain(err error, settings *config.Server) error {
	remedy := postgres.Hint(err)
	switch {
	case remedy != "":
		if e, ok := errors.AsType[*account.Error](err); ok {
			err = e.Err // drop the message "try again later", which wouldn't help
		}
		return command.WithHint(err, "%s", remedy)
	case errors.Is(err, syscall.EADDRINUSE):
		return command.WithHint(err, "another program listens there; choose another address with --listen")
	case errors.Is(err, service.ErrWrongKey):
		return command.WithHint(err, "start with the key that the database was created with, or all keys while a rotation "+
			"is under way; a backup from before a rotation needs the key from before; nothing was changed")
	case errors.Is(err, service.ErrNotSetUp) && !settings.Database.URL.Empty():
		return command.WithHint(err, "start a server on it first: usher serve, with the same USHER_DATABASE_URL")
	case errors.Is(err, service.ErrNotSetUp):
		return command.WithHint(err, "start a server on it first: usher serve --data %s", settings.Data)
	case errors.Is(err, errPasswordNeeded):
		return command.WithHint(err, "set USHER_ADMIN_PASSWORD or USHER_ADMIN_PASSWORD_FILE; the password needs %s",
			account.PasswordRule)
	case errors.Is(err, sqldb.ErrUnfinishedMove):
		return command.WithHint(err,
			"run the same `usher migrate-data` again until it ends; to give it up, remove the database")
	case errors.Is(err, sqldb.ErrNewerSchema), errors.Is(err, sqldb.ErrOlderSchema):
		return command.WithHint(err, "nothing was changed")
	case account.ErrorCode(err) == account.CodeInvalid:
		return command.WithHint(err,
			"the first administrator is created from --admin-email and USHER_ADMIN_PASSWORD; the password needs %s",
			account.PasswordRule)
	case account.ErrorCode(err) == account.CodeUnavailable:
		e, _ := errors.AsType[*account.Error](err)
		return command.WithHint(fmt.Errorf("%s (%w)", e.Message, e.Err),
			"the database must answer, have room on its disk and be writable")
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOSPC):
		return command.WithHint(err, "the disk of %s must have room and be writable", settings.Data)
	case errors.Is(err, syscall.EACCES):
		return command.WithHint(err, "the user that runs the server must be able to write to %s", settings.Data)
	}
	return err
}

// DescribeError returns the message and the details of an [account.Error]. ok is false for any other error.
func DescribeError(err error) (message string, details []string, ok bool) {
	e, ok := errors.AsType[*account.Error](err)
	if !ok {
		return "", nil, false
	}
	for _, d := range e.Details {
		details = append(details, strings.TrimPrefix(d.Path, "/")+": "+d.Message)
	}
	return e.Message, details, true
}
