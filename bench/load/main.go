// Command load measures a built Usher beside what bounds it, in turn, and writes a
// Markdown table of the ratios.
//
//	go run ./bench/load -usher ./usher
//
// It starts everything itself, on free ports of 127.0.0.1 and with data in a temporary
// directory: Usher on SQLite and on PostgreSQL of Debian's packages, and bare servers.
// All of it stops when it ends or is interrupted. scripts/bench.sh calls it;
// bench/README.md says how to read the table.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// Bounds of what may be asked for, so that a slip does not fill a machine.
const (
	maxRounds = 100
	maxTime   = time.Minute
	maxUsers  = 2_000_000
	maxSoak   = 24 * time.Hour
)

// settings are the flags.
type settings struct {
	usher   string         // the binary
	output  string         // a file for the table, beside standard output
	engines []string       // names
	rows    *regexp.Regexp // of the rows to measure, by name
	rounds  int
	time    time.Duration // of one side in one round
	users   int64         // in the database
	few     int64         // in the small and the large database of the rows on size
	many    int64
	soak    time.Duration // of each engine, instead of the rows; 0: measure the rows
	tries   int           // of each kind of sign-in whose times must not differ
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	s := settings{rows: regexp.MustCompile("")}
	flag.StringVar(&s.usher, "usher", "", "the usher `binary` to measure")
	flag.StringVar(&s.output, "o", "", "also write the table to a `file`")
	flag.Func("engines", "where, separated by commas (default sqlite,postgres)", func(text string) error {
		s.engines = strings.Split(text, ",")
		return nil
	})
	flag.Func("rows", "measure the rows whose names match a regular `expression` alone", func(text string) (err error) {
		s.rows, err = regexp.Compile(text)
		return err
	})
	flag.IntVar(&s.rounds, "rounds", 5, "rounds of each row")
	flag.DurationVar(&s.time, "time", 5*time.Second, "how long a round measures each side")
	flag.Int64Var(&s.users, "users", 100_000, "users in the database")
	flag.Int64Var(&s.few, "few", 1_000, "users in the small database of the rows on size")
	flag.Int64Var(&s.many, "many", 1_000_000, "users in the large one")
	flag.IntVar(&s.tries, "tries", 2_000, "sign-ins of each kind whose times must not differ")
	flag.DurationVar(&s.soak, "soak", 0, "instead of the rows, have each engine serve mixed traffic for so long, and look whether anything grows")
	bare := flag.String("bare", "", "be a bare process: `server` or hashes")
	flag.Parse()
	if *bare != "" {
		return beBare(ctx, *bare, os.Stdin, os.Stdout)
	}
	if len(s.engines) == 0 {
		s.engines = []string{"sqlite", "postgres"}
	}
	if err := s.check(); err != nil {
		return err
	}
	var text bytes.Buffer
	var err error
	if s.soak > 0 {
		err = soak(ctx, s, &text)
	} else {
		report := report{settings: s}
		err = report.measure(ctx)
		report.write(&text)
	}
	if _, writeErr := os.Stdout.Write(text.Bytes()); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	if s.output != "" {
		err = errors.Join(err, os.WriteFile(s.output, text.Bytes(), 0o644))
	}
	return err
}

func (s settings) check() error {
	switch {
	case s.usher == "":
		return errors.New("-usher is needed: the binary to measure")
	case s.rounds < 1 || s.rounds > maxRounds:
		return fmt.Errorf("1 to %d rounds", maxRounds)
	case s.time <= 0 || s.time > maxTime:
		return fmt.Errorf("-time is more than 0 and at most %s", maxTime)
	case s.few < 100 || s.users < 100 || s.many > maxUsers || s.users > maxUsers:
		return fmt.Errorf("databases have 100 to %d users", maxUsers)
	case s.soak < 0 || s.soak > maxSoak:
		return fmt.Errorf("-soak is at most %s", maxSoak)
	case s.soak > 0:
	case s.tries < 10 || int64(s.tries)*6 > s.users:
		return errors.New("-tries is 10 at least, and a sixth of the users at most: each try has a fresh account")
	}
	for _, name := range s.engines {
		if engines[name] == nil {
			return fmt.Errorf("there is no engine %q", name)
		}
	}
	return nil
}
