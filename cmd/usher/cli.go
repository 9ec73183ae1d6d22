package main

import "github.com/alecthomas/kong"

// cli is the grammar of the command line. A flag --some-name has the variable
// USHER_SOME_NAME, unless it says what to do rather than how: such flags are
// tagged env:"-", so that a variable of the environment never changes a user.
type cli struct {
	globals

	Login    loginCmd    `cmd:"" group:"session" help:"Sign in to a server and keep the session for the next commands."`
	Logout   logoutCmd   `cmd:"" group:"session" help:"End the session and forget it."`
	Whoami   whoamiCmd   `cmd:"" group:"session" help:"Show who you are signed in as, and what you may do."`
	Password passwordCmd `cmd:"" group:"session" help:"Change your password, or get back in after forgetting it."`

	Keys        keysCmd        `cmd:"" group:"session" help:"Show, make and end API keys."`
	Sessions    sessionsCmd    `cmd:"" group:"session" help:"Show and end sessions."`
	Preferences preferencesCmd `cmd:"" group:"session" help:"Show or change what you prefer."`

	Users usersCmd `cmd:"" group:"manage" help:"Show and change users, import and export them."`
	Roles rolesCmd `cmd:"" group:"manage" help:"Show and change roles, and what they permit."`
	Mail  mailCmd  `cmd:"" group:"manage" help:"Show the messages that the server sends."`

	Settings settingsCmd `cmd:"" group:"manage" help:"Show and change settings: mail, sessions, lockout, directories."`
	Audit    auditCmd    `cmd:"" group:"manage" help:"Show the activity log, and find out whether it was tampered with."`

	Serve   serveCmd   `cmd:"" group:"server" help:"Run the server."`
	Backup  backupCmd  `cmd:"" group:"server" help:"Copy the database of a server, which may be running."`
	Restore restoreCmd `cmd:"" group:"server" help:"Make a data directory from a backup."`
	Admin   adminCmd   `cmd:"" group:"server" help:"Work on the data itself, in an emergency."`

	MigrateData migrateDataCmd `cmd:"" group:"server" help:"Move all data to PostgreSQL, or back."`

	Completion completionCmd `cmd:"" group:"more" help:"Write the completion script of a shell."`
	Version    versionCmd    `cmd:"" group:"more" help:"Show the version."`
}

// globals are the flags of every command that talks to a server.
type globals struct {
	Server    string `group:"connection" placeholder:"URL" help:"Address of the server. Default: that of the last usher login, or else http://127.0.0.1:8080."`
	TokenFile string `group:"connection" placeholder:"FILE" help:"File of a session token or an API key, - for standard input, instead of the session of usher login. The token itself may be in USHER_TOKEN."`
	CAFile    string `group:"connection" placeholder:"FILE" help:"Certificates, in PEM, that the server's may be signed by, beside the system's."`
	Output    string `group:"connection" short:"o" enum:"table,json" default:"table" placeholder:"FORM" help:"Form of the output: ${enum}. Default: ${default}."`
}

// printHelp leaves the flags of the connection out where there is none.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if node := ctx.Selected(); node != nil && node.ClosestGroup() != nil && node.ClosestGroup().Key == "server" {
		for _, flag := range ctx.Model.Flags {
			flag.Hidden = flag.Hidden || flag.Group != nil && flag.Group.Key == "connection"
		}
	}
	return kong.DefaultHelpPrinter(options, ctx)
}

var groups = []kong.Group{
	{Key: "session", Title: "Signing in, and what is yours:"},
	{Key: "manage", Title: "Users, roles, mail, settings and the activity log, on a running server:"},
	{Key: "server", Title: "The server itself:"},
	{Key: "more", Title: "More:"},
	{Key: "connection", Title: "Flags of the commands that talk to a server:"},
}

// Help is the text below the usage line.
func (cli) Help() string {
	return `Start a server, sign in, and look around:

  usher serve
  usher login --email admin@localhost
  usher users list

Passwords and tokens are asked for at a terminal, or come from a file or a variable; there is no flag for them.
The exit code is 0 for success, 1 for a failure, 2 for a command line that is wrong.`
}
