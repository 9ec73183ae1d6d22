package main

import (
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"github.com/seed-3a99a2fe/usher/internal/cli"
	"github.com/seed-3a99a2fe/usher/internal/cli/completion"
	"github.com/seed-3a99a2fe/usher/internal/cli/settings"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/server"
)

// grammar is the command line, parsed by kong. Every flag --some-name can also be set by the variable USHER_SOME_NAME,
// except for flags with the tag env:"-". Such a flag says what a command changes. If it had a variable, a forgotten
// one could change a user.
type grammar struct {
	cli.Flags

	Login    cli.LoginCmd    `cmd:"" group:"session" help:"Sign in to a server and keep the session for the next commands."`
	Logout   cli.LogoutCmd   `cmd:"" group:"session" help:"End the session, and remove it from this machine."`
	Whoami   cli.WhoamiCmd   `cmd:"" group:"session" help:"Show who you are signed in as, and what you may do."`
	Password cli.PasswordCmd `cmd:"" group:"session" help:"Change your password, or recover from a forgotten one."`

	Keys        cli.KeysCmd        `cmd:"" group:"session" help:"Show, create and end API keys."`
	Sessions    cli.SessionsCmd    `cmd:"" group:"session" help:"Show and end sessions."`
	Preferences cli.PreferencesCmd `cmd:"" group:"session" help:"Show or change your preferences."`

	Users cli.UsersCmd `cmd:"" group:"manage" help:"Show and change users, import and export them."`
	Roles cli.RolesCmd `cmd:"" group:"manage" help:"Show and change roles, and what they permit."`
	Mail  cli.MailCmd  `cmd:"" group:"manage" help:"Show the messages that the server sends."`

	Settings settings.Cmd `cmd:"" group:"manage" help:"Show and change settings: mail, sessions, lockout, directories."`
	Audit    auditCmd     `cmd:"" group:"manage" help:"Show the activity log, and find out whether it was tampered with."`

	Serve   server.ServeCmd   `cmd:"" group:"server" help:"Run the server."`
	Backup  server.BackupCmd  `cmd:"" group:"server" help:"Copy the database of a server, which may be running."`
	Restore server.RestoreCmd `cmd:"" group:"server" help:"Create a data directory from a backup."`
	Key     server.KeyCmd     `cmd:"" group:"server" help:"Show the server keys, and replace the one in use."`
	Admin   server.AdminCmd   `cmd:"" group:"server" help:"Work on the data itself, in an emergency."`

	MigrateData server.MigrateDataCmd `cmd:"" group:"server" help:"Move all data to PostgreSQL, or back."`

	Completion completion.Cmd `cmd:"" group:"more" help:"Write the completion script of a shell."`
	Version    versionCmd     `cmd:"" group:"more" help:"Show the version."`
}

// auditCmd groups the commands on the activity log. Some ask a server; the others read the data directly.
type auditCmd struct {
	cli.AuditCmd
	Data server.AuditCmd `embed:""`
}

// groups returns the headings under which the help text lists the commands.
func groups() []kong.Group {
	return []kong.Group{
		{Key: "session", Title: "Signing in, and what is yours:"},
		{Key: "manage", Title: "Users, roles, mail, settings and the activity log, on a running server:"},
		{Key: "server", Title: "The server itself:"},
		{Key: "more", Title: "More:"},
		{Key: "connection", Title: "Flags of the commands that talk to a server:"},
	}
}

// Help returns the text that --help shows below the usage line.
func (grammar) Help() string {
	return `Start a server, sign in, and look around:

  usher serve
  usher login --email admin@localhost
  usher users list

Passwords and tokens are asked for at a terminal, or come from a file or a variable; there is no flag for them.
The exit code is 0 for success, 1 for a failure, 2 for a command line that is wrong.`
}

// printHelp prints the help text. If the command does not talk to a server, it leaves out the flags of the connection.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	node := ctx.Selected()
	if node != nil && node.ClosestGroup() != nil && node.ClosestGroup().Key == "server" {
		for _, flag := range ctx.Model.Flags {
			flag.Hidden = flag.Hidden || flag.Group != nil && flag.Group.Key == "connection"
		}
	}
	return kong.DefaultHelpPrinter(options, ctx)
}

// versionCmd is `usher version`.
type versionCmd struct{}

// Run shows the versions of usher and of Go.
func (versionCmd) Run(e *command.Env) error {
	return e.Show(
		map[string]string{"version": e.Version, "go": runtime.Version()},
		command.Table{Rows: [][]string{{"usher", e.Version}, {"go", runtime.Version()}}},
	)
}

// version returns the version that was set at build time, or else the module version that the Go tool has recorded.
func version() string {
	if buildVersion != "" {
		return buildVersion
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
