// Package cli has the commands that talk to a running server: sign-in, users, roles, keys, sessions, mail and the
// activity log. The commands on settings are in package settings. Each command is a struct of flags for kong, with a
// method Run.
//
// A command signs in, calls the server through package client, and shows the result. ShowResult does all three, so that
// a new command needs only a few lines. Package lookup finds the users and roles that a command line names.
package cli

import (
	"io"

	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/privatefile"
)

// Flags are the common flags of all commands that talk to a server.
type Flags struct {
	Server    string `group:"connection" placeholder:"URL" help:"Address of the server. Default: that of the last usher login, or else http://127.0.0.1:8080."`
	TokenFile string `group:"connection" placeholder:"FILE" help:"File of a session token or an API key, - for standard input, instead of the session of usher login. The token itself may be in USHER_TOKEN."`
	CAFile    string `group:"connection" placeholder:"FILE" help:"Certificates, in PEM, of authorities to trust besides the system's."`
	Output    string `group:"connection" short:"o" enum:"table,json" default:"table" placeholder:"FORM" help:"Output format: ${enum}. Default: ${default}."`
}

// CLI has what a command needs to run: the process environment and the flags of the connection.
type CLI struct {
	*command.Env
	flags  *Flags
	server string // URL of the server; set by connect
}

// New returns the CLI for a command line. kong may fill in flags later, before the command runs.
func New(e *command.Env, flags *Flags) *CLI {
	return &CLI{Env: e, flags: flags}
}

// writeFile calls write to fill the file path. If path is "-", write gets standard output. Otherwise write gets a new
// file that only its owner can read, and writeFile renames that file to path once it is complete.
func (c *CLI) writeFile(path string, write func(io.Writer) error) error {
	if path == "-" {
		return write(c.Stdout)
	}
	file, err := privatefile.Create(path)
	if err != nil {
		return fileError("write", path, err)
	}
	defer file.Discard()
	if err := write(file); err != nil {
		return err
	}
	return fileError("write", path, file.Commit())
}
