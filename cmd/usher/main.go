// Command usher runs the server of user accounts (usher serve), and is the command line for its operators: for a
// running server by its API, and for the data itself in an emergency (usher admin).
//
// The package composes the commands of internal/server and internal/cli into one grammar.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-3a99a2fe/usher/internal/command"
)

// buildVersion is set by `make build`, with -ldflags -X.
var buildVersion string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, command.NewEnv(version()), os.Args[1:])
	stop()
	os.Exit(code)
}
