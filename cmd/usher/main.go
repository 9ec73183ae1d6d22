// Command usher runs the account server (usher serve). It is also the command line for operators: it talks to a running
// server through the API, and in an emergency it works directly on the data (usher admin).
//
// The package composes the commands of internal/server and internal/cli into one command line.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-3a99a2fe/usher/internal/command"
)

// buildVersion is the version of the build. `make build` sets it with -ldflags -X.
var buildVersion string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from now on, a second signal ends the process at once
	code := run(ctx, command.NewEnv(version()), os.Args[1:])
	stop()
	os.Exit(code)
}
