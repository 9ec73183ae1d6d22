package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"syscall"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// serveCmd is `usher serve`.
type serveCmd struct {
	config.Server
}

// Help is the text below the usage line.
func (serveCmd) Help() string {
	return `Starts the server. The first start makes the data directory, the database, the
server key and the first administrator, whose password is USHER_ADMIN_PASSWORD
(or in the file USHER_ADMIN_PASSWORD_FILE), or else made up and written to
initial-admin-password in the data directory.

With USHER_DATABASE_URL=postgres://… (or in the file USHER_DATABASE_URL_FILE) any
number of servers share one PostgreSQL database; then the server key, the same for
all, and the first administrator's password have to be given.

Examples:
  usher serve
  usher serve --listen 0.0.0.0:8080 --public-url https://accounts.example.com
  USHER_SMTP_PASSWORD_FILE=/run/secrets/smtp usher serve --smtp-host mail.example.com --smtp-username usher`
}

// Run serves until the process is interrupted.
func (c *serveCmd) Run(a *app) error {
	if err := c.LoadSecrets(a.getenv, a.isSet); err != nil {
		return usageError{err}
	}
	c.Watched = a.stderrIsTerminal
	spread()
	log := newLog(a.stderr, c.LogFormat)
	p, err := newProgram(a.ctx, &c.Server, log)
	if err != nil {
		return explain(err, &c.Server)
	}
	if a.stderrIsTerminal {
		p.welcome(a.stderr)
	}
	err = p.Run(a.ctx)
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, p.Close())
}

func newLog(w io.Writer, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// explain adds what to do to a start that failed.
func explain(err error, s *config.Server) error {
	remedy := sqlstore.Remedy(err)
	switch {
	case remedy != "":
		if e, ok := errors.AsType[*account.Error](err); ok {
			err = e.Err // that it may work again soon is not so
		}
		return withHint(err, "%s", remedy)
	case errors.Is(err, syscall.EADDRINUSE):
		return withHint(err, "another program listens there; choose another address with --listen")
	case errors.Is(err, service.ErrWrongKey):
		return withHint(err, "start with the key that the database was made with; nothing was changed")
	case errors.Is(err, service.ErrNotSetUp) && !s.Database.URL.Empty():
		return withHint(err, "start a server on it first: usher serve, with the same USHER_DATABASE_URL")
	case errors.Is(err, service.ErrNotSetUp):
		return withHint(err, "start a server on it first: usher serve --data %s", s.Data)
	case errors.Is(err, errPasswordNeeded):
		return withHint(err, "set USHER_ADMIN_PASSWORD or USHER_ADMIN_PASSWORD_FILE; the password needs %s", account.PasswordRule)
	case errors.Is(err, sqlstore.ErrUnfinishedMove):
		return withHint(err, "run the same `usher migrate-data` again until it ends; to give it up, remove the database")
	case errors.Is(err, sqlstore.ErrNewerSchema), errors.Is(err, sqlstore.ErrOlderSchema):
		return withHint(err, "nothing was changed")
	case account.ErrorCode(err) == account.CodeInvalid:
		return withHint(err, "the first administrator is made from --admin-email and USHER_ADMIN_PASSWORD; the password needs %s", account.PasswordRule)
	case account.ErrorCode(err) == account.CodeUnavailable:
		e, _ := errors.AsType[*account.Error](err)
		return withHint(fmt.Errorf("%s (%w)", e.Message, e.Err), "the database must answer, have room on its disk and be writable")
	case errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOSPC):
		return withHint(err, "the disk of %s must have room and be writable", s.Data)
	case errors.Is(err, syscall.EACCES):
		return withHint(err, "the user that runs the server must be able to write to %s", s.Data)
	}
	return err
}

// welcome tells a person at a terminal what was started, and shows a password
// that was made up, this once.
func (p *program) welcome(w io.Writer) {
	line := func(what, format string, args ...any) {
		fmt.Fprintf(w, "  %-14s %s\n", what, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "\nUsher %s\n\n", version())
	line("console", "%s", p.URL)
	line("API", "%s", p.URL.JoinPath("docs"))
	if p.PublicURL == nil {
		line("public URL", "not known, so mails carry no links; set --public-url, or usher settings set publicUrl=https://…")
	} else {
		line("public URL", "%s", p.PublicURL)
	}
	line("data", "%s", p.settings.Data)
	line("database", "%s", p.store.Place())
	if p.mailServer == nil {
		line("mail", "files in %s; set --smtp-host to send, or usher settings set smtpServerAddress=HOST", mailDirectory(p.settings.Data))
	} else {
		line("mail", "through %s", p.mailServer.Host)
	}
	if !p.Password.Empty() {
		line("administrator", "%s", p.adminEmail())
		line("password", "%s", p.Password.Reveal())
		line("", "shown this once; until it is changed it is also in %s", filepath.Join(p.settings.Data, initialPasswordFile))
		line("next", "sign in at %s, or: usher login --server %s --email %s", p.URL, p.URL, p.adminEmail())
	}
	fmt.Fprintln(w)
}

// openData opens the data for an emergency command and gives f the rules over
// it. The server may run beside it.
func openData(ctx context.Context, settings *config.Server, log *slog.Logger, f func(context.Context, *service.Service) error) error {
	store, err := openExisting(ctx, settings)
	if err != nil {
		return err
	}
	accounts, err := openAccounts(ctx, settings, store, service.Options{}, false, log)
	if err == nil {
		err = accounts.CheckKey(ctx)
	}
	if err == nil {
		err = f(ctx, accounts)
	}
	return errors.Join(err, store.Close())
}
