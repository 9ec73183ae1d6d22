package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/datadir"
)

// ServeCmd is `usher serve`.
type ServeCmd struct {
	config.Server
}

// Help returns the text that --help shows below the usage line.
func (ServeCmd) Help() string {
	return `Starts the server. The first start makes the data directory, the database, the
server key and the first administrator, whose password is USHER_ADMIN_PASSWORD
(or in the file USHER_ADMIN_PASSWORD_FILE), or else generated and written to
initial-admin-password in the data directory.

With USHER_DATABASE_URL=postgres://… (or in the file USHER_DATABASE_URL_FILE) any
number of servers share one PostgreSQL database; then the server key, the same for
all, and the first administrator's password have to be given.

Examples:
  usher serve
  usher serve --listen 0.0.0.0:8080 --public-url https://accounts.example.com
  USHER_SMTP_PASSWORD_FILE=/run/secrets/smtp usher serve --smtp-host mail.example.com --smtp-username usher`
}

// Run starts a server and serves until the process is interrupted.
func (cmd *ServeCmd) Run(ctx context.Context, e *command.Env) error {
	if err := cmd.LoadSecrets(e.LookupEnv); err != nil {
		return command.UsageErrorf("%w", err)
	}
	cmd.Interactive = e.StderrIsTerminal
	cores := raiseGOMAXPROCS(e.Getenv)
	limitMemory(e.Getenv, cores)
	log := newLog(e.Stderr, cmd.LogFormat)
	s, err := Open(ctx, Options{Settings: &cmd.Server, Version: e.Version, Log: log, Hashes: cores})
	if err != nil {
		return explain(err, &cmd.Server)
	}
	if e.StderrIsTerminal {
		s.welcome(e.Stderr)
	}
	err = s.Run(ctx)
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, s.Close())
}

func newLog(w io.Writer, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// welcome writes the server's addresses and other facts for a user at the terminal. If this start has generated the
// administrator's password, welcome shows it; it is never shown again.
func (s *Server) welcome(w io.Writer) {
	line := func(label, format string, args ...any) {
		fmt.Fprintf(w, "  %-14s %s\n", label, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "\nUsher %s\n\n", s.version)
	line("console", "%s", s.url)
	line("API", "%s", cmp.Or(s.adminURL, s.url).JoinPath("docs"))
	if s.publicURL == nil {
		line("public URL", "not known, so mails carry no links; set --public-url, or usher settings set publicUrl=https://…")
	} else {
		line("public URL", "%s", s.publicURL)
	}
	line("data", "%s", s.settings.Data)
	line("database", "%s", s.store.Place())
	if s.mailServer == nil {
		line("mail", "files in %s; set --smtp-host to send, or usher settings set smtpServerAddress=HOST",
			datadir.MailPath(s.settings.Data))
	} else {
		line("mail", "through %s", s.mailServer.Host)
	}
	if !s.initialPassword.Empty() {
		line("administrator", "%s", s.adminEmail())
		line("password", "%s", s.initialPassword.Reveal())
		line("", "shown this once; until it is changed it is also in %s", datadir.InitialPasswordPath(s.settings.Data))
		line("next", "sign in at %s, or: usher login --server %s --email %s", s.url, s.url, s.adminEmail())
	}
	fmt.Fprintln(w)
}
