package main

import (
	"context"
	"io"
	"time"

	"github.com/alecthomas/kong"

	"github.com/seed-3a99a2fe/usher/internal/config"
)

// app is what a command has of the world. Tests put their own in its place.
type app struct {
	ctx              context.Context // ends at the first interrupt
	stdin            io.Reader
	stdout           io.Writer
	stderr           io.Writer
	stderrIsTerminal bool
	getenv           func(string) string
	isSet            func(string) bool // whether a variable is there
	now              func() time.Time
	prompt           prompter // nil where there is nobody to ask

	flags   *globals          // of this call
	command string            // of this call, as "users list"
	model   *kong.Application // every command and flag
}

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// run carries out one command line, without the program's name, and returns the exit code.
func (a *app) run(args []string) int {
	var grammar cli
	helped := false
	parser, err := kong.New(&grammar,
		kong.Name("usher"),
		kong.Description("User accounts and access: the server, and the command line for its operators."),
		kong.DefaultEnvars("USHER"),
		kong.Configuration(config.LoadFile),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.ExplicitGroups(groups),
		kong.Help(printHelp),
		kong.Writers(a.stdout, a.stderr),
		kong.Exit(func(int) { helped = true }), // kong exits by itself after --help alone
	)
	if err != nil {
		return a.report(err)
	}
	a.flags, a.model = &grammar.globals, parser.Model

	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if helped {
		return exitOK
	}
	if err != nil {
		return a.report(err)
	}
	a.command = parsed.Command()
	return a.report(parsed.Run(a))
}
