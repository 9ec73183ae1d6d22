package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/seed-3a99a2fe/usher/internal/cli"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/server"
)

// run executes a command line, given without the program's name. It returns the exit code. The caller cancels ctx at
// the first interrupt.
func run(ctx context.Context, e *command.Env, args []string) int {
	var g grammar
	c := cli.New(e, &g.Flags)
	helpShown := false
	parser, err := kong.New(&g,
		kong.Name("usher"),
		kong.Description("User accounts and access: the server, and the command line for its operators."),
		kong.DefaultEnvars("USHER"),
		kong.Configuration(config.LoadFile),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.ExplicitGroups(groups()),
		kong.Help(printHelp),
		kong.Writers(e.Stdout, e.Stderr),
		kong.Exit(func(int) { helpShown = true }), // kong calls this only after --help
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(e, c),
	)
	if err != nil {
		return report(ctx, c, "", err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if helpShown {
		return command.ExitOK
	}
	if err != nil {
		return report(ctx, c, "", err)
	}
	e.JSON = g.Output == "json"
	return report(ctx, c, parsed.Command(), parsed.Run(parser.Model))
}

// report prints why a command failed and what the user can do next. It returns the exit code, which is ExitOK if err is
// nil.
func report(ctx context.Context, c *cli.CLI, commandPath string, err error) int {
	if err == nil {
		return command.ExitOK
	}
	message, details := describe(err)
	_, isSyntaxError := errors.AsType[*kong.ParseError](err)
	c.ReportError(message, details, hint(ctx, c, commandPath, err))
	if isSyntaxError || command.IsUsageError(err) {
		return command.ExitUsage
	}
	return command.ExitFailure
}

// describe returns the message and the details of an error, in words for the user.
func describe(err error) (message string, details []string) {
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted", nil
	case errors.Is(err, context.DeadlineExceeded):
		return "the server took too long", nil
	}
	if message, details, ok := server.DescribeError(err); ok {
		return message, details
	}
	if message, details, ok := cli.DescribeError(err); ok {
		return message, details
	}
	return strings.TrimPrefix(err.Error(), "usher: "), nil
}

// hint returns advice on what to do about an error, or "" if there is none.
func hint(ctx context.Context, c *cli.CLI, commandPath string, err error) string {
	if text, ok := command.Hint(err); ok {
		return text
	}
	if syntax, ok := errors.AsType[*kong.ParseError](err); ok {
		path := "usher"
		if syntax.Context != nil && syntax.Context.Selected() != nil {
			path = syntax.Context.Selected().FullPath()
		}
		return fmt.Sprintf("`%s --help` shows what it takes", path)
	}
	return c.HintFor(ctx, err, commandPath)
}
