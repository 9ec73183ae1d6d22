// Command usher runs the server of user accounts (usher serve), and is the command
// line for its operators: against a running server by way of its API, and on the
// data itself in an emergency (usher admin).
//
// The program has no rules of its own: those are account's. Beside the server's
// parts it imports client and userfile; nothing imports it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	a := &app{
		ctx:              ctx,
		stdin:            os.Stdin,
		stdout:           os.Stdout,
		stderr:           os.Stderr,
		stderrIsTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		getenv:           os.Getenv,
		isSet:            func(name string) bool { _, set := os.LookupEnv(name); return set },
		now:              time.Now,
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		a.prompt = &terminal{in: os.Stdin, out: os.Stderr}
	}
	code := a.run(os.Args[1:])
	stop()
	os.Exit(code)
}
