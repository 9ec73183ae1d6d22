// Package command contains what all commands of usher share: the environment of the process (Env), output,
// prompts, secrets and errors with hints. The packages server and cli build their commands on it.
//
// Rules of output:
//
//   - Results go to standard output: a table, or with --output json a single JSON value in the form that
//     the API contract defines.
//   - Messages about success go to standard output too, or to standard error with --output json.
//     Progress goes to standard error, and only to a terminal.
//   - Errors go to standard error.
//   - There is no colour. Text that a user or another server wrote can't send control sequences to the
//     terminal.
package command

import (
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// Exit codes.
const (
	ExitOK      = 0
	ExitFailure = 1
	ExitUsage   = 2 // the command line is wrong
)

// Env is the environment of a command: its input, output, variables and clock. Tests provide their own.
type Env struct {
	Version          string // version of this build
	Stdin            io.Reader
	Stdout           io.Writer
	Stderr           io.Writer
	StderrIsTerminal bool
	LookupEnv        func(name string) (string, bool)
	Now              func() time.Time
	Prompter         Prompter // nil if there is no terminal
	JSON             bool     // whether the command has the flag --output json
}

// NewEnv returns the environment of this process.
func NewEnv(version string) *Env {
	e := &Env{
		Version:          version,
		Stdin:            os.Stdin,
		Stdout:           os.Stdout,
		Stderr:           os.Stderr,
		StderrIsTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		LookupEnv:        os.LookupEnv,
		Now:              time.Now,
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		e.Prompter = &terminal{in: os.Stdin, out: os.Stderr}
	}
	return e
}

// Getenv returns the value of an environment variable, or "" if it isn't set.
func (e *Env) Getenv(name string) string {
	value, _ := e.LookupEnv(name)
	return value
}
